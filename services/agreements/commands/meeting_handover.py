"""Somebody leaves: another person takes over the meetings that are to come, the minutes and the tasks."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.meeting_parts import (
    Held,
    about,
    ask_for_answers,
    locked_meeting,
    noted,
    state_of_meeting,
    touch,
)
from services.agreements.commands.meeting_reminders import plan_reminders
from services.agreements.commands.meetings import invite, uninvite
from services.agreements.commands.tasks import hand_over_tasks
from services.agreements.commands.todos import close_todos, for_person, open_todo
from services.agreements.models import Invitee, Meeting, Task, Todo
from services.agreements.rules import TaskStatus
from shared.events.agreements import MeetingInvited, MeetingUninvited
from shared.events.base import Fact
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor
from shared.messaging import emit


@dataclass(frozen=True, slots=True)
class Handover:
    """Who follows whom, and who says so when."""

    leaver_id: UUID
    successor_id: UUID
    actor: Actor
    now: datetime
    zone: ZoneInfo
    """The district's."""


async def hand_over_meetings(
    session: AsyncSession, one: Handover, *, schools: Collection[UUID], organizations: Collection[UUID]
) -> tuple[int, int]:
    """Let the successor come, and do what was agreed, in all meetings of these schools and partners; how many of each.

    What took place stays as it was: the leaver was there.
    """
    meetings = tasks = 0
    for id in await _meetings_of(session, one.leaver_id, schools, organizations):
        held = await locked_meeting(session, id)
        meetings += await _take_over(session, held, one)
        await _take_over_minutes(session, held.meeting, one)
        tasks += await hand_over_tasks(
            session, held.meeting, one.leaver_id, one.successor_id, zone=one.zone, actor=one.actor, now=one.now
        )
    return meetings, tasks


async def _meetings_of(
    session: AsyncSession, person_id: UUID, schools: Collection[UUID], organizations: Collection[UUID]
) -> list[UUID]:
    """Meetings of these sides that somebody called, is invited to, or has an open task of; in one order."""
    invited = select(Invitee.meeting_id).where(Invitee.person_id == person_id)
    owed = select(Task.meeting_id).where(Task.owner_id == person_id, Task.status == TaskStatus.OPEN)
    found = select(Meeting.id).where(
        or_(col(Meeting.school_id).in_(schools), col(Meeting.organization_id).in_(organizations)),
        or_(Meeting.organizer_id == person_id, col(Meeting.id).in_(invited), col(Meeting.id).in_(owed)),
    )
    return list(await session.exec(found.order_by(col(Meeting.id))))


async def _take_over(session: AsyncSession, held: Held, one: Handover) -> int:
    """Call it in the leaver's place, and come to what is still to come; whether anything changed."""
    called = held.meeting.organizer_id == one.leaver_id
    ahead = held.ahead(one.now)
    comes = bool(ahead) and (called or one.leaver_id in held.person_ids)
    if not called and not comes:
        return 0
    touch(held.meeting, actor=one.actor, now=one.now, calendars=comes)
    if called:
        held.meeting.organizer_id = one.successor_id
    facts: list[Fact] = []
    if comes:
        at = ahead[0].starts_at
        new = [one.successor_id] if one.successor_id not in held.person_ids else []
        gone = [one.leaver_id] if one.leaver_id in held.person_ids else []
        await uninvite(session, held, gone, actor=one.actor, now=one.now)
        await invite(session, held, new, actor=one.actor, now=one.now)
        await plan_reminders(session, held, ahead, new, zone=one.zone, now=one.now)
        await ask_for_answers(session, held, new, actor=one.actor, now=one.now)
        facts += [MeetingInvited(**about(held), person_ids=tuple(new), at=at)] if new else []
        facts += [MeetingUninvited(**about(held), person_ids=tuple(gone), at=at)] if gone else []
    session.add(noted(held.meeting, "handed_over", actor=one.actor, now=one.now))
    await session.flush()
    await emit(session, state_of_meeting(held), *facts, actor=one.actor, now=one.now)
    return 1


async def _take_over_minutes(session: AsyncSession, meeting: Meeting, one: Handover) -> None:
    """Minutes that waited for the leaver wait for the successor."""
    waits = select(Todo).where(
        Todo.about_id == meeting.id,
        Todo.kind == TodoKind.MEETING_MINUTES,
        Todo.audience_id == one.leaver_id,
        col(Todo.closed_at).is_(None),
    )
    for todo in (await session.exec(waits)).all():
        to = for_person(one.leaver_id)
        await close_todos(session, meeting.id, kind=todo.kind, to=to, actor=one.actor, now=one.now)
        await open_todo(
            session, todo.kind, meeting.id, to=for_person(one.successor_id), school_id=meeting.school_id,
            organization_id=meeting.organization_id, due_on=todo.due_on, actor=one.actor, now=one.now,
        )  # fmt: skip
