"""Registering an organization: an address is proved, a person comes to be, and gets the role once it has begun."""

from typing import Any

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people import commands
from services.people.commands import Registrant, SignedInAs
from services.people.consumers import on
from services.people.models import Organization, Origin, Person, RoleHeld
from shared.clock import new_id
from shared.db import Database
from shared.events import people
from shared.events.agreements import OrganizationMerged, OrganizationRegistered, RegistrationStarted
from shared.events.base import Role
from shared.events.vocabulary import RoleName
from shared.identity import Actor
from tests.people.persons import NOW, a_stored_person, stored
from tests.people.test_sign_in import LIMITS, ask, by_code, by_link, code_in, key_in, letters, refusal_of
from tests.support.builders import an_actor
from tests.support.clients import Client
from tests.support.events import deliver, outbox

ANA = Registrant("Ana", "Reis", "es")


async def register(session: AsyncSession, email: str = "ana@sail.org", **changes: Any) -> SignedInAs:
    """Ask, and redeem the code."""
    ticket = await ask(session, email, registrant=ANA, **changes)
    (letter,) = await letters(session)
    signed_in = await by_code(session, ticket, code_in(letter))
    assert isinstance(signed_in, SignedInAs)
    return signed_in


async def test_whoever_proves_an_address_to_register_becomes_a_person_without_a_role(
    session_people: AsyncSession,
) -> None:
    signed_in = await register(session_people)

    (person,) = (await session_people.exec(select(Person))).all()
    assert (person.given_name, person.family_name, person.language) == ("Ana", "Reis", "es")
    assert (signed_in.actor.person_id, signed_in.actor.roles) == (person.id, ())
    facts = await outbox(session_people)
    assert [type(fact) for fact in facts] == [people.PersonChanged, people.SessionStarted]


async def test_the_link_of_the_mail_does_the_same_and_the_mail_is_in_the_readers_language(
    session_people: AsyncSession,
) -> None:
    await ask(session_people, "ana@sail.org", registrant=ANA)
    (letter,) = await letters(session_people)

    signed_in = await by_link(session_people, key_in(letter))

    assert letter.mail.language == "es"
    assert isinstance(signed_in, SignedInAs)


async def test_registering_again_leads_to_the_same_person(session_people: AsyncSession) -> None:
    first = await register(session_people)
    second = await register(session_people, "ANA@sail.org")

    assert first.actor.person_id == second.actor.person_id


async def test_whoever_has_a_role_is_signed_in_as_who_it_is(session_people: AsyncSession) -> None:
    person = await stored(session_people)

    signed_in = await register(session_people, "dana@example.org")

    assert signed_in.actor.person_id == person.id
    assert len((await session_people.exec(select(Person))).all()) == 1


async def test_nobody_is_made_for_an_address_that_was_not_proved(session_people: AsyncSession) -> None:
    ticket = await ask(session_people, "ana@sail.org", registrant=ANA)
    await letters(session_people)

    refusal = await refusal_of(by_code(session_people, ticket, "000000"))

    assert refusal.code == "code_wrong"
    assert (await session_people.exec(select(Person))).all() == []


@pytest.mark.parametrize(
    ("email", "registrant", "wrong"),
    [
        ("ana", ANA, {"email"}),
        ("ana@sail.org", Registrant(" ", "Reis"), {"given_name"}),
        ("", Registrant("", "\n"), {"email", "given_name", "family_name"}),
    ],
)
async def test_who_registers_says_who_it_is(
    session_people: AsyncSession, email: str, registrant: Registrant, wrong: set[str]
) -> None:
    refusal = await refusal_of(
        commands.ask_for_code(
            session_people, email=email, client="10.0.0.1", limits=LIMITS, registrant=registrant, now=NOW
        )
    )

    assert set(refusal.fields) == wrong


