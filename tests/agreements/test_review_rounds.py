"""Once a year everybody who works together is asked, each once, and what still waits ends with the year."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands, jobs
from services.agreements.models import Review, ReviewRound, School, Todo
from services.agreements.rules.agreements import AgreementState, Side
from services.agreements.rules.school_years import Asked
from services.agreements.settings import Settings
from shared.clock import new_id
from shared.db import Database
from shared.events.agreements import RatingsAsked, YearEndAsked
from shared.events.vocabulary import TodoKind
from shared.refusals import Refusal
from tests.agreements.review_support import (
    CALENDAR,
    SPRING,
    YEAR,
    a_look_back,
    a_pair,
    a_referral,
    an_agreement,
    decided,
    rated,
)
from tests.agreements.support import a_known_school, an_organization, the_district
from tests.support.events import outbox

BEFORE = datetime(2027, 4, 15, 3, 0, tzinfo=UTC)
"""An hour before midnight in Boston."""
FIRST = datetime(2027, 4, 15, 4, 0, tzinfo=UTC)
MAY = datetime(2027, 5, 20, 12, 0, tzinfo=UTC)
OVER = datetime(2027, 8, 30, 4, 0, tzinfo=UTC)


async def asked(session: AsyncSession, now: datetime) -> int:
    """All that the job does at this time."""
    await commands.open_due_rounds(session, calendar=CALENDAR, now=now)
    total = 0
    while done := await commands.ask_next(session, calendar=CALENDAR, now=now):
        total += done
    return total


async def waiting(session: AsyncSession, kind: TodoKind) -> set[tuple[str, Any]]:
    """For whom something waits."""
    rows = await session.exec(
        select(Todo.audience, Todo.audience_id).where(Todo.kind == kind, col(Todo.closed_at).is_(None))
    )
    return {(audience, id_) for audience, id_ in rows}


async def told(session: AsyncSession, kind: type[Any]) -> list[Any]:
    return [fact for fact in await outbox(session) if isinstance(fact, kind)]


async def test_who_works_together_is_asked_from_the_day_on_and_once(session_agreements: AsyncSession) -> None:
    school = await a_known_school(session_agreements)
    by_agreement = await an_organization(session_agreements, "By agreement")
    by_referral = await an_organization(session_agreements, "By referral")
    contacts = {"school_contact_id": new_id(), "partner_contact_id": new_id()}
    await an_agreement(session_agreements, by_agreement.id, school.id, school_id=school.id, **contacts)
    await a_referral(session_agreements, school.id, by_referral.id)

    early = await asked(session_agreements, BEFORE)
    first = await asked(session_agreements, FIRST)
    again = await asked(session_agreements, SPRING)

    assert (early, first, again) == (0, 2, 0)
    facts = {fact.organization_id: fact for fact in await told(session_agreements, RatingsAsked)}
    assert facts.keys() == {by_agreement.id, by_referral.id}
    named = facts[by_agreement.id]
    assert {name: getattr(named, name) for name in contacts} == contacts
    assert (facts[by_referral.id].school_contact_id, named.on, named.year) == (None, date(2027, 5, 15), YEAR)
    assert await waiting(session_agreements, TodoKind.RATING) == {
        ("school", school.id),
        ("organization", by_agreement.id),
        ("organization", by_referral.id),
    }


async def test_who_does_not_work_together_is_not_asked(session_agreements: AsyncSession) -> None:
    school = await a_known_school(session_agreements)
    closed = School(id=new_id(), name="Closed", active=False)
    session_agreements.add(closed)
    partner = await an_organization(session_agreements)
    agreements: tuple[dict[str, Any], ...] = (
        {"school_ids": []},
        {"state": AgreementState.DRAFT, "concluded_at": None},
        {"state": AgreementState.UPCOMING},
        {"state": AgreementState.TERMINATED, "ended_at": datetime(2026, 6, 1, tzinfo=UTC)},
        {"starts_on": date(2025, 9, 1), "ends_on": date(2026, 6, 30)},
        {"starts_on": date(2027, 7, 1), "ends_on": date(2028, 6, 30)},
        {"school_ids": [closed.id]},
    )
    for changes in agreements:
        await an_agreement(session_agreements, partner.id, school.id, **changes)
    await a_referral(session_agreements, school.id, partner.id, sent_at=datetime(2026, 6, 30, tzinfo=UTC))

    assert await asked(session_agreements, SPRING) == 0


async def test_a_new_partnership_is_asked_in_the_round_that_is_open(session_agreements: AsyncSession) -> None:
    await asked(session_agreements, FIRST)
    school = await a_known_school(session_agreements)
    partner = await an_organization(session_agreements)
    await an_agreement(session_agreements, partner.id, school.id)

    assert await asked(session_agreements, SPRING) == 1


async def test_the_rest_of_a_large_district_is_asked_in_further_parts(session_agreements: AsyncSession) -> None:
    partner = await an_organization(session_agreements)
    schools = [School(id=new_id(), name=f"School {number}") for number in range(60)]
    session_agreements.add_all(schools)
    await an_agreement(session_agreements, partner.id, *(school.id for school in schools))
    await commands.open_due_rounds(session_agreements, calendar=CALENDAR, now=SPRING)

    parts = [await commands.ask_next(session_agreements, calendar=CALENDAR, now=SPRING) for _ in range(3)]

    assert parts == [50, 10, 0]


@pytest.mark.parametrize("side", Side)
async def test_what_waits_ends_when_a_side_gives_and_comes_back_when_it_takes_back(
    session_agreements: AsyncSession, side: Side
) -> None:
    pair = await a_pair(session_agreements)
    await a_referral(session_agreements, pair.school_id, pair.organization_id)
    await asked(session_agreements, FIRST)
    both = await waiting(session_agreements, TodoKind.RATING)

    await rated(session_agreements, pair, side, 3)
    left = await waiting(session_agreements, TodoKind.RATING)
    await commands.take_ratings_back(
        session_agreements, pair.review_id, version=2, calendar=CALENDAR, actor=pair.of(side), now=SPRING
    )

    other = {Side.SCHOOL: ("organization", pair.organization_id), Side.PARTNER: ("school", pair.school_id)}
    assert left == {other[side]}
    assert await waiting(session_agreements, TodoKind.RATING) == both


async def test_who_has_rated_already_is_not_reminded_of_it(session_agreements: AsyncSession) -> None:
    pair = await a_pair(session_agreements)
    await a_referral(session_agreements, pair.school_id, pair.organization_id)
    await rated(session_agreements, pair, Side.SCHOOL, 3)
    await decided(session_agreements, pair)

    await asked(session_agreements, MAY)

    assert await waiting(session_agreements, TodoKind.RATING) == {("organization", pair.organization_id)}
    assert await waiting(session_agreements, TodoKind.YEAR_END_REVIEW) == set()


async def test_the_look_back_waits_for_the_partner_until_it_wrote_and_for_the_school_until_it_decided(
    session_agreements: AsyncSession,
) -> None:
    pair = await a_pair(session_agreements)
    await a_referral(session_agreements, pair.school_id, pair.organization_id)
    await asked(session_agreements, MAY)
    school, partner = ("school", pair.school_id), ("organization", pair.organization_id)
    how: dict[str, Any] = {"calendar": CALENDAR, "now": MAY}

    steps = [await waiting(session_agreements, TodoKind.YEAR_END_REVIEW)]
    await commands.save_year_end(
        session_agreements, pair.review_id, None, entry=a_look_back(), version=0, actor=pair.partner, **how
    )
    steps.append(await waiting(session_agreements, TodoKind.YEAR_END_REVIEW))
    await commands.decide_year_end(
        session_agreements, pair.review_id, None, entry=a_look_back(), version=1, actor=pair.principal, **how
    )
    steps.append(await waiting(session_agreements, TodoKind.YEAR_END_REVIEW))
    await commands.reopen_year_end(session_agreements, pair.review_id, None, version=2, actor=pair.principal, **how)
    steps.append(await waiting(session_agreements, TodoKind.YEAR_END_REVIEW))

    assert steps == [{school, partner}, {school}, set(), {school}]
    (fact,) = await told(session_agreements, YearEndAsked)
    assert fact.on == date(2027, 6, 19)


async def test_the_district_asks_earlier_and_once(session_agreements: AsyncSession) -> None:
    winter = datetime(2027, 1, 10, tzinfo=UTC)
    how: dict[str, Any] = {"year": YEAR, "what": Asked.RATINGS, "calendar": CALENDAR, "actor": the_district()}

    first = await commands.open_round(session_agreements, now=winter, **how)
    again = await commands.open_round(session_agreements, now=SPRING, **how)
    with pytest.raises(Refusal):
        await commands.open_round(session_agreements, now=OVER, **how)

    assert first.answer_by == again.answer_by == date(2027, 2, 8)


async def test_what_still_waits_ends_with_the_year(session_agreements: AsyncSession) -> None:
    pair = await a_pair(session_agreements)
    await a_referral(session_agreements, pair.school_id, pair.organization_id)
    await asked(session_agreements, MAY)

    early = await commands.close_rounds(session_agreements, calendar=CALENDAR, now=MAY)
    closed = [await commands.close_rounds(session_agreements, calendar=CALENDAR, now=OVER) for _ in range(3)]

    assert (early, closed) == (0, [1, 1, 0])
    assert await waiting(session_agreements, TodoKind.RATING) == set()
    assert await waiting(session_agreements, TodoKind.YEAR_END_REVIEW) == set()
    rounds = (await session_agreements.exec(select(ReviewRound))).all()
    assert [one.closed_at for one in rounds] == [OVER, OVER]


async def test_the_jobs_ask_and_end_by_themselves(db_agreements: Database) -> None:
    async with db_agreements.transaction() as session:
        pair = await a_pair(session)
        await a_referral(session, pair.school_id, pair.organization_id)
    settings = Settings()

    for now in (MAY, MAY, MAY):
        await jobs.ask_for_reviews(db_agreements, settings, now)
    for now in (OVER, OVER, OVER):
        await jobs.close_review_rounds(db_agreements, settings, now)

    async with db_agreements.transaction() as session:
        (review,) = (await session.exec(select(Review))).all()
        todos = (await session.exec(select(Todo))).all()
    assert (review.rate_by, review.decide_by) == (date(2027, 6, 19), date(2027, 6, 19))
    assert len(todos) == 4
    assert all(todo.closed_at == OVER for todo in todos)
