"""What the system itself knows of a partnership in a school year, or of all partnerships of a school."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Subquery, and_, func, or_, union
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import (
    Agreement,
    AgreementEntry,
    Goal,
    Measurement,
    Meeting,
    Occurrence,
    ReferralAttempt,
    Review,
)
from services.agreements.queries.partnerships import covers, in_year, midnight, partnerships, sent_in_year
from services.agreements.rules.agreements import Side
from services.agreements.rules.meetings import OccurrenceStatus
from services.agreements.rules.school_years import SchoolCalendar


class Evidence(BaseModel):
    """Counts beside the ratings; nobody is rated by them."""

    partners: int = 0
    """Partners that worked with the school in the year."""
    referrals: int = 0
    """Referrals put before them."""
    answers_due: int = 0
    """Referrals that were answered, or whose answer is overdue."""
    answered_in_time: int = 0
    taken: int = 0
    closed_with_outcome: int = 0
    with_agreement: int = 0
    """Partners that had an agreement with the school."""
    with_school_contact: int = 0
    """Partners for which a contact at the school is named."""
    with_partner_contact: int = 0
    goals: int = 0
    goals_measured: int = 0
    """Goals that were measured in the year."""
    goals_met: int = 0
    """Goals whose newest measurement reaches the target."""
    meetings_planned: int = 0
    """Dates of meetings that were to take place in the year so far and were not cancelled."""
    meetings_held: int = 0
    """Those of which there are minutes."""
    words_of_school: int = 0
    """Comments on agreements by the school."""
    words_of_partner: int = 0


async def evidence(
    session: AsyncSession,
    school_id: UUID,
    organization_id: UUID | None = None,
    *,
    calendar: SchoolCalendar,
    year: int,
    now: datetime,
) -> Evidence:
    """What is known of a school with one partner, or with all of them."""
    counts: dict[str, int] = {}
    counts["partners"] = await _partners(session, school_id, organization_id, calendar, year)
    counts |= await _referrals(session, school_id, organization_id, calendar, year, now)
    agreements = and_(covers(school_id), in_year(calendar, year), _of(Agreement.organization_id, organization_id))
    counts |= await _agreements(session, agreements)
    counts |= await _goals(session, agreements, calendar, year)
    counts |= await _meetings(session, school_id, organization_id, calendar, year, now)
    counts |= await _words(session, agreements, calendar, year)
    return Evidence(**counts)


def _of(column: UUID | None, organization_id: UUID | None) -> ColumnElement[bool]:
    return col(column) == organization_id if organization_id else col(column).is_not(None)


async def _partners(
    session: AsyncSession, school_id: UUID, organization_id: UUID | None, calendar: SchoolCalendar, year: int
) -> int:
    known = partnerships(calendar, year)
    reviewed = columns(col(Review.school_id), col(Review.organization_id)).where(col(Review.year) == year)
    pairs = union(columns(known.c.school_id, known.c.organization_id), reviewed).subquery("pairs")
    found = columns(func.count()).select_from(pairs).where(pairs.c.school_id == school_id)
    if organization_id:
        found = found.where(pairs.c.organization_id == organization_id)
    return int((await session.execute(found)).scalar_one())


async def _referrals(
    session: AsyncSession,
    school_id: UUID,
    organization_id: UUID | None,
    calendar: SchoolCalendar,
    year: int,
    now: datetime,
) -> dict[str, int]:
    answered, answer_by = col(ReferralAttempt.answered_at), col(ReferralAttempt.answer_by)
    closed = col(ReferralAttempt.closed_at)
    # What was withdrawn before its answer was due was never late.
    late = and_(
        answered.is_(None), or_(answer_by < now, closed.is_not(None)), or_(closed.is_(None), answer_by < closed)
    )
    found = columns(
        func.count().label("referrals"),
        func.count().filter(or_(answered.is_not(None), late)).label("answers_due"),
        func.count().filter(answered <= answer_by).label("answered_in_time"),
        func.count().filter(col(ReferralAttempt.taken)).label("taken"),
        func.count().filter(col(ReferralAttempt.outcome).is_not(None)).label("closed_with_outcome"),
    ).where(
        col(ReferralAttempt.school_id) == school_id,
        sent_in_year(calendar, year),
        _of(ReferralAttempt.organization_id, organization_id),
    )
    return dict((await session.execute(found)).mappings().one())


async def _agreements(session: AsyncSession, agreements: ColumnElement[bool]) -> dict[str, int]:
    partner = func.distinct(col(Agreement.organization_id))
    found = columns(
        func.count(partner).label("with_agreement"),
        func.count(partner).filter(col(Agreement.school_contact_id).is_not(None)).label("with_school_contact"),
        func.count(partner).filter(col(Agreement.partner_contact_id).is_not(None)).label("with_partner_contact"),
    ).where(agreements)
    return dict((await session.execute(found)).mappings().one())


async def _goals(
    session: AsyncSession, agreements: ColumnElement[bool], calendar: SchoolCalendar, year: int
) -> dict[str, int]:
    newest = newest_measurement(calendar, year)
    found = (
        columns(
            func.count().label("goals"),
            func.count(newest.c.value).label("goals_measured"),
            func.count().filter(is_met(newest.c.value)).label("goals_met"),
        )
        .select_from(Goal)
        .join(Agreement, col(Agreement.id) == col(Goal.agreement_id))
        .outerjoin(newest, newest.c.goal_id == col(Goal.id))
        .where(agreements, col(Goal.dropped_at).is_(None))
    )
    return dict((await session.execute(found)).mappings().one())


def newest_measurement(calendar: SchoolCalendar, year: int) -> Subquery:
    """Per goal the newest measurement of a school year that counts, as a subquery."""
    return (
        columns(col(Measurement.goal_id), col(Measurement.value))
        .ext(distinct_on(col(Measurement.goal_id)))
        .where(
            col(Measurement.void_at).is_(None),
            col(Measurement.measured_on).between(calendar.first_day(year), calendar.last_day(year)),
        )
        .order_by(col(Measurement.goal_id), col(Measurement.measured_on).desc(), col(Measurement.recorded_at).desc())
        .subquery("newest")
    )


def is_met(value: ColumnElement[float]) -> ColumnElement[bool]:
    """Whether a measurement reaches its goal's target; a target below the baseline is reached from above."""
    down = col(Goal.target) < func.coalesce(col(Goal.baseline), col(Goal.target))
    return or_(and_(down, value <= col(Goal.target)), and_(~down, value >= col(Goal.target)))