async def test_a_registration_that_began_gives_its_person_the_role_and_the_session_goes_on(
    db_people: Database,
) -> None:
    async with db_people.transaction() as session:
        signed_in = await register(session)
    organization_id, person_id = new_id(), signed_in.actor.person_id
    assert person_id is not None

    await deliver(
        db_people,
        on,
        OrganizationRegistered(organization_id=organization_id, name="Sail"),
        RegistrationStarted(organization_id=organization_id, person_id=person_id),
        twice=True,
    )

    role = Role(name=RoleName.PARTNER_STAFF, scope_id=organization_id)
    async with db_people.transaction() as session:
        facts = await outbox(session)
        renewed = await commands.renew_session(session, actor=signed_in.actor, now=NOW)
        again = await commands.renew_session(session, actor=renewed.actor, now=NOW) if renewed else renewed
    assert facts.count(people.RoleGranted(person_id=person_id, role=role)) == 1
    assert not any(isinstance(fact, people.SessionsEnded) for fact in facts)
    assert renewed is not None
    assert (renewed.actor.roles, renewed.actor.session_id) == ((role,), signed_in.actor.session_id)
    assert again is None


async def test_a_session_that_is_over_is_not_renewed(session_people: AsyncSession) -> None:
    signed_in = await register(session_people)
    await commands.sign_out(session_people, actor=signed_in.actor, length=LIMITS.session_length, now=NOW)
    stranger = an_actor(RoleName.PARTNER_STAFF)

    assert await commands.renew_session(session_people, actor=signed_in.actor, now=NOW) is None
    assert await commands.renew_session(session_people, actor=stranger, now=NOW) is None


async def test_the_people_of_a_merged_organization_work_for_the_one_that_took_it_over(db_people: Database) -> None:
    gone, into = new_id(), new_id()
    for id_ in (gone, into):
        await deliver(db_people, on, OrganizationRegistered(organization_id=id_, name=str(id_)))
    person = await a_stored_person(db_people, RoleName.PARTNER_STAFF, gone)

    await deliver(db_people, on, OrganizationMerged(organization_id=gone, into_id=into), twice=True)

    async with db_people.transaction() as session:
        held = (await session.exec(select(RoleHeld).where(RoleHeld.person_id == person.id))).all()
        known = (await session.exec(select(Organization.id))).all()
        states = [fact for fact in await outbox(session) if isinstance(fact, people.PersonChanged)]
    assert [(row.name, row.scope_id, row.origin) for row in held] == [(RoleName.PARTNER_STAFF, into, Origin.GRANTED)]
    assert known == [into]
    assert states[-1].roles == (Role(name=RoleName.PARTNER_STAFF, scope_id=into),)


async def test_the_page_asks_for_a_name_and_an_address_and_goes_on_to_the_code(
    db_people: Database, client_people: Client
) -> None:
    anyone = client_people(None)

    form = await anyone.get("/register")
    empty = await anyone.post("/register", data={"given_name": "Ana", "email": "ana"})
    asked = await anyone.post("/register", data={"given_name": "Ana", "family_name": "Reis", "email": "ana@sail.org"})

    assert form.status_code == 200
    assert empty.status_code == 422
    assert 'value="Ana"' in empty.text
    assert "Enter your last name." in empty.text
    assert asked.status_code == 303
    assert asked.headers["location"] == "/sign-in/code?next=%2Fagreements%2Fregister"


async def test_whoever_is_signed_in_goes_straight_to_the_registration(
    db_people: Database, client_people: Client
) -> None:
    nobody_yet = Actor(person_id=new_id(), name="Ana Reis", session_id=new_id())

    page = await client_people(nobody_yet).get("/register")
    front = await client_people(nobody_yet).get("/")

    assert page.headers["location"] == "/agreements/register"
    assert 'href="/agreements/register"' in front.text


async def test_the_api_asks_for_the_same(db_people: Database, client_people: Client) -> None:
    body = {"given_name": "Ana", "family_name": "Reis", "email": "ana@sail.org"}

    asked = await client_people(None).post("/people/api/v1/register", json=body)
    renewed = await client_people(an_actor()).post("/people/api/v1/sign-in/renew")

    assert asked.status_code == 202
    assert asked.json()["ticket"]
    assert renewed.json()["code"] == "nothing_to_renew"
