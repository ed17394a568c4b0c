"""Persons as the district office and schools see them, with their roles in words."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, func, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people import rules
from services.people.models import Organization, Origin, Person, RoleHeld, School
from shared.events.vocabulary import RoleName
from shared.identity import Actor
from shared.refusals import Kind, Refusal


class RoleOut(BaseModel):
    """A role of a person, and where it comes from (`roster`, `granted`, `program`)."""

    name: RoleName
    scope_id: UUID | None
    scope_name: str
    """Of the school, the organization or the student; empty for the whole district."""
    origin: Origin


class PersonOut(BaseModel):
    """A person."""

    id: UUID
    given_name: str
    family_name: str
    email: str | None
    phone: str | None
    """E.164."""
    language: str
    """BCP 47."""
    grade: str | None
    """CEDS."""
    active: bool
    listed: bool
    """Whether the newest roster names the person."""
    roles: list[RoleOut] = []

    @property
    def name(self) -> str:
        """Given name and family name."""
        return f"{self.given_name} {self.family_name}".strip()


class GuardianOut(BaseModel):
    """A guardian of a student."""

    id: UUID
    name: str
    language: str
    reachable: bool
    """Whether there is an e-mail address or a number."""


class StudentOut(BaseModel):
    """A student of a school, with the guardians, first to be asked first."""

    id: UUID
    name: str
    grade: str | None
    school_id: UUID | None
    school_name: str
    guardians: list[GuardianOut] = []


async def find_persons(
    session: AsyncSession, *, q: str, role: RoleName | None, active: bool, offset: int, limit: int
) -> tuple[int, list[PersonOut]]:
    """Persons by words of their name or address, by family name; how many there are, and one page of them."""
    wanted = [*_matches(q), col(Person.active).is_(active)]
    if role is not None:
        wanted.append(col(Person.id).in_(select(RoleHeld.person_id).where(RoleHeld.name == role)))
    total, rows = await _page(session, wanted, offset, limit)
    return total, await _with_roles(session, rows)


async def _page(
    session: AsyncSession, wanted: Sequence[ColumnElement[bool]], offset: int, limit: int
) -> tuple[int, Sequence[Person]]:
    """How many fit, and one page of them by name."""
    fitting = select(Person.id, Person.family_name, Person.given_name).where(*wanted).cte("fitting")
    if len(wanted) > 1:
        # Find all that fits, then sort: a walk along the index of names would visit nearly everybody to find a few.
        fitting = fitting.prefix_with("MATERIALIZED")
    total = (await session.exec(select(func.count()).select_from(fitting))).one()
    by_name = (fitting.c.family_name, fitting.c.given_name, fitting.c.id)
    ids = (await session.exec(select(fitting.c.id).order_by(*by_name).offset(offset).limit(limit))).all()
    rows = (await session.exec(select(Person).where(col(Person.id).in_(ids)))).all()
    return total, sorted(rows, key=lambda row: ids.index(row.id))


async def person(session: AsyncSession, id: UUID) -> PersonOut:
    """One person."""
    row = await session.get(Person, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "person_unknown", "There is no such person. They may have been erased.")
    return (await _with_roles(session, [row]))[0]


def visible_schools(actor: Actor, asked: UUID | None) -> Collection[UUID] | None:
    """The schools whose students the actor may see; None: all of them. `asked` narrows it to one."""
    if asked is None:
        return None if actor.is_district else actor.school_ids
    return [asked] if actor.is_district or asked in actor.school_ids else []


async def find_students(
    session: AsyncSession,
    *,
    q: str,
    school_ids: Collection[UUID] | None,
    grade: str,
    offset: int,
    limit: int,
) -> tuple[int, list[StudentOut]]:
    """Active students of these schools (None: of all), by family name."""
    wanted = [*_matches(q), col(Person.active).is_(True), col(Person.kind) == "student"]
    if grade:
        wanted.append(col(Person.grade) == rules.plain(grade))
    if school_ids is not None:
        attending = select(RoleHeld.person_id).where(
            RoleHeld.name == RoleName.STUDENT, col(RoleHeld.scope_id).in_(school_ids)
        )
        wanted.append(col(Person.id).in_(attending))
    total, rows = await _page(session, wanted, offset, limit)
    ids = [row.id for row in rows]
    schools, guardians = await _schools(session, ids), await _guardians(session, ids)
    return total, [
        StudentOut(
            id=row.id,
            name=f"{row.given_name} {row.family_name}",
            grade=row.grade,
            school_id=schools[row.id].id if row.id in schools else None,
            school_name=schools[row.id].name if row.id in schools else "",
            guardians=guardians.get(row.id, []),
        )
        for row in rows
    ]


async def _schools(session: AsyncSession, student_ids: Sequence[UUID]) -> dict[UUID, School]:
    """The school that each student attends: the first."""
    query = (
        select(RoleHeld.person_id, School)
        .join(School, col(School.id) == RoleHeld.scope_id)
        .where(RoleHeld.name == RoleName.STUDENT, col(RoleHeld.person_id).in_(student_ids))
        .order_by(col(RoleHeld.place).desc(), col(RoleHeld.id).desc())
    )
    return dict((await session.exec(query)).all())


async def _guardians(session: AsyncSession, student_ids: Sequence[UUID]) -> dict[UUID, list[GuardianOut]]:
    query = (
        select(RoleHeld.scope_id, Person)
        .join(Person, col(Person.id) == RoleHeld.person_id)
        .where(RoleHeld.name == RoleName.GUARDIAN, col(RoleHeld.scope_id).in_(student_ids))
        .order_by(col(RoleHeld.place), col(RoleHeld.id))
    )
    found: dict[UUID, list[GuardianOut]] = {}
    for student_id, guardian in (await session.exec(query)).all():
        if student_id is not None:
            out = GuardianOut(
                id=guardian.id,
                name=f"{guardian.given_name} {guardian.family_name}",
                language=guardian.language,
                reachable=bool(guardian.email or guardian.phone),
            )
            found.setdefault(student_id, []).append(out)
    return found


def _matches(q: str) -> list[ColumnElement[bool]]:
    """Every word stands somewhere in the names or the address."""
    return [col(Person.search).contains(word, autoescape=True) for word in rules.search_words(q).split()[:8]]


ROLES = text("""
    SELECT r.person_id, r.name, r.scope_id, r.origin,
           coalesce(s.name, o.name, p.given_name || ' ' || p.family_name, '') AS scope_name
    FROM role r
    LEFT JOIN school s ON r.name IN ('school_staff', 'student') AND s.id = r.scope_id
    LEFT JOIN organization o ON r.name = 'partner_staff' AND o.id = r.scope_id
    LEFT JOIN person p ON r.name = 'guardian' AND p.id = r.scope_id
    WHERE r.person_id = ANY(:ids)
    ORDER BY r.name, r.place, r.id
