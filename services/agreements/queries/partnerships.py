"""Who works with whom in a school year."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, and_, func, or_, union
from sqlalchemy import select as columns
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Agreement, ReferralAttempt
from services.agreements.rules.agreements import AgreementState
from services.agreements.rules.school_years import SchoolCalendar


def covers(school_id: UUID) -> ColumnElement[bool]:
    """Agreements that cover a school: by name, or because they cover the whole district."""
    every = and_(col(Agreement.school_id).is_(None), col(Agreement.school_ids) == [])
    return or_(col(Agreement.school_id) == school_id, col(Agreement.school_ids).contains([school_id]), every)


def in_year(calendar: SchoolCalendar, year: int) -> ColumnElement[bool]:
    """Agreements that were signed by both and held on some day of a school year."""
    ended = func.coalesce(col(Agreement.ended_at), midnight(calendar, year))
    return and_(
        col(Agreement.concluded_at).is_not(None),
        col(Agreement.state) != AgreementState.UPCOMING,
        col(Agreement.starts_on) <= calendar.last_day(year),
        col(Agreement.ends_on) >= calendar.first_day(year),
        ended >= midnight(calendar, year),
    )


def midnight(calendar: SchoolCalendar, year: int) -> datetime:
    """The moment at which a school year begins."""
    return datetime.combine(calendar.first_day(year), time.min, calendar.zone)


def sent_in_year(calendar: SchoolCalendar, year: int) -> ColumnElement[bool]:
    """Referrals that were put before a partner in a school year."""
    sent = col(ReferralAttempt.sent_at)
    return and_(sent >= midnight(calendar, year), sent < midnight(calendar, year + 1))


def partnerships(calendar: SchoolCalendar, year: int) -> Subquery:
    """The pairs (`school_id`, `organization_id`) of a year: an agreement names the school, or it referred.

    An agreement for the whole district alone makes no partnership with a school that never used it.
    """
    named: Select[*tuple[Any, ...]] = columns(
        func.unnest(func.array_append(col(Agreement.school_ids), col(Agreement.school_id))).label("school_id"),
        col(Agreement.organization_id),
    ).where(in_year(calendar, year))
    referred = columns(col(ReferralAttempt.school_id), col(ReferralAttempt.organization_id)).where(
        sent_in_year(calendar, year)
    )
    return union(named, referred).subquery("pairs")


async def work_together(
    session: AsyncSession, school_id: UUID, organization_id: UUID, *, calendar: SchoolCalendar, year: int
) -> bool:
    """Whether a school and a partner are known to have worked together in a year."""
    pairs = partnerships(calendar, year)
    found = columns(pairs.c.school_id).where(pairs.c.school_id == school_id, pairs.c.organization_id == organization_id)
    return (await session.execute(found.limit(1))).first() is not None


async def contacts_of(session: AsyncSession, school_id: UUID, organization_id: UUID) -> tuple[UUID | None, UUID | None]:
    """Who answers for a partnership at the school and at the partner, by the newest agreement that both signed."""
    newest = (
        columns(col(Agreement.school_contact_id), col(Agreement.partner_contact_id))
        .where(
            col(Agreement.organization_id) == organization_id,
            covers(school_id),
            col(Agreement.concluded_at).is_not(None),
        )
        .order_by(col(Agreement.school_id).is_(None), col(Agreement.ends_on).desc())
        .limit(1)
    )
    row = (await session.execute(newest)).first()
    return (row[0], row[1]) if row else (None, None)
