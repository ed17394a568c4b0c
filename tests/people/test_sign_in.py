"""Sign-in by an e-mailed code or link: one use, ten minutes, one browser, few tries; nobody learns who is known."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people import commands
from services.people.commands import Choice, Letter, Limits, SignedInAs
from services.people.models import Person, Session, SignIn
from shared.clock import new_id
from shared.events import people
from shared.events.base import Role
from shared.events.vocabulary import RoleName
from shared.identity import Actor
from shared.refusals import Kind, Refusal
from tests.people.persons import NOW, stored
from tests.support.events import outbox

LIMITS = Limits(per_address=5, per_client=60, code_length=timedelta(minutes=10), session_length=timedelta(hours=12))


async def ask(session: AsyncSession, email: str = "dana@example.org", client: str = "10.0.0.1", **changes: Any) -> str:
    values: dict[str, Any] = {"limits": LIMITS, "now": NOW} | changes
    return await commands.ask_for_code(session, email=email, client=client, **values)


async def letters(session: AsyncSession, **changes: Any) -> list[Letter]:
    values: dict[str, Any] = {"public_url": "http://127.0.0.1:8000", "minutes": 10, "now": NOW} | changes
    return (await commands.claim_letters(session, **values))[0]


def code_in(letter: Letter) -> str:
    return next(line for line in letter.mail.text.splitlines() if line.isdigit())


def key_in(letter: Letter) -> str:
    link = next(line for line in letter.mail.text.splitlines() if line.startswith("http"))
    return parse_qs(urlsplit(link).query)["key"][0]


async def by_code(session: AsyncSession, ticket: str, code: str, **changes: Any) -> SignedInAs | Choice:
    values: dict[str, Any] = {"limits": LIMITS, "now": NOW, "device": "Firefox on Linux"} | changes
    await commands.count_try(session, ticket=ticket, now=values["now"])
    return await commands.redeem_code(session, ticket=ticket, code=code, **values)


async def by_link(session: AsyncSession, key: str, **changes: Any) -> SignedInAs | Choice:
    values: dict[str, Any] = {"limits": LIMITS, "now": NOW, "device": "Safari on iPhone"} | changes
    return await commands.redeem_link(session, key=key, **values)


async def refusal_of(attempt: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await attempt
    return refused.value


async def test_the_code_of_the_mail_signs_in(session_people: AsyncSession) -> None:
    person = await stored(session_people)
    ticket = await ask(session_people, " Dana@Example.ORG ")
    (letter,) = await letters(session_people)

    signed_in = await by_code(session_people, ticket, code_in(letter))

    assert isinstance(signed_in, SignedInAs)
    assert (signed_in.actor.person_id, signed_in.actor.name) == (person.id, "Dana Okafor")
    assert signed_in.actor.is_district
    assert signed_in.expires_at == NOW + timedelta(hours=12)
    (started,) = await outbox(session_people)
    assert isinstance(started, people.SessionStarted)
    assert (started.session_id, started.method) == (signed_in.actor.session_id, "code")


async def test_a_code_may_be_typed_with_a_blank_in_it(session_people: AsyncSession) -> None:
    await stored(session_people)
    ticket = await ask(session_people)
    code = code_in((await letters(session_people))[0])

    assert isinstance(await by_code(session_people, ticket, f" {code[:3]} {code[3:]} "), SignedInAs)


async def test_the_link_of_the_mail_signs_in_on_any_device(session_people: AsyncSession) -> None:
    await stored(session_people)
    await ask(session_people)
    (letter,) = await letters(session_people)

    signed_in = await by_link(session_people, key_in(letter))

    assert isinstance(signed_in, SignedInAs)


async def test_looking_at_a_link_does_not_use_it_up(session_people: AsyncSession) -> None:
    await stored(session_people)
    await ask(session_people)
    key = key_in((await letters(session_people))[0])

    await commands.look_at_link(session_people, key=key, now=NOW)
    await commands.look_at_link(session_people, key=key, now=NOW)

    assert isinstance(await by_link(session_people, key), SignedInAs)


async def test_code_and_link_work_once_between_them(session_people: AsyncSession) -> None:
    await stored(session_people)
    ticket = await ask(session_people)
    (letter,) = await letters(session_people)
    await by_link(session_people, key_in(letter))

    again = await refusal_of(by_link(session_people, key_in(letter)))
    code = await refusal_of(by_code(session_people, ticket, code_in(letter)))

    assert (again.kind, again.code) == (Kind.GONE, "sign_in_used")
    assert code.code == "sign_in_used"


async def test_after_ten_minutes_it_is_too_late(session_people: AsyncSession) -> None:
    await stored(session_people)
    ticket = await ask(session_people)
    (letter,) = await letters(session_people)
    late = NOW + timedelta(minutes=10)

    by_late_code = await refusal_of(by_code(session_people, ticket, code_in(letter), now=late))
    by_late_link = await refusal_of(by_link(session_people, key_in(letter), now=late))

    assert by_late_code.code == by_late_link.code == "sign_in_expired"
    assert by_late_link.kind is Kind.GONE


async def test_a_stolen_code_is_worth_nothing_in_another_browser(session_people: AsyncSession) -> None:
    await stored(session_people)
    ticket = await ask(session_people)
    code = code_in((await letters(session_people))[0])
    id, _, _ = ticket.partition(".")

    for thief in ("", f"{id}.", f"{id}.{'x' * 43}", f"{new_id()}.{'x' * 43}", "nonsense"):
        refused = await refusal_of(by_code(session_people, thief, code))
        assert (refused.kind, refused.code) == (Kind.FORBIDDEN, "other_browser")


async def test_five_wrong_codes_close_the_way_in(session_people: AsyncSession) -> None:
    await stored(session_people)
    ticket = await ask(session_people)
    code = code_in((await letters(session_people))[0])
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"

    for _ in range(5):
        assert (await refusal_of(by_code(session_people, ticket, wrong))).code == "code_wrong"
    right = await refusal_of(by_code(session_people, ticket, code))

    assert (right.kind, right.code) == (Kind.TOO_MANY, "too_many_tries")


async def test_a_forged_link_is_refused(session_people: AsyncSession) -> None:
    refused = await refusal_of(by_link(session_people, "x" * 43))

    assert (refused.kind, refused.code) == (Kind.FORBIDDEN, "link_invalid")


async def test_only_digests_of_the_secrets_are_stored(session_people: AsyncSession) -> None:
    await stored(session_people)
    ticket = await ask(session_people)
    (letter,) = await letters(session_people)

    row = (await session_people.exec(select(SignIn))).one()

    kept = str(row.model_dump()).lower()
    for clear in (code_in(letter), key_in(letter), ticket.partition(".")[2]):
        assert clear.lower() not in kept


async def test_an_unknown_address_gets_the_same_answer_and_no_mail(session_people: AsyncSession) -> None:
    await stored(session_people)
    known, unknown = await ask(session_people), await ask(session_people, "nobody@example.org")

    sent = await letters(session_people)

    assert [letter.mail.to for letter in sent] == ["dana@example.org"]
    assert len(known) == len(unknown)
    assert (await refusal_of(by_code(session_people, unknown, "123456"))).code == "code_wrong"
    assert (await refusal_of(by_code(session_people, known, "x"))).code == "code_wrong"


@pytest.mark.parametrize("changes", [{"active": False}, {"role": None}, {"role": RoleName.STUDENT}])
async def test_who_is_inactive_or_has_no_role_gets_no_mail(
    session_people: AsyncSession, changes: dict[str, Any]
) -> None:
    await stored(session_people, **changes)
    await ask(session_people)

    assert await letters(session_people) == []


async def test_a_text_that_is_no_address_is_refused_at_its_field(session_people: AsyncSession) -> None:
    refused = await refusal_of(ask(session_people, "dana"))

    assert (refused.kind, list(refused.fields)) == (Kind.INVALID, ["email"])


async def test_codes_per_address_are_limited_for_known_and_unknown_alike(session_people: AsyncSession) -> None:
    await stored(session_people)

    for email in ("dana@example.org", "nobody@example.org"):
        for number in range(5):
            await ask(session_people, email, client=f"10.0.0.{number}")
        refused = await refusal_of(ask(session_people, email.upper()))
        assert (refused.kind, refused.code) == (Kind.TOO_MANY, "too_many_codes")
        assert refused.retry_after


async def test_codes_per_client_are_limited(session_people: AsyncSession) -> None:
    limits = Limits(5, 3, LIMITS.code_length, LIMITS.session_length)
    for number in range(3):
        await ask(session_people, f"a{number}@example.org", limits=limits)

    refused = await refusal_of(ask(session_people, "a9@example.org", limits=limits))

    assert refused.code == "too_many_codes"
    await ask(session_people, "a9@example.org", client="10.0.0.2", limits=limits)


async def test_the_mail_speaks_the_persons_language_and_keeps_the_code_out_of_the_subject(
    session_people: AsyncSession,
) -> None:
    await stored(session_people, RoleName.GUARDIAN, new_id(), language="pt-BR")
    await ask(session_people)

    (letter,) = await letters(session_people)

    assert letter.mail.language == "pt"
    assert code_in(letter) not in letter.mail.subject
    assert code_in(letter) in (letter.mail.html or "")


async def test_of_several_people_with_one_address_one_is_chosen(session_people: AsyncSession) -> None:
    mother = await stored(session_people, RoleName.GUARDIAN, new_id(), given_name="Marie")
    father = await stored(session_people, RoleName.GUARDIAN, new_id(), given_name="Paul", email="DANA@example.org")
    ticket = await ask(session_people)
    (letter,) = await letters(session_people)

    choice = await by_code(session_people, ticket, code_in(letter))
    assert isinstance(choice, Choice)
    assert [person.id for person in choice.persons] == [mother.id, father.id]
    chosen = await choose(session_people, choice.ticket, father)

    assert chosen.actor.person_id == father.id
    assert (await refusal_of(choose(session_people, choice.ticket, mother))).code == "sign_in_used"
    assert (await refusal_of(choose(session_people, ticket, mother))).code == "other_browser"


async def test_nobody_else_can_be_chosen(session_people: AsyncSession) -> None:
    for name in ("Marie", "Paul"):
        await stored(session_people, RoleName.GUARDIAN, new_id(), given_name=name)
    other = await stored(session_people, email="lee@example.org")
    await ask(session_people)
    choice = await by_link(session_people, key_in((await letters(session_people))[0]))
    assert isinstance(choice, Choice)

    assert (await refusal_of(choose(session_people, choice.ticket, other))).code == "person_unknown"


async def test_no_one_can_choose_before_the_code_is_given(session_people: AsyncSession) -> None:
    person = await stored(session_people)
    ticket = await ask(session_people)

    assert (await refusal_of(choose(session_people, ticket, person))).kind is Kind.GONE


async def choose(session: AsyncSession, ticket: str, person: Person) -> SignedInAs:
    return await commands.choose_person(
        session, ticket=ticket, person_id=person.id, device="Firefox", limits=LIMITS, now=NOW
    )


async def test_a_set_up_link_signs_in_once_within_a_day(session_people: AsyncSession) -> None:
    person = await stored(session_people, email="office@example.org")
    link = await commands.issue_setup_link(session_people, person.id, public_url="http://127.0.0.1:8000/", now=NOW)
    assert link.startswith("http://127.0.0.1:8000/sign-in/link?key=")
    key = parse_qs(urlsplit(link).query)["key"][0]

    signed_in = await by_link(session_people, key, now=NOW + timedelta(hours=23))

    assert isinstance(signed_in, SignedInAs)
    row = (await session_people.exec(select(Session))).one()
    assert (row.method, row.person_id) == ("setup", person.id)
    assert (await refusal_of(by_link(session_people, key))).code == "sign_in_used"


async def test_a_mail_that_is_written_again_replaces_the_first_one(session_people: AsyncSession) -> None:
    await stored(session_people)
    ticket = await ask(session_people)
    (first,) = await letters(session_people)
    await commands.settle_letter(session_people, first, again=True, now=NOW)
    later = NOW + timedelta(seconds=5)

    (second,) = await letters(session_people, now=later)

    assert (await refusal_of(by_link(session_people, key_in(first)))).code == "link_invalid"
    assert isinstance(await by_code(session_people, ticket, code_in(second), now=later), SignedInAs)


async def test_a_letter_is_claimed_once_and_settled(session_people: AsyncSession) -> None:
    await stored(session_people)
    await ask(session_people)
    (letter,) = await letters(session_people)

    assert await letters(session_people) == []
    await commands.settle_letter(session_people, letter, again=False, now=NOW)
    assert await letters(session_people, now=NOW + timedelta(minutes=5)) == []


async def test_no_mail_is_sent_for_a_request_that_is_over(session_people: AsyncSession) -> None:
    await stored(session_people)
    await ask(session_people)

    assert await letters(session_people, now=NOW + timedelta(minutes=10)) == []


async def test_what_is_over_for_a_day_is_forgotten(session_people: AsyncSession) -> None:
    await ask(session_people)

    assert await commands.clear_old_sign_ins(session_people, now=NOW + timedelta(hours=24)) == 0
    assert await commands.clear_old_sign_ins(session_people, now=NOW + timedelta(hours=25)) == 1


# The end of sessions


async def signed_in(session: AsyncSession, person: Person) -> Actor:
    link = await commands.issue_setup_link(session, person.id, public_url="http://x", now=NOW)
    outcome = await by_link(session, link.partition("key=")[2])
    assert isinstance(outcome, SignedInAs)
    return outcome.actor


async def test_signing_out_ends_this_session_only(session_people: AsyncSession) -> None:
    person = await stored(session_people)
    here, there = await signed_in(session_people, person), await signed_in(session_people, person)

    await commands.sign_out(session_people, actor=here, length=LIMITS.session_length, now=NOW)

    ended = (await outbox(session_people))[-1]
    assert isinstance(ended, people.SessionsEnded)
    assert (ended.session_ids, ended.reason) == ((here.session_id,), "signed_out")
    live = (await session_people.exec(select(Session).where(col(Session.ended_at).is_(None)))).one()
    assert live.id == there.session_id


async def test_signing_out_everywhere_ends_them_all(session_people: AsyncSession) -> None:
    person = await stored(session_people)
    here, there = await signed_in(session_people, person), await signed_in(session_people, person)

    await commands.sign_out_everywhere(session_people, actor=here, length=LIMITS.session_length, now=NOW)

    ended = (await outbox(session_people))[-1]
    assert isinstance(ended, people.SessionsEnded)
    assert set(ended.session_ids) == {here.session_id, there.session_id}
    assert ended.expires_at == NOW + timedelta(hours=12)


async def test_a_new_role_ends_the_sessions_that_do_not_carry_it(session_people: AsyncSession) -> None:
    person = await stored(session_people, RoleName.GUARDIAN, new_id())
    actor = await signed_in(session_people, person)

    await commands.grant_role(session_people, person.id, Role(name=RoleName.DISTRICT_OFFICE), actor=actor, now=NOW)

    (ended,) = [fact for fact in await outbox(session_people) if isinstance(fact, people.SessionsEnded)]
    assert (ended.session_ids, ended.reason) == ((actor.session_id,), "roles_changed")
