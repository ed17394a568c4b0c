"""Whether somebody comes to a meeting: said on a page, by the link in an invitation, or by mail from a calendar."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.meeting_parts import Held, about, ask_no_more, locked_meeting
from services.agreements.models import Invitee, Occurrence, Presence
from services.agreements.rules import Answer, Verb, meeting_moved, not_found, phase
from shared.events.agreements import MeetingAnswered
from shared.identity.actor import Actor
from shared.messaging import emit
from shared.refusals import Kind, Refusal

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
