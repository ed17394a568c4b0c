"""Referrals as a family sees them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.models import Attempt, Person, Program, Referral, School
from services.referrals.queries.lines import Referrer, Student, is_late
from services.referrals.queries.shapes import FamilyReferral
from services.referrals.rules import LIVE, AttemptState, Mover, ReferralState, Standing, Verb, can
from services.referrals.scope import UNSEEN
from shared.identity import Actor

MOST = 50


async def family_referrals(session: AsyncSession, *, actor: Actor, now: datetime) -> list[FamilyReferral]:
    """The referrals of the actor's children: what waits for the family first, then the newest.

    By link only the one that the link is for.
    """
    wanted = (
        select(Referral, Student, Referrer, col(School.name))
        .join(Student, col(Student.id) == col(Referral.student_id))
        .outerjoin(Referrer, col(Referrer.id) == col(Referral.referrer_id))
        .outerjoin(School, col(School.id) == Referral.school_id)
        .where(col(Referral.student_id).in_(actor.student_ids))
        .order_by(col(Referral.state) != ReferralState.AWAITING_CONSENT, col(Referral.submitted_at).desc())
        .limit(MOST)
    )
    if actor.only is not None:
        wanted = wanted.where(col(Referral.id) == actor.only)
    rows = (await session.execute(wanted)).all()
    attempts = await _attempts(session, [row[0].id for row in rows])
    return [_shape(row, attempts.get(row[0].id, []), now) for row in rows]


Attempts = list[tuple[Attempt, Program | None]]


async def _attempts(session: AsyncSession, ids: list[UUID]) -> dict[UUID, Attempts]:
    rows = await session.execute(
        select(Attempt, Program)
        .outerjoin(Program, col(Program.id) == col(Attempt.program_id))
        .where(col(Attempt.referral_id).in_(ids))
        .order_by(col(Attempt.position))
    )
    found: dict[UUID, Attempts] = {}
    for attempt, program in rows:
        found.setdefault(attempt.referral_id, []).append((attempt, program))
    return found


def _shape(row: Any, attempts: Attempts, now: datetime) -> FamilyReferral:
    referral, student, referrer, school = row
    attempt, program = next(((a, p) for a, p in attempts if a.id == referral.attempt_id), (None, None))
    at = {Mover.FAMILY: Standing(referral.state, attempt.state if attempt and attempt.state in LIVE else None)}
    return FamilyReferral(
        id=referral.id,
        version=referral.version,
        student=student.given_name,
        need=referral.need,
        state=referral.state,
        attempt_state=attempt.state if attempt else None,
        program=program.name if program else "",
        organization=program.organization_name if program else "",
        schedule=program.schedule if program else "",
        site=program.site if program else "",
        contact_name=program.contact_name if program else "",
        contact_phone=program.contact_phone if program else None,
        choices=tuple(p.name for a, p in attempts if p and a.state is AttemptState.QUEUED),
        answer_by=attempt.answer_by if attempt else None,
        overdue=attempt is not None and is_late(attempt, now),
        school=school or "",
        referrer=referrer.name if referrer else "",
        can_agree=can(Verb.GIVE_CONSENT, at),
        can_stop=can(Verb.WITHDRAW, at) and referral.state is not ReferralState.AWAITING_CONSENT,
    )


async def guardian_of(session: AsyncSession, person_id: UUID, referral_id: UUID) -> UUID | None:
    """The student of a referral, if the person is a guardian of that student now."""
    found = await session.execute(
        select(col(Referral.student_id))
        .join(Student, col(Student.id) == Referral.student_id)
        .join(Person, col(Person.id) == func.any(Student.guardian_ids))
        .where(col(Referral.id) == referral_id, col(Person.id) == person_id, col(Person.active))
    )
    return found.scalar_one_or_none()


async def partner_of(session: AsyncSession, person_id: UUID, referral_id: UUID) -> UUID | None:
    """The organization before which a referral came, if the person is on its staff now."""
    found = await session.execute(
        select(col(Attempt.organization_id))
        .join(Person, col(Attempt.organization_id) == func.any(Person.organization_ids))
        .where(
            col(Attempt.referral_id) == referral_id,
            col(Attempt.state).not_in(UNSEEN),
            col(Person.id) == person_id,
            col(Person.active),
        )
        .order_by(col(Attempt.position).desc())
        .limit(1)
    )
    return found.scalar_one_or_none()