async def _meetings(
    session: AsyncSession,
    school_id: UUID,
    organization_id: UUID | None,
    calendar: SchoolCalendar,
    year: int,
    now: datetime,
) -> dict[str, int]:
    found = (
        columns(
            func.count().label("meetings_planned"),
            func.count().filter(col(Occurrence.status) == OccurrenceStatus.HELD).label("meetings_held"),
        )
        .select_from(Occurrence)
        .join(Meeting, col(Meeting.id) == col(Occurrence.meeting_id))
        .where(
            col(Meeting.school_id) == school_id,
            _of(Meeting.organization_id, organization_id),
            col(Occurrence.status) != OccurrenceStatus.CANCELLED,
            col(Occurrence.starts_at) >= midnight(calendar, year),
            col(Occurrence.starts_at) < midnight(calendar, year + 1),
            col(Occurrence.ends_at) <= now,
        )
    )
    return dict((await session.execute(found)).mappings().one())


async def _words(
    session: AsyncSession, agreements: ColumnElement[bool], calendar: SchoolCalendar, year: int
) -> dict[str, int]:
    by = col(AgreementEntry.side)
    found = (
        columns(
            func.count().filter(by == Side.SCHOOL).label("words_of_school"),
            func.count().filter(by == Side.PARTNER).label("words_of_partner"),
        )
        .select_from(AgreementEntry)
        .join(Agreement, col(Agreement.id) == col(AgreementEntry.agreement_id))
        .where(
            agreements,
            col(AgreementEntry.what) == "comment",
            col(AgreementEntry.at) >= midnight(calendar, year),
            col(AgreementEntry.at) < midnight(calendar, year + 1),
        )
    )
    return dict((await session.execute(found)).mappings().one())
