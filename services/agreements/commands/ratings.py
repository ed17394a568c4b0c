"""Ratings of a partnership by one side: save, give, take back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.reviews import about, have_waiting, locked_review, no_longer_waiting
from services.agreements.frameworks import the_framework
from services.agreements.models import Rating, Review, Sheet
from services.agreements.rules.agreements import Side
from services.agreements.rules.ratings import (
    Rated,
    RatingEntry,
    SheetMove,
    SheetState,
    missing,
    refuse_missing,
    sheet_moved,
    valid_ratings,
)
from services.agreements.rules.school_years import SchoolCalendar, refuse_closed
from shared.events.agreements import IndicatorRating, RatingsGiven, RatingsTakenBack
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor
from shared.messaging import emit
from shared.refusals import Kind, Refusal


async def save_ratings(
    session: AsyncSession,
    review_id: UUID,
    *,
    entries: Sequence[RatingEntry],
    version: int,
    calendar: SchoolCalendar,
    actor: Actor,
    now: datetime,
) -> Sheet:
    """Keep what was rated so far; indicators that are not named stay as they are.

    Colleagues may rate at once: refused is only who would overwrite an indicator that changed after `version`.
    """
    review, side = await locked_review(session, review_id, actor)
    refuse_closed(calendar, review.year, calendar.today(now))
    sheet = await session.get(Sheet, (review.id, side))
    after = sheet_moved(sheet.state if sheet else SheetState.NOT_STARTED, SheetMove.SAVE)
    rated = valid_ratings(entries, the_framework())
    known = await _ratings(session, review, side)
    changed = {code: one for code, one in rated.items() if _differs(known.get(code), one)}
    if not changed and sheet is not None:
        return sheet
    _refuse_stale(known, changed, version)
    sheet = sheet or Sheet(review_id=review.id, side=side, changed_at=now, changed_by=str(actor))
    _touch(sheet, after, actor, now)
    session.add(sheet)
    _write(session, sheet, known, changed)
    return sheet


async def give_ratings(
    session: AsyncSession, review_id: UUID, *, version: int, calendar: SchoolCalendar, actor: Actor, now: datetime
) -> Sheet:
    """Say that the ratings stand as they are; the other side sees them once it has given its own."""
    review, side = await locked_review(session, review_id, actor)
    sheet = await session.get(Sheet, (review.id, side))
    if sheet is not None and _is_replay(sheet, SheetState.GIVEN, version, actor):
        return sheet
    refuse_closed(calendar, review.year, calendar.today(now))
    after = sheet_moved(sheet.state if sheet else SheetState.NOT_STARTED, SheetMove.GIVE)
    assert sheet is not None
    if sheet.version != version:
        raise _changed_meanwhile()
    known = await _ratings(session, review, side)
    refuse_missing(missing(the_framework(), {code: row.answer for code, row in known.items()}), the_framework())
    _touch(sheet, after, actor, now)
    sheet.given_at = now
    await emit(session, await _given(session, review, side, known), actor=actor, now=now)
    await no_longer_waiting(session, review, TodoKind.RATING, side, actor=actor, now=now)
    return sheet


async def take_ratings_back(
    session: AsyncSession, review_id: UUID, *, version: int, calendar: SchoolCalendar, actor: Actor, now: datetime
) -> Sheet:
    """Rate anew; until they are given again the ratings count nowhere."""
    review, side = await locked_review(session, review_id, actor)
    sheet = await session.get(Sheet, (review.id, side))
    if sheet is not None and _is_replay(sheet, SheetState.DRAFT, version, actor):
        return sheet
    refuse_closed(calendar, review.year, calendar.today(now))
    after = sheet_moved(sheet.state if sheet else SheetState.NOT_STARTED, SheetMove.TAKE_BACK)
    assert sheet is not None
    if sheet.version != version:
        raise _changed_meanwhile()
    _touch(sheet, after, actor, now)
    sheet.given_at = None
    fact = RatingsTakenBack(**await about(session, review), side=side.value)
    await emit(session, fact, actor=actor, now=now)
    await have_waiting(session, review, TodoKind.RATING, side, review.rate_by, actor=actor, now=now)
    return sheet


async def _ratings(session: AsyncSession, review: Review, side: Side) -> dict[str, Rating]:
    rows = await session.exec(select(Rating).where(Rating.review_id == review.id, Rating.side == side))
    return {row.indicator: row for row in rows}


def _differs(row: Rating | None, rated: Rated) -> bool:
    return rated != (Rated(row.answer, row.evidence) if row else Rated(None, ""))


def _touch(sheet: Sheet, after: SheetState, actor: Actor, now: datetime) -> None:
    sheet.state = after
    sheet.version += 1
    sheet.changed_at, sheet.changed_by = now, str(actor)


def _write(session: AsyncSession, sheet: Sheet, known: Mapping[str, Rating], changed: Mapping[str, Rated]) -> None:
    for code, rated in changed.items():
        row = known.get(code) or Rating(review_id=sheet.review_id, side=sheet.side, indicator=code, version=0)
        row.answer, row.evidence, row.version = rated.answer, rated.evidence, sheet.version
        session.add(row)


def _is_replay(sheet: Sheet, state: SheetState, version: int, actor: Actor) -> bool:
    """The same person made this move on that version already: the form came twice."""
    return sheet.state is state and sheet.version == version + 1 and sheet.changed_by == str(actor)


def _refuse_stale(known: Mapping[str, Rating], changed: Mapping[str, Rated], version: int) -> None:
    late = [code for code in changed if code in known and known[code].version > version]
    if late:
        said = (
            f"A colleague has rated {', '.join(late)} since you opened this page. What you chose is still below; "
            "save again if yours is to stand."
        )
        raise Refusal(Kind.CONFLICT, "stale_version", said)


def _changed_meanwhile() -> Refusal:
    said = "A colleague has changed these ratings since you opened this page. Look at them again, then decide."
    return Refusal(Kind.CONFLICT, "stale_version", said)


async def _given(session: AsyncSession, review: Review, side: Side, known: Mapping[str, Rating]) -> RatingsGiven:
    ratings = tuple(
        IndicatorRating(indicator=code, answer=known[code].answer or "") for code in the_framework().indicators
    )
    return RatingsGiven(
        **await about(session, review),
        side=side.value,
        framework=review.framework,
        framework_version=review.framework_version,
        ratings=ratings,
    )