""")


async def _with_roles(session: AsyncSession, persons: Sequence[Person]) -> list[PersonOut]:
    connection = await session.connection()
    rows: Any = await connection.execute(ROLES, {"ids": [person.id for person in persons]})
    roles: dict[UUID, list[RoleOut]] = {}
    for row in rows:
        out = RoleOut(name=row.name, scope_id=row.scope_id, scope_name=row.scope_name, origin=row.origin)
        # A contact of two programs of one organization holds the role of that organization twice.
        if out not in roles.setdefault(row.person_id, []):
            roles[row.person_id].append(out)
    return [PersonOut(**person.model_dump(), roles=roles.get(person.id, [])) for person in persons]


async def organizations(session: AsyncSession) -> Sequence[Organization]:
    """Partner organizations that roles can be granted for, by name."""
    return (await session.exec(select(Organization).order_by(Organization.name))).all()


async def office_by_email(session: AsyncSession, email: str) -> Actor | None:
    """Somebody of the district office, by address; None where nobody there has it."""
    query = (
        select(Person)
        .join(RoleHeld, col(RoleHeld.person_id) == col(Person.id))
        .where(func.lower(col(Person.email)) == email.strip().lower(), col(Person.active))
        .where(col(RoleHeld.name) == RoleName.DISTRICT_OFFICE)
        .limit(1)
    )
    person = (await session.exec(query)).first()
    if person is None:
        return None
    return Actor(person.id, f"{person.given_name} {person.family_name}".strip(), person.reads)
