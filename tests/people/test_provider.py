"""Sign-in with the district's own provider, a certified one: who gets in, as whom, and with which roles."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError
from sqlalchemy import update
from sqlmodel import col, select

from services.people.commands import Instead
from services.people.models import Origin, Person, RoleHeld, School, SignIn
from services.people.roster import school_id
from services.people.settings import Settings
from shared.clock import new_id
from shared.db import Database
from shared.events import people
from shared.events.vocabulary import RoleName
from tests.people.at_provider import District, Make
from tests.people.persons import a_stored_person, acting
from tests.people.test_api import send_letters
from tests.people.test_pages import browser
from tests.support.clients import Client, client_for
from tests.support.events import outbox
from tests.support.provider import CLIENT_ID, RunningProvider

OFFICE_BY_GROUP = {"oidc_roles": {"crosswalk-office": "district_office"}}


async def test_staff_sign_in_with_their_account_and_go_where_they_wanted(district: District) -> None:
    visitor = district.visitor()

    asked = parse_qs(urlsplit(await visitor.way_in()).query)
    answer = await visitor.sign_in("dana", way_on="/people/schools?page=2")

    assert (asked["code_challenge_method"], asked["response_type"]) == (["S256"], ["code"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/people/schools?page=2")
    assert "Dana Okafor" in (await visitor.here.get("/people/me")).text
    (session,) = await district.sessions()
    assert session.method == "provider"
    started, joined = (f for f in reversed(await district.facts()) if f.type.startswith(("session", "account")))
    assert (type(joined), type(started)) == (people.AccountJoined, people.SessionStarted)


async def test_from_then_on_it_is_the_account_and_not_the_address_that_counts(district: District) -> None:
    await district.visitor().sign_in("dana")
    async with district.db.transaction() as session:
        await session.execute(update(Person).values(email="dana.okafor@example.org"))
    again = district.visitor()

    await again.sign_in("dana")

    assert await again.is_in()


async def test_another_account_with_the_same_address_does_not_get_in(district: District) -> None:
    await district.visitor().sign_in("dana")
    thief = district.visitor()

    answer = await thief.sign_in("dana-new")

    assert (answer.status_code, "belongs to somebody who signs in here with another account" in answer.text) == (
        403,
        True,
    )
    assert not await thief.is_in()


async def test_the_office_lets_a_new_account_join_and_the_old_session_ends(district: District) -> None:
    old, new = district.visitor(), district.visitor()
    await old.sign_in("dana")
    (person,) = await stored_people(district)
    office = browser(client_for(district.app, acting(person)))

    page = await office.get(f"/people/persons/{person.id}")
    await office.post(f"/people/persons/{person.id}/part-account")
    await new.sign_in("dana-new")

    assert "Let another account join" in page.text
    assert (await old.is_in(), await new.is_in()) == (False, True)


async def stored_people(district: District) -> list[Person]:
    async with district.db.transaction() as session:
        return list((await session.exec(select(Person).order_by(col(Person.email)))).all())


# Who is let in, and who is not


async def test_an_address_that_nobody_verified_is_nobodys(district: District) -> None:
    for account in ("unverified", "silent"):
        visitor = district.visitor()
        answer = await visitor.sign_in(account)
        assert (answer.status_code, "does not say that your e-mail address is verified" in answer.text) == (403, True)
        assert not await visitor.is_in()


async def test_a_district_that_enters_the_addresses_itself_may_trust_them_but_not_one_called_unverified(
    make: Make,
) -> None:
    district = make(oidc_trust_email=True)
    await a_stored_person(district.db)
    silent, unverified = district.visitor(), district.visitor()

    answer = await unverified.sign_in("unverified")
    await silent.sign_in("silent")

    assert (answer.status_code, await silent.is_in()) == (403, True)


async def test_a_stranger_is_told_what_to_do_and_nothing_is_created(district: District) -> None:
    before = await district.facts()

    answer = await district.visitor().sign_in("stranger", way_on="/people/schools")

    assert (answer.status_code, "Ask the district office to add your address" in answer.text) == (403, True)
    assert 'href="/sign-in/provider?next=%2Fpeople%2Fschools"' in answer.text
    assert [person.email for person in await stored_people(district)] == ["dana@example.org"]
    (refused,) = [fact for fact in await district.facts() if fact not in before]
    assert isinstance(refused, people.SignInRefused)
    assert (refused.method, refused.reason) == ("provider", "account_unknown")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"active": False}, "You are no longer on the list"),
        ({"role": RoleName.GUARDIAN, "scope_id": new_id()}, "nobody has entered you here yet"),
        ({"role": RoleName.STUDENT, "scope_id": new_id(), "kind": "student"}, "nobody has entered you here yet"),
        ({"role": None}, "nobody has entered you here yet"),
    ],
    ids=["left", "guardian", "student", "no role"],
)
async def test_who_does_not_work_here_is_not_let_in(make: Make, changes: dict[str, Any], reason: str) -> None:
    district = make()
    await a_stored_person(district.db, **changes)

    answer = await district.visitor().sign_in("dana")

    assert (answer.status_code, reason in answer.text) == (403, True)
    assert await district.sessions() == []


async def test_who_left_after_the_first_time_is_not_let_in_again(district: District) -> None:
    await district.visitor().sign_in("dana")
    async with district.db.transaction() as session:
        await session.execute(update(Person).values(active=False))

    answer = await district.visitor().sign_in("dana")

    assert (answer.status_code, "You are no longer on the list" in answer.text) == (403, True)


async def test_of_several_people_with_the_address_one_is_chosen_once(district: District) -> None:
    other = await a_stored_person(district.db, given_name="Robin", origin=Origin.ROSTER, source_id="robin")
    visitor, again = district.visitor(), district.visitor()

    asked = await visitor.sign_in("dana", way_on="/people/schools")
    form = await visitor.here.get(asked.headers["location"])
    chosen = await visitor.here.post("/sign-in/who", data={"person_id": str(other.id), "next": "/people/schools"})
    await again.sign_in("dana")

    assert asked.headers["location"] == "/sign-in/who?next=%2Fpeople%2Fschools"
    assert "Dana Okafor" in form.text
    assert chosen.headers["location"] == "/people/schools"
    assert "Robin Okafor" in (await visitor.here.get("/people/me")).text
    assert "Robin Okafor" in (await again.here.get("/people/me")).text
    async with district.db.transaction() as session:
        assert set((await session.exec(select(SignIn.account))).all()) == {None}


# Roles by claims


async def test_a_claim_makes_somebody_of_the_district_office(make: Make) -> None:
    district = make(**OFFICE_BY_GROUP)
    visitor = district.visitor()

    await visitor.sign_in("lee")

    (lee,) = await stored_people(district)
    assert (lee.given_name, lee.family_name, lee.email) == ("Lee", "Tran", "lee@example.org")
    assert (await visitor.here.get("/")).headers["location"] == "/referrals/overview"
    kinds = [type(fact) for fact in await district.facts()]
    assert {people.PersonChanged, people.RoleGranted, people.AccountJoined, people.SessionStarted} == set(kinds)


async def test_roles_go_when_the_claim_goes_and_sessions_that_carry_them_end(
    make: Make, provider: RunningProvider
) -> None:
    district = make(**OFFICE_BY_GROUP)
    before, after = district.visitor(), district.visitor()
    await before.sign_in("lee")
    provider.change["/me"] = lambda claims: claims | {"groups": []}

    answer = await after.sign_in("lee")

    assert (answer.status_code, "nothing to do here any more" in answer.text) == (403, True)
    assert (await before.is_in(), await roles(district)) == (False, set())


async def test_a_role_of_a_school_is_taken_away_beside_one_that_stays(make: Make, provider: RunningProvider) -> None:
    district = make(oidc_roles={"north-counselors": {"role": "school_staff", "school": "north"}})
    await a_stored_person(district.db, email="kim@example.org")
    async with district.db.transaction() as session:
        session.add(School(id=school_id("north"), source_id="north", name="North Elementary"))
    first, second = district.visitor(), district.visitor()
    await first.sign_in("kim")
    during = await roles(district)
    provider.change["/me"] = lambda claims: {k: v for k, v in claims.items() if k != "groups"}

    await second.sign_in("kim")

    assert (RoleName.SCHOOL_STAFF, school_id("north"), Origin.PROVIDER) in during
    assert {(name, origin) for name, _, origin in await roles(district)} == {(RoleName.DISTRICT_OFFICE, Origin.GRANTED)}
    assert (await first.is_in(), await second.is_in()) == (False, True)


async def roles(district: District) -> set[tuple[RoleName, Any, Origin]]:
    async with district.db.transaction() as session:
        return {(r.name, r.scope_id, r.origin) for r in (await session.exec(select(RoleHeld))).all()}


async def test_a_claim_for_a_school_that_is_not_there_gives_nothing(make: Make) -> None:
    district = make(oidc_roles={"north-counselors": {"role": "school_staff", "school": "nowhere"}})

    answer = await district.visitor().sign_in("kim")

    assert (answer.status_code, await stored_people(district)) == (403, [])


async def test_no_claim_makes_staff_of_a_student(make: Make) -> None:
    district = make(**OFFICE_BY_GROUP)
    await a_stored_person(district.db, RoleName.STUDENT, new_id(), kind="student", email="lee@example.org")

    answer = await district.visitor().sign_in("lee")

    assert (answer.status_code, len(await stored_people(district))) == (403, 1)


async def test_no_claim_creates_somebody_without_a_verified_address(make: Make) -> None:
    district = make(**OFFICE_BY_GROUP)

    answer = await district.visitor().sign_in("nameless")

    assert (answer.status_code, await stored_people(district)) == (403, [])


# Staff by the provider only


async def test_where_the_provider_is_the_only_way_for_staff_they_get_no_code_and_are_told_so(
    make: Make,
) -> None:
    district = make(oidc_required_for="district_office, school_staff")
    await a_stored_person(district.db)
    parent = await a_stored_person(district.db, RoleName.GUARDIAN, new_id(), email="pat@example.org")
    visitor = district.visitor()
    for email in ("dana@example.org", str(parent.email), "nobody@example.org"):
        asked = await visitor.here.post("/sign-in", data={"email": email})
        assert asked.headers["location"] == "/sign-in/code"

    instead = Instead(frozenset({RoleName.DISTRICT_OFFICE, RoleName.SCHOOL_STAFF}), "Example Schools")
    letters = {letter.mail.to: letter.mail for letter in await send_letters(district.db, instead)}

    assert set(letters) == {"dana@example.org", "pat@example.org"}
    assert "with Example Schools, not with a code" in letters["dana@example.org"].text
    assert not any(line.isdigit() for line in letters["dana@example.org"].text.splitlines())
    assert any(line.isdigit() for line in letters["pat@example.org"].text.splitlines())


async def test_the_sign_in_page_offers_both_and_keeps_where_somebody_wanted_to_go(district: District) -> None:
    page = await district.visitor().here.get("/sign-in", params={"next": "/people/schools"})

    assert "Sign in with Example Schools" in page.text
    assert 'href="/sign-in/provider?next=%2Fpeople%2Fschools"' in page.text
    assert 'name="email"' in page.text


# Settings


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"oidc_issuer": "http://accounts.example.com"}, "must begin with https"),
        ({"oidc_client_id": ""}, "needs CROSSWALK_OIDC_CLIENT_ID"),
        ({"oidc_issuer": None, "oidc_required_for": "school_staff"}, "needs CROSSWALK_OIDC_ISSUER"),
        ({"oidc_required_for": "guardian"}, "can name district_office"),
        ({"oidc_roles": {"a": "guardian"}}, "cannot be given by a claim"),
        ({"oidc_roles": {"a": "school_staff"}}, "names a school"),
        ({"oidc_roles": {"a": {"role": "district_office", "organization": str(new_id())}}}, "names an organization"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused_at_start(changes: dict[str, Any], words: str) -> None:
    given = {"oidc_issuer": "https://accounts.example.com", "oidc_client_id": CLIENT_ID} | changes

    with pytest.raises(ValidationError, match=words):
        Settings(**given)


def test_roles_are_read_from_the_environment_as_they_are_written_there(monkeypatch: pytest.MonkeyPatch) -> None:
    partner = new_id()
    roles = {
        "office": "district_office",
        "both": [{"role": "school_staff", "school": "north"}, {"role": "partner_staff", "organization": str(partner)}],
    }
    monkeypatch.setenv("CROSSWALK_OIDC_ROLES", json.dumps(roles))

    settings = Settings()

    assert [one.role for one in settings.oidc_roles["office"]] == [RoleName.DISTRICT_OFFICE]
    assert [(one.school, one.organization) for one in settings.oidc_roles["both"]] == [("north", None), (None, partner)]


# Codes, too


async def test_a_wrong_code_is_on_the_record_without_saying_whose_it_was(
    db_people: Database, client_people: Client
) -> None:
    client = browser(client_people(None))
    await client.post("/sign-in", data={"email": "dana@example.org"})

    for _ in range(7):
        await client.post("/sign-in/code", data={"code": "1"})

    async with db_people.transaction() as session:
        refused = await outbox(session)
    assert [(fact.method, fact.reason) for fact in refused if isinstance(fact, people.SignInRefused)] == [
        ("code", "code_wrong")
    ] * 5
