"""What was agreed at a meeting: given to somebody, changed, done, dropped, and reminded of."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.meeting_parts import kept_meeting, locked_meeting, noted
from services.agreements.commands.meeting_reminders import clock_of, wishes_of
from services.agreements.commands.todos import close_todos, for_person, open_todo
from services.agreements.models import Meeting, Task
from services.agreements.queries.meeting_people import may_change
from services.agreements.rules import (
    TaskStatus,
    TaskVerb,
    next_task_reminder,
    not_found,
    task_moved,
    valid_task,
)
from shared.events.agreements import TaskAgreed, TaskDone, TaskDropped, TaskReminderDue, TaskReworded
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor, system
from shared.messaging import emit
from shared.refusals import Kind, Refusal

SYSTEM = system("agreements")
BATCH = 200


async def agree_task(
    session: AsyncSession,
    *,
    task_id: UUID,
    meeting_id: UUID,
    owner_id: UUID,
    what: str,
    on: str,
    zone: ZoneInfo,
    actor: Actor,
    now: datetime,
) -> Task:
    """Note what somebody who is invited does by a date; the same id again gives the task that is there."""
    held = await kept_meeting(session, meeting_id, actor)
    known = await session.get(Task, task_id)
    if known is not None:
        if known.meeting_id != meeting_id:
            raise not_found("task")
        return known
    words, due_on = valid_task(what, on)
    _refuse_stranger(owner_id, held.person_ids)
    task = Task(
        id=task_id, meeting_id=meeting_id, owner_id=owner_id, what=words, due_on=due_on, agreed_at=now,
        changed_at=now, changed_by=str(actor), changed_by_id=actor.person_id,
    )  # fmt: skip
    session.add_all([task, noted(held.meeting, "task", actor=actor, now=now)])
    await _wait_for(session, task, held.meeting, zone=zone, actor=actor, now=now)
    await emit(session, TaskAgreed(**_about(task, held.meeting)), actor=actor, now=now)
    return task


async def change_task(
    session: AsyncSession,
    task_id: UUID,
    *,
    version: int,
    owner_id: UUID,
    what: str,
    on: str,
    zone: ZoneInfo,
    actor: Actor,
    now: datetime,
) -> Task:
    """Give a task other words, another owner or another date."""
    task = await _task(session, task_id)
    held = await kept_meeting(session, task.meeting_id, actor)
    await session.refresh(task, with_for_update=True)
    words, due_on = valid_task(what, on)
    if (task.what, task.due_on, task.owner_id) == (words, due_on, owner_id):
        return task
    task_moved(task.status, TaskVerb.CHANGE)
    _refuse_stale(task, version)
    _refuse_stranger(owner_id, (*held.person_ids, task.owner_id))
    if task.owner_id != owner_id:
        await close_todos(session, task.id, actor=actor, now=now)
    told = (task.due_on, task.owner_id) != (due_on, owner_id)
    task.what, task.due_on, task.owner_id = words, due_on, owner_id
    _touch(task, actor, now)
    await _wait_for(session, task, held.meeting, zone=zone, actor=actor, now=now)
    said = TaskAgreed if told else TaskReworded
    await emit(session, said(**_about(task, held.meeting)), actor=actor, now=now)
    return task


async def finish_task(session: AsyncSession, task_id: UUID, *, actor: Actor, now: datetime) -> Task:
    """It is done; its owner says so, or whoever keeps the meeting."""
    task, meeting = await _moved(session, task_id, TaskVerb.FINISH, TaskStatus.DONE, actor, now)
    if task.changed_at == now:
        await close_todos(session, task.id, actor=actor, now=now)
        await emit(session, TaskDone(**_about(task, meeting)), actor=actor, now=now)
    return task


async def drop_task(session: AsyncSession, task_id: UUID, *, actor: Actor, now: datetime) -> Task:
    """It is no longer wanted."""
    task, meeting = await _moved(session, task_id, TaskVerb.DROP, TaskStatus.DROPPED, actor, now)
    if task.changed_at == now:
        await close_todos(session, task.id, actor=actor, now=now)
        await emit(session, TaskDropped(**_about(task, meeting)), actor=actor, now=now)
    return task


async def reopen_task(session: AsyncSession, task_id: UUID, *, zone: ZoneInfo, actor: Actor, now: datetime) -> Task:
    """It was not done after all, or is wanted again."""
    task, meeting = await _moved(session, task_id, TaskVerb.REOPEN, TaskStatus.OPEN, actor, now)
    if task.changed_at == now:
        await _wait_for(session, task, meeting, zone=zone, actor=actor, now=now)
        await emit(session, TaskAgreed(**_about(task, meeting)), actor=actor, now=now)
    return task


async def hand_over_tasks(
    session: AsyncSession,
    meeting: Meeting,
    leaver_id: UUID,
    successor_id: UUID,
    *,
    zone: ZoneInfo,
    actor: Actor,
    now: datetime,
) -> int:
    """Have somebody do what a leaver took on at a meeting, which is locked; how many tasks that were."""
    open = select(Task).where(Task.meeting_id == meeting.id, Task.owner_id == leaver_id, Task.status == TaskStatus.OPEN)
    tasks = (await session.exec(open.order_by(col(Task.id)).with_for_update())).all()
    for task in tasks:
        await close_todos(session, task.id, actor=actor, now=now)
        task.owner_id = successor_id
        _touch(task, actor, now)
        await _wait_for(session, task, meeting, zone=zone, actor=actor, now=now)
        await emit(session, TaskAgreed(**_about(task, meeting)), actor=actor, now=now)
    return len(tasks)


async def _moved(
    session: AsyncSession, task_id: UUID, verb: TaskVerb, to: TaskStatus, actor: Actor, now: datetime
) -> tuple[Task, Meeting]:
    """The task after a move by its owner or a keeper of the meeting; one that stands there already stays untouched."""
    task = await _task(session, task_id)
    meeting = (await locked_meeting(session, task.meeting_id)).meeting
    await session.refresh(task, with_for_update=True)
    keeps = await may_change(session, actor, meeting)
    if not keeps and (actor.person_id != task.owner_id or verb is TaskVerb.DROP):
        raise not_found("task")
    if task.status is not to:
        task.status = task_moved(task.status, verb)
        _touch(task, actor, now)
        await session.flush()
    return task, meeting


async def _task(session: AsyncSession, task_id: UUID) -> Task:
    task = await session.get(Task, task_id)
    if task is None:
        raise not_found("task")
    return task


def _touch(task: Task, actor: Actor, now: datetime) -> None:
    task.version += 1
    task.changed_at, task.changed_by, task.changed_by_id = now, str(actor), actor.person_id


def _refuse_stale(task: Task, version: int) -> None:
    if task.version != version:
        said = "Somebody changed this task after you opened the form. Nothing was saved. Look at it again, then decide."
        raise Refusal(Kind.CONFLICT, "stale_version", said)


def _refuse_stranger(owner_id: UUID, ids: tuple[UUID, ...]) -> None:
    if owner_id not in ids:
        said = "Choose somebody who is invited to this meeting."
        raise Refusal(Kind.INVALID, "task_invalid", said, fields={"owner_id": said})


async def _wait_for(
    session: AsyncSession, task: Task, meeting: Meeting, *, zone: ZoneInfo, actor: Actor, now: datetime
) -> None:
    """Plan the next reminder, and have the task wait for its owner."""
    wish = (await wishes_of(session, [task.owner_id])).get(task.owner_id)
    task.remind_at = next_task_reminder(task.due_on, clock_of(wish, zone), now)
    await session.flush()
    await open_todo(
        session, TodoKind.TASK, task.id, to=for_person(task.owner_id), school_id=meeting.school_id,
        organization_id=meeting.organization_id, due_on=task.due_on, actor=actor, now=now,
    )  # fmt: skip


def _about(task: Task, meeting: Meeting) -> dict[str, object]:
    return {
        "task_id": task.id,
        "meeting_id": task.meeting_id,
        "person_id": task.owner_id,
        "on": task.due_on,
        "school_id": meeting.school_id,
        "organization_id": meeting.organization_id,
    }


async def remind_of_tasks(session: AsyncSession, *, zone: ZoneInfo, now: datetime) -> int:
    """Remind the owners of open tasks whose morning has come; how many there were."""
    due = (
        select(Task, Meeting)
        .join(Meeting, col(Meeting.id) == col(Task.meeting_id))
        .where(Task.status == TaskStatus.OPEN, col(Task.remind_at) <= now)
        .order_by(col(Task.remind_at))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    found = (await session.exec(due)).all()
    wishes = await wishes_of(session, [task.owner_id for task, _ in found])
    facts = []
    for task, meeting in found:
        clock = clock_of(wishes.get(task.owner_id), zone)
        task.remind_at = next_task_reminder(task.due_on, clock, now)
        overdue = now.astimezone(clock).date() > task.due_on
        facts.append(TaskReminderDue(**_about(task, meeting), overdue=overdue))
    if facts:
        await session.flush()
        await emit(session, *facts, actor=SYSTEM, now=now)
    return len(found)
