"""Whether somebody comes to a meeting: said on a page, by the link in an invitation, or by mail from a calendar."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.meeting_parts import (
    Held,
    about,
    ask_for_answers,
    ask_no_more,
    locked_meeting,
)
from services.agreements.models import Invitee, Occurrence, Presence, Todo
from services.agreements.rules import Answer, Verb, meeting_moved, not_found, phase
from shared.events.agreements import MeetingAnswered
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor, system
from shared.messaging import emit
from shared.refusals import Kind, Refusal

SYSTEM = system("agreements")
OVER = "This meeting is over or was called off. There is nothing to answer."


async def answer_meeting(
    session: AsyncSession,
    meeting_id: UUID,
    *,
    answer: Answer,
    occurrence_id: UUID | None = None,
    way: str = "page",
    actor: Actor,
    now: datetime,
) -> None:
    """Say whether the actor comes: to one date, or (none named) to all that are to come. The last word counts."""
    held = await locked_meeting(session, meeting_id)
    invitee = next((one for one in held.invitees if one.person_id == actor.person_id), None)
    if invitee is None or answer is Answer.NONE:
        raise not_found("meeting")
    date = held.date(occurrence_id) if occurrence_id and held.meeting.rule else _next(held, now)
    meeting_moved(date.status, phase(date.starts_at, now), Verb.ANSWER)
    changed = await (
        _for_one(session, date, invitee, answer)
        if occurrence_id and held.meeting.rule
        else _for_all(session, held, invitee, answer, now)
    )
    await ask_no_more(session, held, [invitee.person_id], actor=actor, now=now)
    if changed:
        of_series = occurrence_id if held.meeting.rule else None
        fact = MeetingAnswered(
            **about(held), person_id=invitee.person_id, answer=answer.value, way=way, occurrence_id=of_series,
            organizer_id=held.meeting.organizer_id, at=date.starts_at,
        )  # fmt: skip
        await emit(session, fact, actor=actor, now=now)


def _next(held: Held, now: datetime) -> Occurrence:
    ahead = held.ahead(now)
    if not ahead:
        raise Refusal(Kind.CONFLICT, "meeting_over", OVER)
    return ahead[0]


async def _for_all(session: AsyncSession, held: Held, invitee: Invitee, answer: Answer, now: datetime) -> bool:
    dates = [one.id for one in held.ahead(now)]
    special = delete(Presence).where(col(Presence.occurrence_id).in_(dates))
    dropped = await session.execute(
        special.where(col(Presence.person_id) == invitee.person_id).returning(col(Presence.answer))
    )
    changed = invitee.answer is not answer or any(other is not answer for other in dropped.scalars())
    invitee.answer, invitee.answered_at, invitee.sequence = answer, now, held.meeting.sequence
    await session.flush()
    return changed


async def _for_one(session: AsyncSession, date: Occurrence, invitee: Invitee, answer: Answer) -> bool:
    known = await session.get(Presence, (date.id, invitee.person_id))
    before = (known.answer if known else None) or invitee.answer
    said = insert(Presence).values(occurrence_id=date.id, person_id=invitee.person_id, answer=answer)
    changed = {"answer": answer}
    await session.execute(said.on_conflict_do_update(index_elements=["occurrence_id", "person_id"], set_=changed))
    return before is not answer


# A day ends at most twelve hours after it does in UTC; a later date is not the one until which the answer was asked.
_BEGUN = text("""
    SELECT DISTINCT todo.about_id FROM todo
    WHERE todo.kind = :kind AND todo.closed_at IS NULL AND NOT EXISTS (
        SELECT FROM occurrence
        WHERE occurrence.meeting_id = todo.about_id AND occurrence.status = 'planned' AND occurrence.starts_at > :now
          AND occurrence.starts_at < CAST(todo.due_on AS timestamp) AT TIME ZONE 'UTC' + interval '36 hours')
    ORDER BY todo.about_id
    LIMIT 50
""")


async def let_answers_go(session: AsyncSession, *, now: datetime) -> int:
    """Wait no more for answers to what has begun, and of a series until its next date; how many meetings it was."""
    begun = await session.execute(_BEGUN, {"kind": TodoKind.MEETING_ANSWER, "now": now})
    ids = begun.scalars().all()
    for id in ids:
        held = await locked_meeting(session, id)
        waited = await session.exec(
            select(Todo.audience_id).where(
                Todo.about_id == id, Todo.kind == TodoKind.MEETING_ANSWER, col(Todo.closed_at).is_(None)
            )
        )
        people = {person_id for person_id in waited if person_id}
        owing = people & await _owing(session, held, now)
        await ask_no_more(session, held, sorted(people - owing), actor=SYSTEM, now=now)
        await ask_for_answers(session, held, sorted(owing), actor=SYSTEM, now=now)
    return len(ids)


async def _owing(session: AsyncSession, held: Held, now: datetime) -> set[UUID]:
    """Who has not said whether they come to what is still to come."""
    ahead = [one.id for one in held.ahead(now)]
    if not ahead:
        return set()
    asked_anew = select(Presence.person_id).where(col(Presence.occurrence_id).in_(ahead))
    unsaid = {one.person_id for one in held.invitees if one.answer is Answer.NONE}
    return unsaid | set(await session.exec(asked_anew.where(Presence.answer == Answer.NONE)))
