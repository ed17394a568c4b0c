"""Students: found by name, and what is known of one."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel import select as select_all
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.models import Consent, Person, Referral, School
from services.referrals.queries.lines import UNDER_WAY, as_line, count, lines_of, named_like
from services.referrals.queries.shapes import (
    ConsentShape,
    GuardianShape,
    Listed,
    ReferralLine,
    StudentDetail,
    StudentLine,
)
from services.referrals.records import is_open_for, valid_consent
from services.referrals.scope import not_found, seen_students
from shared.events.vocabulary import Need
from shared.identity import Actor

MOST_REFERRALS = 100

ConsentGuardian = aliased(Person, name="consent_guardian")


async def find_students(session: AsyncSession, q: str, *, actor: Actor, offset: int, limit: int) -> Listed[StudentLine]:
    """Students whose names have words that begin as asked; without a question all, by name."""
    wanted = _students(actor).where(*named_like(col(Person.id), q))
    in_order = wanted.order_by(col(Person.family_name), col(Person.given_name), col(Person.id))
    rows = (await session.execute(in_order.offset(offset).limit(limit))).all()
    return Listed(total=await count(session, wanted), items=await _lines(session, rows))


async def student_line(session: AsyncSession, student_id: UUID, *, actor: Actor) -> StudentLine:
    """One student; as if there were none where the student is not the actor's to see."""
    rows = (await session.execute(_students(actor).where(col(Person.id) == student_id))).all()
    if not rows:
        raise not_found("student", student_id, actor)
    return (await _lines(session, rows))[0]


async def student_detail(session: AsyncSession, student_id: UUID, *, actor: Actor, now: datetime) -> StudentDetail:
    """A student with consents and referrals."""
    line = await student_line(session, student_id, actor=actor)
    consents = await _consents(session, col(Consent.student_id) == student_id)
    referrals = await _referrals(session, col(Referral.student_id) == student_id, actor, now)
    return StudentDetail(**dict(line), consents=tuple(consents), referrals=tuple(referrals))


class Duplicates(NamedTuple):
    """Open referrals of a student for the same need, to be looked at before another one is sent."""

    lines: Sequence[ReferralLine] = ()
    elsewhere: int = 0
    """Others, of a school where the student was before; they are that school's to see."""


async def duplicates(session: AsyncSession, student_id: UUID, need: Need, *, actor: Actor, now: datetime) -> Duplicates:
    """What is open for this student and need."""
    ids = (await session.exec(select_all(Referral.id).where(is_open_for(student_id, need)))).all()
    if not ids:
        return Duplicates()
    lines = await _referrals(session, col(Referral.id).in_(ids), actor, now)
    return Duplicates(lines, len(set(ids) - {line.id for line in lines}))


async def known_consent(session: AsyncSession, student_id: UUID, need: Need, today: date) -> ConsentShape | None:
    """The consent that a new referral would go by."""
    found = await valid_consent(session, student_id, need, today)
    return next(iter(await _consents(session, col(Consent.id) == found.id)), None) if found else None


def as_consent(consent: Consent, guardian: Person | None) -> ConsentShape:
    """A consent on record; `guardian`: who gave it, where that is somebody known here."""
    return ConsentShape(
        id=consent.id,
        purpose=consent.purpose,
        method=consent.method,
        who=guardian.name if guardian else consent.guardian_name,
        given_on=consent.given_on,
        valid_until=consent.valid_until,
        ended=consent.ended_at is not None,
    )


async def guardians_of(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, GuardianShape]:
    """Guardians by id; those who are not known here (yet) are missing."""
    wanted = set(ids)
    if not wanted:
        return {}
    found = await session.exec(select_all(Person).where(col(Person.id).in_(wanted)))
    return {p.id: GuardianShape(id=p.id, name=p.name, language=p.language, phone=p.phone) for p in found}


def _students(actor: Actor) -> Select[*tuple[Any, ...]]:
    return select(Person).where(seen_students(actor), col(Person.active))


async def _lines(session: AsyncSession, rows: Sequence[Any]) -> list[StudentLine]:
    students: list[Person] = [student for (student,) in rows]
    guardians = await guardians_of(session, (id for student in students for id in student.guardian_ids))
    counts = await _open_counts(session, [student.id for student in students])
    schools = await _school_names(session, {student.school_id for student in students})
    return [
        StudentLine(
            id=student.id,
            name=student.name,
            grade=student.grade,
            school_id=student.school_id,
            school=schools.get(student.school_id, ""),
            guardians=tuple(guardians[id] for id in student.guardian_ids if id in guardians),
            open_referrals=counts.get(student.id, 0),
        )
        for student in students
        if student.school_id is not None
    ]


async def _school_names(session: AsyncSession, ids: set[UUID | None]) -> dict[UUID, str]:
    found = await session.exec(select_all(School.id, School.name).where(col(School.id).in_(ids)))
    return dict(found.all())


async def _open_counts(session: AsyncSession, student_ids: Sequence[UUID]) -> dict[UUID, int]:
    if not student_ids:
        return {}
    rows = await session.execute(
        select(col(Referral.student_id), func.count())
        .where(col(Referral.student_id).in_(student_ids), UNDER_WAY)
        .group_by(col(Referral.student_id))
    )
    return dict(rows.all())


async def _consents(session: AsyncSession, condition: Any) -> list[ConsentShape]:
    rows = await session.execute(
        select(Consent, ConsentGuardian)
        .outerjoin(ConsentGuardian, col(ConsentGuardian.id) == col(Consent.guardian_id))
        .where(condition)
        .order_by(col(Consent.recorded_at).desc())
    )
    return [as_consent(consent, guardian) for consent, guardian in rows]


async def _referrals(session: AsyncSession, condition: Any, actor: Actor, now: datetime) -> list[ReferralLine]:
    wanted = lines_of(actor).where(condition).order_by(col(Referral.submitted_at).desc()).limit(MOST_REFERRALS)
    return [as_line(row, actor, now) for row in await session.execute(wanted)]
