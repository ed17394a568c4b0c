"""Once a school year everybody is asked: for ratings, then for the look back at the year's end."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.reviews import about, have_waiting, opened_review
from services.agreements.commands.todos import close_todos
from services.agreements.models import Organization, Review, ReviewRound, School, Sheet, Todo, YearEnd
from services.agreements.queries.partnerships import partnerships
from services.agreements.rules.agreements import Side
from services.agreements.rules.ratings import SheetState
from services.agreements.rules.school_years import Asked, SchoolCalendar, refuse_closed
from services.agreements.rules.year_ends import YearEndState
from shared.events.agreements import RatingsAsked, YearEndAsked
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor, system
from shared.messaging import emit, wake

BATCH = 50
"""Partnerships that are asked in one transaction."""
BY_ITSELF = system("agreements")


async def open_round(
    session: AsyncSession, *, year: int, what: Asked, calendar: SchoolCalendar, actor: Actor, now: datetime
) -> ReviewRound:
    """Have everybody asked; who asks again finds it open with the date that was set first."""
    today = calendar.today(now)
    refuse_closed(calendar, year, today)
    opened = insert(ReviewRound).values(
        year=year,
        what=what,
        answer_by=min(today + timedelta(days=calendar.answer_days), calendar.closes_on(year)),
        opened_at=now,
        opened_by=str(actor),
    )
    await session.execute(opened.on_conflict_do_nothing())
    await wake(session, "jobs")
    return await session.get_one(ReviewRound, (year, what))


async def open_due_rounds(session: AsyncSession, *, calendar: SchoolCalendar, now: datetime) -> None:
    """Open the rounds of this school year whose day has come."""
    today = calendar.today(now)
    year = calendar.year_of(today)
    known = set(await session.exec(select(ReviewRound.what).where(ReviewRound.year == year)))
    for what in Asked:
        if what not in known and today >= calendar.asked_on(year, what):
            await open_round(session, year=year, what=what, calendar=calendar, actor=BY_ITSELF, now=now)


async def ask_next(session: AsyncSession, *, calendar: SchoolCalendar, now: datetime) -> int:
    """Ask some of the partnerships that were not asked yet in a round that is open; returns how many."""
    rounds = await session.exec(
        select(ReviewRound)
        .where(col(ReviewRound.closed_at).is_(None))
        .order_by(col(ReviewRound.year))
        .with_for_update()
    )
    for one in rounds.all():
        pairs = await _not_asked(session, one, calendar)
        for school_id, organization_id in pairs:
            await _ask(session, one, school_id, organization_id, now)
        if pairs:
            return len(pairs)
    return 0


async def _not_asked(session: AsyncSession, one: ReviewRound, calendar: SchoolCalendar) -> list[tuple[UUID, UUID]]:
    pairs = partnerships(calendar, one.year)
    asked_by = Review.rate_by if one.what is Asked.RATINGS else Review.decide_by
    asked = (
        columns(col(Review.id))
        .where(
            col(Review.school_id) == pairs.c.school_id,
            col(Review.organization_id) == pairs.c.organization_id,
            col(Review.year) == one.year,
            col(asked_by).is_not(None),
        )
        .exists()
    )
    found = await session.execute(
        columns(pairs.c.school_id, pairs.c.organization_id)
        .join(School, col(School.id) == pairs.c.school_id)
        .join(Organization, col(Organization.id) == pairs.c.organization_id)
        .where(col(School.active), ~asked)
        .order_by(pairs.c.school_id, pairs.c.organization_id)
        .limit(BATCH)
    )
    return [(school_id, organization_id) for school_id, organization_id in found]


async def _ask(session: AsyncSession, one: ReviewRound, school_id: UUID, organization_id: UUID, now: datetime) -> None:
    review = await opened_review(session, school_id, organization_id, one.year, now=now)
    said = await about(session, review)
    if one.what is Asked.RATINGS:
        review.rate_by = one.answer_by
        await emit(session, RatingsAsked(**said, on=one.answer_by), actor=BY_ITSELF, now=now)
        await _wait_for_ratings(session, review, now)
    else:
        review.decide_by = one.answer_by
        await emit(session, YearEndAsked(**said, on=one.answer_by), actor=BY_ITSELF, now=now)
        await _wait_for_decision(session, review, now)


async def _wait_for_ratings(session: AsyncSession, review: Review, now: datetime) -> None:
    for side in Side:
        sheet = await session.get(Sheet, (review.id, side))
        if sheet is None or sheet.state is not SheetState.GIVEN:
            await have_waiting(session, review, TodoKind.RATING, side, review.rate_by, actor=BY_ITSELF, now=now)


async def _wait_for_decision(session: AsyncSession, review: Review, now: datetime) -> None:
    whole = select(YearEnd).where(
        YearEnd.review_id == review.id, col(YearEnd.program_id).is_(None), YearEnd.state == YearEndState.DECIDED
    )
    if (await session.exec(whole)).first() is None:
        for side in Side:
            kind, due_on = TodoKind.YEAR_END_REVIEW, review.decide_by
            await have_waiting(session, review, kind, side, due_on, actor=BY_ITSELF, now=now)


async def close_rounds(session: AsyncSession, *, calendar: SchoolCalendar, now: datetime) -> int:
    """Take back what still waits of years that are over for good, a part at a time; returns how much that was."""
    rounds = await session.exec(select(ReviewRound).where(col(ReviewRound.closed_at).is_(None)).with_for_update())
    over = [one for one in rounds if calendar.today(now) > calendar.closes_on(one.year)]
    for one in over:
        waiting = await session.exec(
            select(Todo.about_id)
            .join(Review, col(Review.id) == col(Todo.about_id))
            .where(Review.year == one.year, Todo.kind == _KINDS[one.what], col(Todo.closed_at).is_(None))
            .distinct()
            .limit(BATCH)
        )
        if found := waiting.all():
            for review_id in found:
                await close_todos(session, review_id, kind=_KINDS[one.what], actor=BY_ITSELF, now=now)
            return len(found)
        one.closed_at = now
    return 0


_KINDS = {Asked.RATINGS: TodoKind.RATING, Asked.YEAR_END: TodoKind.YEAR_END_REVIEW}
