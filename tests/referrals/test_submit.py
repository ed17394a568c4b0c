"""Referring a student: with and without consent, twice, to a program that closed."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlmodel import select

from services.referrals import commands
from services.referrals.models import Consent, Entry
from services.referrals.rules import AttemptState, ConsentMethod, ReferralState
from shared.clock import new_id
from shared.events.referrals import ConsentRequested, ReferralSent, ReferralSubmitted
from shared.events.vocabulary import Need, Urgency
from shared.refusals import Kind, Refusal
from tests.referrals.world import CALENDAR, NOW, World, closed, later


async def refusal(world: World, **changes: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await world.submit(**changes)
    return refused.value


async def test_with_a_consent_the_referral_goes_to_the_first_choice_at_once(world: World) -> None:
    id = await world.submit()

    assert await world.state(id) is ReferralState.OPEN
    assert await world.attempts(id) == [AttemptState.SENT, AttemptState.QUEUED]
    assert await world.told() == ["submitted", "consent_given", "sent"]


async def test_the_partner_is_told_by_when_an_answer_is_due(world: World) -> None:
    await world.submit(urgency=Urgency.URGENT)

    sent = (await world.published())[-1]

    assert isinstance(sent, ReferralSent)
    assert sent.program_id == world.program.program_id
    assert sent.answer_by == datetime(2026, 11, 23, 22, tzinfo=UTC)


async def test_the_words_for_the_partner_are_in_no_fact(world: World) -> None:
    await world.submit(words="Secret words about a child")

    assert not any("Secret" in fact.model_dump_json() for fact in await world.published())


async def test_without_a_consent_the_referral_waits_and_the_family_is_asked(world: World) -> None:
    id = await world.submit(consent=None)

    asked = (await world.published())[-1]
    assert isinstance(asked, ConsentRequested)
    assert asked.guardian_ids == (world.mother.person_id,)
    assert asked.program_ids == (world.program.program_id, world.second.program_id)
    assert await world.state(id) is ReferralState.AWAITING_CONSENT
    assert await world.attempts(id) == [AttemptState.QUEUED, AttemptState.QUEUED]


async def test_a_consent_on_record_for_the_same_need_is_used_again(world: World) -> None:
    first = await world.submit()
    await world.move("withdraw", first, actor=world.staff)

    second = await world.submit(consent=None)

    assert (await world.referral(second)).consent_id == (await world.referral(first)).consent_id
    assert await world.state(second) is ReferralState.OPEN
    assert (await world.told()).count("consent_given") == 1


async def test_a_consent_for_another_need_is_not_used(world: World) -> None:
    await world.submit()

    other = await world.submit(need=Need.MENTORING, consent=None)

    assert await world.state(other) is ReferralState.AWAITING_CONSENT


async def test_a_consent_that_is_over_is_not_used(world: World) -> None:
    first = await world.submit(consent=world.consent(valid_until=date(2026, 12, 1)))
    await world.move("withdraw", first, actor=world.staff)

    second = await world.submit(consent=None, now=later(days=30))

    assert await world.state(second) is ReferralState.AWAITING_CONSENT


async def test_a_consent_holds_until_the_end_of_the_school_year_unless_said_otherwise(world: World) -> None:
    id = await world.submit()

    async with world.db.transaction() as session:
        consent = await session.get_one(Consent, (await world.referral(id)).consent_id)
    assert (consent.method, consent.valid_until) == (ConsentMethod.PHONE, date(2027, 6, 30))
    assert consent.recorded_by == world.staff.person_id


async def test_a_consent_that_cannot_stand_leaves_nothing_behind(world: World) -> None:
    refused = await refusal(world, consent=world.consent(guardian_id=new_id()))

    assert refused.kind is Kind.INVALID
    assert await world.told() == []


async def test_the_same_form_sent_twice_leads_to_the_referral_already_made(world: World) -> None:
    id = new_id()

    first = await world.submit(referral_id=id)
    second = await world.submit(referral_id=id)

    assert first == second == id
    assert (await world.told()).count("submitted") == 1


async def test_the_same_form_sent_twice_at_the_same_instant_makes_one_referral(world: World) -> None:
    id = new_id()

    made = await asyncio.gather(*(world.submit(referral_id=id) for _ in range(5)))

    assert set(made) == {id}
    assert (await world.told()).count("submitted") == 1


async def test_a_form_s_id_is_not_good_for_another_student(world: World) -> None:
    id = await world.submit()
    sibling = world.student.model_copy(update={"person_id": new_id()})
    await world.hear(sibling)

    refused = await refusal(world, referral_id=id, student_id=sibling.person_id)

    assert (refused.kind, refused.code) == (Kind.CONFLICT, "form_used")


@pytest.mark.parametrize(
    "changed",
    [
        {"need": Need.FOOD},
        {"urgency": Urgency.URGENT},
        {"words": "Mornings only"},
        {"programs": "other"},
        {"consent": "other"},
    ],
    ids=str,
)
async def test_a_form_s_id_is_not_good_for_other_words(world: World, changed: dict[str, Any]) -> None:
    id = await world.submit()
    if "programs" in changed:
        changed = {"program_ids": (world.second.program_id,)}
    if "consent" in changed:
        changed = {"consent": world.consent(method=ConsentMethod.PAPER)}

    refused = await refusal(world, referral_id=id, **changed)

    assert (refused.kind, refused.code) == (Kind.CONFLICT, "form_used")


async def test_asking_the_family_asks_it_though_a_consent_is_on_record(world: World) -> None:
    first = await world.submit()
    await world.move("withdraw", first, actor=world.staff)

    second = await world.submit(consent=None, ask_family=True)

    assert await world.state(second) is ReferralState.AWAITING_CONSENT


async def test_a_consent_is_either_recorded_or_asked_for(world: World) -> None:
    assert (await refusal(world, ask_family=True)).code == "consent_or_ask"


async def test_a_second_open_referral_for_the_same_need_must_be_meant(world: World) -> None:
    await world.submit()

    refused = await refusal(world)
    meant = await world.submit(even_though_duplicate=True)

    assert (refused.kind, refused.code) == (Kind.CONFLICT, "duplicate")
    assert "even_though_duplicate" in refused.fields
    assert await world.state(meant) is ReferralState.OPEN


async def test_of_two_people_who_refer_the_same_student_at_once_one_hears_of_the_other(world: World) -> None:
    made = await asyncio.gather(world.submit(), world.submit(), return_exceptions=True)

    refused = [one for one in made if isinstance(one, Refusal)]
    assert [one.code for one in refused] == ["duplicate"]
    assert (await world.told()).count("submitted") == 1


async def test_a_referral_that_ended_is_no_duplicate(world: World) -> None:
    id = await world.submit()
    await world.move("withdraw", id, actor=world.staff)

    assert await world.submit() != id


async def test_a_program_that_closed_a_second_ago_is_refused_by_name(world: World) -> None:
    await world.hear(closed(world.program))

    refused = await refusal(world)

    assert (refused.kind, refused.code) == (Kind.CONFLICT, "program_closed")
    assert "Homework Club" in refused.message
    assert await world.told() == []


async def test_another_school_s_student_is_as_if_there_were_none(world: World) -> None:
    refused = await refusal(world, actor=world.another_school_s())

    assert (refused.kind, refused.code) == (Kind.NOT_FOUND, "no_such_student")


async def test_the_district_office_may_refer_a_student_of_any_school(world: World) -> None:
    id = await world.submit(actor=world.district)

    assert await world.state(id) is ReferralState.OPEN


async def test_a_student_who_has_left_cannot_be_referred(world: World) -> None:
    await world.hear(world.student.model_copy(update={"active": False}))

    assert (await refusal(world)).code == "student_left"


async def test_where_the_roster_knows_no_guardian_a_consent_must_be_recorded(world: World) -> None:
    await world.hear(world.student.model_copy(update={"guardian_ids": ()}))

    refused = await refusal(world, consent=None)
    named = replace(world.consent(), guardian_id=None, guardian_name="Aunt Rosa")
    id = await world.submit(consent=named)

    assert refused.code == "nobody_to_ask"
    assert await world.state(id) is ReferralState.OPEN


async def test_the_timeline_keeps_who_did_what(world: World) -> None:
    id = await world.submit()

    async with world.db.transaction() as session:
        entries = (await session.exec(select(Entry).where(Entry.referral_id == id).order_by(Entry.id))).all()  # type: ignore[arg-type]
    assert [(entry.type, entry.actor_id) for entry in entries] == [
        (ReferralSubmitted.type, world.staff.person_id),
        ("referral.consent_given.v1", world.staff.person_id),
        (ReferralSent.type, None),
    ]
    assert all(entry.at == NOW for entry in entries)


async def test_a_command_that_is_rolled_back_publishes_nothing(world: World) -> None:
    async with world.db.sessions() as session:
        await commands.submit(session, world.submission(), actor=world.staff, now=NOW, calendar=CALENDAR)
        await session.rollback()

    assert await world.told() == []
