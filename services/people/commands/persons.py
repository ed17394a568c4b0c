"""Persons entered by hand: who they are, and the roles that the district office gives and takes away."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from services.people import rules
from services.people.commands.publish import publish_persons
from services.people.commands.sessions import end_stale_sessions
from services.people.models import Organization, Origin, Person, RoleHeld, School
from services.people.roster import values
from shared.events.base import Role
from shared.events.people import RoleGranted, RoleRevoked
from shared.events.vocabulary import RoleName
from shared.identity import Actor
from shared.messaging import emit
from shared.refusals import Kind, Refusal


async def add_person(
    session: AsyncSession,
    *,
    id: UUID,
    given_name: str,
    family_name: str,
    email: str,
    role: Role,
    phone: str = "",
    language: str = "en",
    actor: Actor,
    now: datetime,
) -> Person:
    """Enter a person with one role. The same id again gives the person that is there (a form sent twice)."""
    known = await session.get(Person, id)
    if known is not None:
        return known
    person = _checked(id, given_name, family_name, email, phone, language)
    await _check_address_is_free(session, person)
    await _check_role(session, role)
    session.add(person)
    session.add(_granted(id, role))
    await publish_persons(session, [id], actor=actor, now=now)
    await emit(session, RoleGranted(person_id=id, role=role), actor=actor, now=now)
    return person


async def grant_role(session: AsyncSession, person_id: UUID, role: Role, *, actor: Actor, now: datetime) -> None:
    """Give a person a role by hand; one that was given already stays as it is."""
    person = await locked(session, person_id)
    await _check_role(session, role)
    given = (await session.exec(_by_hand(person_id, role))).first()
    if given is not None:
        return
    session.add(_granted(person_id, role))
    again = await activate(session, person)
    await emit(session, RoleGranted(person_id=person_id, role=role), actor=actor, now=now)
    await _after_change(session, [person_id, *again], actor, now)


async def activate(session: AsyncSession, person: Person) -> list[UUID]:
    """Let in somebody who got a role, for that role: what a roster gave whom it disabled since does not come back.

    Returns whose state is another now: the person's, and that of students who had this guardian.
    """
    if person.active:
        return []
    person.active = True
    given = delete(RoleHeld).where(
        col(RoleHeld.person_id) == person.id,
        col(RoleHeld.origin) == Origin.ROSTER,
        col(RoleHeld.name).in_(rules.SIGN_IN_ROLES),
    )
    taken = (await session.execute(given.returning(col(RoleHeld.name), col(RoleHeld.scope_id)))).all()
    return [person.id, *(scope_id for name, scope_id in taken if name == RoleName.GUARDIAN)]


async def revoke_role(session: AsyncSession, person_id: UUID, role: Role, *, actor: Actor, now: datetime) -> None:
    """Take away a role that was given by hand; the person's sessions that carry it end."""
    others = await others_in_district_office(session, person_id) if role.name == RoleName.DISTRICT_OFFICE else 0
    person = await locked(session, person_id)
    held = (await session.exec(_like(person_id, role))).all()
    if not held:
        raise Refusal(Kind.CONFLICT, "role_not_held", "This person does not have this role any more.")
    by_hand = [row for row in held if row.origin is Origin.GRANTED]
    rules.check_revocable(role, others_in_district_office=others, by_hand=bool(by_hand))
    for row in by_hand:
        await session.delete(row)
    await session.flush()
    person.active = await is_active(session, person)
    if len(by_hand) == len(held):
        await emit(session, RoleRevoked(person_id=person_id, role=role), actor=actor, now=now)
    await _after_change(session, [person_id], actor, now)


async def keep_wish(session: AsyncSession, person_id: UUID, language: str) -> None:
    """Know in which language a person wants to read; of somebody who was erased nothing is kept."""
    wish = update(Person).where(col(Person.id) == person_id).values(wished_language=language)
    await session.execute(wish)


async def locked(session: AsyncSession, person_id: UUID) -> Person:
    """The person, locked until the end of the transaction."""
    person = await session.get(Person, person_id, with_for_update=True, populate_existing=True)
    if person is None:
        raise Refusal(Kind.NOT_FOUND, "person_unknown", "There is no such person.")
    return person


async def _after_change(session: AsyncSession, ids: Sequence[UUID], actor: Actor, now: datetime) -> None:
    await publish_persons(session, ids, actor=actor, now=now)
    await end_stale_sessions(session, ids, actor=actor, now=now)


def _checked(id: UUID, given_name: str, family_name: str, email: str, phone: str, language: str) -> Person:
    given, family = (rules.plain(name)[:200] for name in (given_name, family_name))
    address, number = values.email(email.strip()), values.phone(phone) if phone.strip() else None
    wrong = {}
    if not given:
        wrong["given_name"] = "Enter the first name."
    if not family:
        wrong["family_name"] = "Enter the last name."
    if address is None:
        wrong["email"] = "Enter an e-mail address, like ana@example.org."
    if phone.strip() and number is None:
        wrong["phone"] = "Enter a phone number that can be dialled, like (617) 555-0123."
    if wrong:
        raise Refusal(Kind.INVALID, "person_incomplete", "", fields=wrong)
    search = rules.search_words(given, family, address)
    return Person(
        id=id, given_name=given, family_name=family, email=address, phone=number,
        language=values.language(rules.plain(language))[0], search=search,
    )  # fmt: skip


async def _check_address_is_free(session: AsyncSession, person: Person) -> None:
    query = select(Person).where(func.lower(Person.email) == (person.email or "").lower(), Person.active)
    other = (await session.exec(query.limit(1))).first()
    if other is not None:
        words = f"{other.given_name} {other.family_name} has this address. Open that person and add the role there."
        raise Refusal(Kind.CONFLICT, "email_taken", "", fields={"email": words})


async def _check_role(session: AsyncSession, role: Role) -> None:
    table = School if role.name == RoleName.SCHOOL_STAFF else Organization
    known = role.scope_id is not None and await session.get(table, role.scope_id) is not None
    rules.check_role(role, scope_is_known=known)


def _granted(person_id: UUID, role: Role) -> RoleHeld:
    return RoleHeld(person_id=person_id, name=RoleName(role.name), scope_id=role.scope_id, origin=Origin.GRANTED)


def _like(person_id: UUID, role: Role) -> SelectOfScalar[RoleHeld]:
    return select(RoleHeld).where(
        RoleHeld.person_id == person_id,
        RoleHeld.name == role.name,
        col(RoleHeld.scope_id).is_not_distinct_from(role.scope_id),
    )


def _by_hand(person_id: UUID, role: Role) -> SelectOfScalar[RoleHeld]:
    return _like(person_id, role).where(RoleHeld.origin == Origin.GRANTED)


async def others_in_district_office(session: AsyncSession, person_id: UUID) -> int:
    """How many others work there. Nobody else can leave it before this transaction is over."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('district office', 0))"))
    query = select(func.count(func.distinct(RoleHeld.person_id))).where(
        RoleHeld.name == RoleName.DISTRICT_OFFICE, RoleHeld.person_id != person_id
    )
    return (await session.exec(query)).one()


async def is_active(session: AsyncSession, person: Person) -> bool:
    """On the roster, or with a role from elsewhere."""
    if person.listed:
        return person.active
    left = select(RoleHeld.id).where(RoleHeld.person_id == person.id, RoleHeld.origin != Origin.ROSTER)
    return (await session.exec(left.limit(1))).first() is not None
