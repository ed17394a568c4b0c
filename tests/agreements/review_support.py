"""A school and a partner that look back on a year together."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.commands.reviews import opened_review
from services.agreements.frameworks import the_framework
from services.agreements.models import Agreement, ReferralAttempt, Sheet, YearEnd
from services.agreements.rules.agreements import AgreementState, Side
from services.agreements.rules.ratings import RatingEntry
from services.agreements.rules.school_years import SchoolCalendar
from services.agreements.rules.terms import AgreementKind
from services.agreements.rules.year_ends import YearEndEntry
from shared.clock import new_id
from shared.events.vocabulary import RoleName
from shared.identity.actor import Actor
from tests.agreements.support import a_known_school, an_organization, partner_of
from tests.support.builders import an_actor

CALENDAR = SchoolCalendar(ZoneInfo("America/New_York"))
YEAR = 2026
SPRING = datetime(2027, 4, 20, 15, 0, tzinfo=UTC)
"""In the school year 2026–27, when ratings are asked for."""
CODES = tuple(the_framework().indicators)


@dataclass(frozen=True, slots=True)
class Pair:
    """A school and a partner, and their review of the year."""

    school_id: UUID
    organization_id: UUID
    review_id: UUID

    @property
    def principal(self) -> Actor:
        """Somebody of the school."""
        return an_actor(RoleName.SCHOOL_STAFF, self.school_id)

    @property
    def partner(self) -> Actor:
        """Somebody of the partner."""
        return partner_of(self.organization_id)

    def of(self, side: Side) -> Actor:
        """Somebody of that side."""
        return self.principal if side is Side.SCHOOL else self.partner


async def a_pair(
    session: AsyncSession, school: str = "Lincoln", partner: str = "City Year", year: int = YEAR, **known: UUID
) -> Pair:
    """A school and a partner with a review that nobody has written in; `school_id`, `organization_id` where known."""
    school_id = known.get("school_id") or (await a_known_school(session, school)).id
    organization_id = known.get("organization_id") or (await an_organization(session, partner)).id
    review = await opened_review(session, school_id, organization_id, year, now=SPRING)
    return Pair(school_id, organization_id, review.id)


def entries(*ratings: object, evidence: str = "") -> list[RatingEntry]:
    """A rating for each indicator, the last one for all that are left."""
    given = [*ratings, *[ratings[-1]] * (len(CODES) - len(ratings))]
    return [
        RatingEntry(indicator=code, rating=rating, evidence=evidence) for code, rating in zip(CODES, given, strict=True)
    ]


async def rated(
    session: AsyncSession, pair: Pair, side: Side, *ratings: object, now: datetime = SPRING, evidence: str = ""
) -> Sheet:
    """One side has rated and given its ratings."""
    actor = pair.of(side)
    how: dict[str, Any] = {"calendar": CALENDAR, "actor": actor, "now": now}
    await commands.save_ratings(session, pair.review_id, entries=entries(*ratings, evidence=evidence), version=0, **how)
    return await commands.give_ratings(session, pair.review_id, version=1, **how)


def a_look_back(**changes: str) -> YearEndEntry:
    """A review that says enough to decide."""
    said = {"decision": "continue", "reason": "Students came.", "known_by": "Attendance stays over 90 percent."}
    return YearEndEntry(**(said | changes))


async def decided(
    session: AsyncSession, pair: Pair, program_id: UUID | None = None, *, now: datetime = SPRING, **changes: str
) -> YearEnd:
    """The school has decided."""
    return await commands.decide_year_end(
        session,
        pair.review_id,
        program_id,
        entry=a_look_back(**changes),
        version=0,
        calendar=CALENDAR,
        actor=pair.principal,
        now=now,
    )


async def an_agreement(session: AsyncSession, organization_id: UUID, *school_ids: UUID, **changes: Any) -> Agreement:
    """An agreement in force over the school year; without schools it covers the whole district."""
    values: dict[str, Any] = {
        "id": new_id(),
        "organization_id": organization_id,
        "school_ids": list(school_ids),
        "kind": AgreementKind.NO_COST_MOU,
        "title": "Working together",
        "state": AgreementState.ACTIVE,
        "starts_on": date(2026, 9, 1),
        "ends_on": date(2027, 6, 30),
        "notice_days": 60,
        "drafted_at": SPRING,
        "changed_at": SPRING,
        "changed_by": "system:tests",
        "concluded_at": datetime(2026, 8, 20, tzinfo=UTC),
    }
    agreement = Agreement(**(values | changes))
    session.add(agreement)
    await session.flush()
    return agreement


async def a_referral(session: AsyncSession, school_id: UUID, organization_id: UUID, **changes: Any) -> ReferralAttempt:
    """A referral put before the partner in November, not answered yet."""
    values: dict[str, Any] = {
        "attempt_id": new_id(),
        "school_id": school_id,
        "organization_id": organization_id,
        "program_id": new_id(),
        "sent_at": datetime(2026, 11, 3, 15, tzinfo=UTC),
        "answer_by": datetime(2026, 11, 5, 22, tzinfo=UTC),
    }
    attempt = ReferralAttempt(**(values | changes))
    session.add(attempt)
    await session.flush()
    return attempt
