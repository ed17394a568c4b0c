"""Programs for a need: as the rules judge them, best first."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.models import Attempt, Program
from services.referrals.queries.shapes import FitShape, StudentLine
from services.referrals.records import ANSWERS_HERE, under_agreement
from services.referrals.rules import AttemptState, Fit, Offer, Wanted, rank
from shared.events.vocabulary import Need

LATELY = timedelta(days=90)


async def fitting(
    session: AsyncSession, student: StudentLine, need: Need, *, now: datetime, also: Sequence[UUID] = ()
) -> list[Fit]:
    """Programs that serve the need, those that fit first; `also`: programs to judge whatever they serve."""
    serves = col(Program.needs).contains([need.value])
    offers = await _offers(session, or_(serves, col(Program.id).in_(also)), now, under_agreement(student.school_id))
    wanted = Wanted(need=need, school_id=student.school_id, grade=student.grade, languages=student.languages)
    return rank(wanted, offers)


async def offers_by_id(session: AsyncSession, ids: Sequence[UUID], *, now: datetime) -> dict[UUID, Offer]:
    """Programs by id; those that are not known here are missing."""
    offers = await _offers(session, col(Program.id).in_(ids), now, true()) if ids else []
    return {offer.program_id: offer for offer in offers}


def fit_shape(judged: Fit) -> FitShape:
    """A judged program, to be shown."""
    offer = judged.offer
    return FitShape(
        program_id=offer.program_id,
        organization_id=offer.organization_id,
        name=offer.name,
        organization=offer.organization_name,
        schedule=offer.schedule,
        site=offer.site,
        places=offer.places,
        fits=judged.fits,
        reasons=judged.reasons,
        against=judged.against,
        answers_here=offer.answers_here,
    )


_OF_PROGRAM = tuple(
    Program.__table__.c[name]  # type: ignore[attr-defined]
    for name in (
        "id", "organization_id", "name", "organization_name", "status", "halt", "needs", "grades", "school_ids",
        "languages",        "capacity", "schedule", "site", "contact_phone",
    )
)  # fmt: skip


async def _offers(
    session: AsyncSession, condition: ColumnElement[bool], now: datetime, agreed: ColumnElement[bool]
) -> list[Offer]:
    """Plain columns, not whole objects: a need may be served by a thousand programs."""
    taken, answers = _taken(), _answers(now)
    rows = await session.execute(
        select(
            *_OF_PROGRAM,
            func.coalesce(taken.c.taken, 0).label("taken"),
            answers.c.within,
            ANSWERS_HERE.label("answers_here"),
            agreed.label("under_agreement"),
        )
        .outerjoin(taken, taken.c.program_id == col(Program.id))
        .outerjoin(answers, answers.c.program_id == col(Program.id))
        .where(condition)
    )
    return [_offer(row) for row in rows]


def _taken() -> Any:
    return (
        select(col(Attempt.program_id), func.count().label("taken"))
        .where(col(Attempt.state) == AttemptState.ACCEPTED)
        .group_by(col(Attempt.program_id))
        .subquery("taken")
    )


def _answers(now: datetime) -> Any:
    took = col(Attempt.answered_at) - col(Attempt.sent_at)
    return (
        select(col(Attempt.program_id), func.avg(took).label("within"))
        .where(col(Attempt.answered_at) > now - LATELY)
        .group_by(col(Attempt.program_id))
        .subquery("answers")
    )


def _offer(row: Any) -> Offer:
    return Offer(
        program_id=row.id,
        organization_id=row.organization_id,
        name=row.name,
        organization_name=row.organization_name,
        status=row.status,
        halt=row.halt,
        needs=frozenset(row.needs),
        grades=frozenset(row.grades),
        school_ids=frozenset(row.school_ids),
        languages=tuple(row.languages),
        capacity=row.capacity,
        taken=row.taken,
        answers_within=row.within,
        schedule=row.schedule,
        site=row.site,
        answers_here=row.answers_here,
        contact_phone=row.contact_phone,
        under_agreement=row.under_agreement,
    )
