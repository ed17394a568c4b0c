"""The look back at the year's end, on a partnership or one of its programs: write, decide, reopen."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.reviews import about, have_waiting, locked_review, no_longer_waiting
from services.agreements.models import Program, Review, YearEnd
from services.agreements.rules import not_found
from services.agreements.rules.agreements import Side
from services.agreements.rules.school_years import SchoolCalendar, refuse_closed
from services.agreements.rules.year_ends import (
    YearEndEntry,
    YearEndMove,
    YearEndState,
    decided,
    valid_year_end,
    year_end_moved,
)
from shared.events.agreements import YearEndDecided, YearEndReopened
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor
from shared.messaging import emit
from shared.refusals import Kind, Refusal


async def save_year_end(
    session: AsyncSession,
    review_id: UUID,
    program_id: UUID | None,
    *,
    entry: YearEndEntry,
    version: int,
    calendar: SchoolCalendar,
    actor: Actor,
    now: datetime,
) -> YearEnd:
    """Keep what both sides write; `program_id` None: about the partnership as a whole.

    Refuses where somebody else changed it after `version` (0: it was not there yet).
    """
    review, side, row = await _locked(session, review_id, program_id, actor)
    refuse_closed(calendar, review.year, calendar.today(now))
    after = year_end_moved(side, row.state if row else YearEndState.NOT_STARTED, YearEndMove.SAVE)
    row = _written(session, review, side, row, program_id, entry, version, after, actor, now)
    if side is Side.PARTNER:
        await no_longer_waiting(session, review, TodoKind.YEAR_END_REVIEW, side, actor=actor, now=now)
    return row


async def decide_year_end(
    session: AsyncSession,
    review_id: UUID,
    program_id: UUID | None,
    *,
    entry: YearEndEntry,
    version: int,
    calendar: SchoolCalendar,
    actor: Actor,
    now: datetime,
) -> YearEnd:
    """Keep what is written and decide: stop, continue or explore."""
    review, side, row = await _locked(session, review_id, program_id, actor)
    values = valid_year_end(entry)
    if row is not None and row.state is YearEndState.DECIDED and _values(row) == values:
        return row
    refuse_closed(calendar, review.year, calendar.today(now))
    state = row.state if row else YearEndState.NOT_STARTED
    if state is YearEndState.NOT_STARTED and side is Side.SCHOOL:
        state = YearEndState.DRAFT
    after = year_end_moved(side, state, YearEndMove.DECIDE)
    decision = decided(values)
    row = _written(session, review, side, row, program_id, entry, version, after, actor, now)
    row.decided_at = now
    fact = YearEndDecided(**await about(session, review), program_id=program_id, decision=decision.value)
    await emit(session, fact, actor=actor, now=now)
    if program_id is None:
        for one in Side:
            await no_longer_waiting(session, review, TodoKind.YEAR_END_REVIEW, one, actor=actor, now=now)
    return row


async def reopen_year_end(
    session: AsyncSession,
    review_id: UUID,
    program_id: UUID | None,
    *,
    version: int,
    calendar: SchoolCalendar,
    actor: Actor,
    now: datetime,
) -> YearEnd:
    """Think a decision over again."""
    review, side, row = await _locked(session, review_id, program_id, actor)
    if row is None:
        raise not_found("review")
    if row.state is YearEndState.DRAFT and row.version == version + 1 and row.changed_by == str(actor):
        return row
    refuse_closed(calendar, review.year, calendar.today(now))
    after = year_end_moved(side, row.state, YearEndMove.REOPEN)
    if row.version != version:
        raise _changed_meanwhile(row)
    _touch(row, side, after, actor, now)
    row.decided_at = None
    fact = YearEndReopened(**await about(session, review), program_id=program_id)
    await emit(session, fact, actor=actor, now=now)
    if program_id is None:
        kind, due_on = TodoKind.YEAR_END_REVIEW, review.decide_by
        await have_waiting(session, review, kind, side, due_on, actor=actor, now=now)
    return row


async def _locked(
    session: AsyncSession, review_id: UUID, program_id: UUID | None, actor: Actor
) -> tuple[Review, Side, YearEnd | None]:
    review, side = await locked_review(session, review_id, actor)
    if program_id is not None:
        program = await session.get(Program, program_id)
        if program is None or program.organization_id != review.organization_id:
            raise not_found("program")
    found = select(YearEnd).where(YearEnd.review_id == review_id, YearEnd.program_id == program_id)
    return review, side, (await session.exec(found)).first()


def _written(
    session: AsyncSession,
    review: Review,
    side: Side,
    row: YearEnd | None,
    program_id: UUID | None,
    entry: YearEndEntry,
    version: int,
    after: YearEndState,
    actor: Actor,
    now: datetime,
) -> YearEnd:
    values = valid_year_end(entry)
    if row is not None and _values(row) == values and row.state is after:
        return row
    if row is None:
        row = YearEnd(
            review_id=review.id, program_id=program_id, changed_at=now, changed_by=str(actor), changed_by_side=side
        )
    elif row.version != version and _values(row) != values:
        raise _changed_meanwhile(row)
    for name, value in values.items():
        setattr(row, name, value or None if name == "decision" else value)
    _touch(row, side, after, actor, now)
    session.add(row)
    return row


def _values(row: YearEnd) -> dict[str, Any]:
    return {name: getattr(row, name) or "" for name in YearEndEntry.model_fields}


def _touch(row: YearEnd, side: Side, after: YearEndState, actor: Actor, now: datetime) -> None:
    row.state = after
    row.version += 1
    row.changed_at, row.changed_by, row.changed_by_side = now, str(actor), side


def _changed_meanwhile(row: YearEnd) -> Refusal:
    said = (
        f"The {row.changed_by_side.value} has changed this since you opened the page. Nothing of yours was saved; "
        "what you wrote is still below."
    )
    return Refusal(Kind.CONFLICT, "stale_version", said)
