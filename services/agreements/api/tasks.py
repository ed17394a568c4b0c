"""JSON routes about what meetings agreed on, and the addresses of calendars."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.agreements import commands, queries
from services.agreements.api.versions import Version
from services.agreements.queries import TaskView
from services.agreements.rules import TaskStatus
from services.agreements.settings import settings_of
from shared.clock import new_id, utc_now
from shared.identity import Staff
from shared.web import Page, Transaction

router = APIRouter(prefix="/agreements/api/v1", tags=["tasks"])


class TaskList(BaseModel):
    """A part of a list of tasks."""

    items: list[TaskView]
    total: int


class NewTask(BaseModel):
    """What somebody who is invited does by a date; the same id again gives the task that was there first."""

    id: UUID = Field(default_factory=new_id)
    owner_id: UUID
    what: str
    due_on: date


class ChangedTask(BaseModel):
    """All that a task says from now on."""

    version: Version
    owner_id: UUID
    what: str
    due_on: date


class CalendarView(BaseModel):
    """The secret address of the caller's calendar; None where there is none."""

    address: str | None


@router.post("/meetings/{meeting_id}/tasks", status_code=201)
async def agree_task(request: Request, actor: Staff, session: Transaction, meeting_id: UUID, body: NewTask) -> TaskView:
    """Note what somebody does by a date."""
    made = await commands.agree_task(
        session, task_id=body.id, meeting_id=meeting_id, owner_id=body.owner_id, what=body.what,
        on=body.due_on.isoformat(), zone=settings_of(request).zone, actor=actor, now=utc_now(),
    )  # fmt: skip
    return await queries.task_view(session, made.id, actor)


@router.get("/tasks")
async def tasks(
    actor: Staff, session: Transaction, paging: Page, status: TaskStatus | None = None, mine: bool = True
) -> TaskList:
    """What was agreed at meetings, the first due first; the caller's own tasks unless `mine` is false."""
    items, total = await queries.find_tasks(
        session, actor, status=status, mine=mine, offset=paging.offset, limit=paging.limit
    )
    return TaskList(items=items, total=total)


@router.get("/tasks/{task_id}")
async def task(actor: Staff, session: Transaction, task_id: UUID) -> TaskView:
    """One task."""
    return await queries.task_view(session, task_id, actor)


@router.put("/tasks/{task_id}")
async def change_task(
    request: Request, actor: Staff, session: Transaction, task_id: UUID, body: ChangedTask
) -> TaskView:
    """Give a task other words, another owner or another date."""
    await commands.change_task(
        session, task_id, version=body.version, owner_id=body.owner_id, what=body.what, on=body.due_on.isoformat(),
        zone=settings_of(request).zone, actor=actor, now=utc_now(),
    )  # fmt: skip
    return await queries.task_view(session, task_id, actor)


@router.post("/tasks/{task_id}/finish")
async def finish_task(actor: Staff, session: Transaction, task_id: UUID) -> TaskView:
    """It is done; saying so twice changes nothing."""
    await commands.finish_task(session, task_id, actor=actor, now=utc_now())
    return await queries.task_view(session, task_id, actor)


@router.post("/tasks/{task_id}/drop")
async def drop_task(actor: Staff, session: Transaction, task_id: UUID) -> TaskView:
    """It is no longer wanted."""
    await commands.drop_task(session, task_id, actor=actor, now=utc_now())
    return await queries.task_view(session, task_id, actor)


@router.post("/tasks/{task_id}/reopen")
async def reopen_task(request: Request, actor: Staff, session: Transaction, task_id: UUID) -> TaskView:
    """It was not done after all, or is wanted again."""
    await commands.reopen_task(session, task_id, zone=settings_of(request).zone, actor=actor, now=utc_now())
    return await queries.task_view(session, task_id, actor)


@router.get("/calendar")
async def calendar(request: Request, actor: Staff, session: Transaction) -> CalendarView:
    """The secret address under which calendar programs read the caller's meetings."""
    assert actor.person_id is not None
    return _calendar(request, await queries.calendar_secret(session, actor.person_id))


@router.post("/calendar", status_code=201)
async def open_calendar(request: Request, actor: Staff, session: Transaction) -> CalendarView:
    """Make a secret address; the one from before works no more."""
    return _calendar(request, await commands.open_calendar(session, actor=actor, now=utc_now()))


@router.delete("/calendar", status_code=204)
async def close_calendar(actor: Staff, session: Transaction) -> None:
    """End the secret address."""
    await commands.close_calendar(session, actor=actor, now=utc_now())


def _calendar(request: Request, secret: str | None) -> CalendarView:
    base = settings_of(request).public_url.rstrip("/")
    return CalendarView(address=f"{base}/agreements/calendar/{secret}.ics" if secret else None)
