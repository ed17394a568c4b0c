"""What was agreed at meetings: the list of tasks, one of them, and the form."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands, meeting_words, queries
from services.agreements.pages.meetings import kept
from services.agreements.pages.show import form_again, show
from services.agreements.rules import TaskStatus
from services.agreements.settings import settings_of
from shared.clock import new_id, utc_now
from shared.identity import Actor, Staff
from shared.refusals import Refusal
from shared.web import Page, Transaction, see_other

router = APIRouter(prefix="/agreements", include_in_schema=False)

MADE = {
    "changed": "Saved.",
    "finished": "Done. Thank you.",
    "dropped": "It is no longer waited for.",
    "reopened": "It is to be done again; whoever has taken it on is reminded.",
}


class TaskForm(BaseModel):
    """A task as the form sends it; `id` is made with the form, so that sending it twice makes one task."""

    id: UUID = Field(default_factory=new_id)
    version: int = 1
    owner_id: str = ""
    what: str = ""
    on: str = ""


@router.post("/meetings/{meeting_id}/tasks")
async def agree_task(
    request: Request, actor: Staff, session: Transaction, meeting_id: UUID, form: Annotated[TaskForm, Form()]
) -> Response:
    """Note what somebody does."""
    meeting = await kept(session, meeting_id, actor)
    try:
        await commands.agree_task(
            session, task_id=form.id, meeting_id=meeting_id, owner_id=_id(form.owner_id), what=form.what, on=form.on,
            zone=settings_of(request).zone, actor=actor, now=utc_now(),
        )  # fmt: skip
    except Refusal as refusal:
        if not refusal.fields:
            raise
        return form_again(request, actor, "task_form.html", refusal, meeting=meeting, form=form, task=None)
    return see_other(f"/agreements/meetings/{meeting_id}?done=task")


@router.get("/tasks")
async def tasks(
    request: Request, actor: Staff, session: Transaction, paging: Page, state: str = "open", whose: str = "mine"
) -> HTMLResponse:
    """What was agreed at meetings, the first due first."""
    wanted = TaskStatus(state) if state in set(TaskStatus) else None
    found, total = await queries.find_tasks(
        session, actor, status=wanted, mine=whose != "all", offset=paging.offset, limit=paging.limit
    )
    return show(
        request, actor, "tasks.html", tasks=found, total=total, paging=paging, state=state, whose=whose,
        said=meeting_words, today=utc_now().astimezone(settings_of(request).zone).date(),
    )  # fmt: skip


@router.get("/tasks/{task_id}")
async def task(request: Request, actor: Staff, session: Transaction, task_id: UUID, done: str = "") -> HTMLResponse:
    """A task: what it is, and what this person can do with it now."""
    found = await queries.task_view(session, task_id, actor)
    keeps = await _keeps(session, found.meeting_id, actor)
    made = MADE.get(done, "")
    return show(request, actor, "task.html", task=found, keeps_meeting=keeps, said=meeting_words, made=made)


@router.get("/tasks/{task_id}/edit")
async def edit_task(request: Request, actor: Staff, session: Transaction, task_id: UUID) -> HTMLResponse:
    """The form with what the task says now."""
    found = await queries.task_view(session, task_id, actor)
    meeting = await kept(session, found.meeting_id, actor)
    form = TaskForm(
        id=found.id, version=found.version, owner_id=str(found.owner_id), what=found.what, on=found.due_on.isoformat()
    )
    return show(request, actor, "task_form.html", meeting=meeting, form=form, task=found)


@router.post("/tasks/{task_id}")
async def change_task(
    request: Request, actor: Staff, session: Transaction, task_id: UUID, form: Annotated[TaskForm, Form()]
) -> Response:
    """Change what a task says."""
    found = await queries.task_view(session, task_id, actor)
    meeting = await kept(session, found.meeting_id, actor)
    try:
        await commands.change_task(
            session, task_id, version=form.version, owner_id=_id(form.owner_id), what=form.what, on=form.on,
            zone=settings_of(request).zone, actor=actor, now=utc_now(),
        )  # fmt: skip
    except Refusal as refusal:
        if refusal.code == "stale_version":
            # Who has now read that somebody changed it may save all the same.
            form.version = found.version
        elif not refusal.fields:
            raise
        return form_again(request, actor, "task_form.html", refusal, meeting=meeting, form=form, task=found)
    return see_other(f"/agreements/tasks/{task_id}?done=changed")


@router.post("/tasks/{task_id}/finish")
async def finish_task(actor: Staff, session: Transaction, task_id: UUID) -> RedirectResponse:
    """It is done."""
    await commands.finish_task(session, task_id, actor=actor, now=utc_now())
    return see_other(f"/agreements/tasks/{task_id}?done=finished")


@router.post("/tasks/{task_id}/drop")
async def drop_task(actor: Staff, session: Transaction, task_id: UUID) -> RedirectResponse:
    """It is no longer wanted."""
    await commands.drop_task(session, task_id, actor=actor, now=utc_now())
    return see_other(f"/agreements/tasks/{task_id}?done=dropped")


@router.post("/tasks/{task_id}/reopen")
async def reopen_task(request: Request, actor: Staff, session: Transaction, task_id: UUID) -> RedirectResponse:
    """It was not done after all, or is wanted again."""
    await commands.reopen_task(session, task_id, zone=settings_of(request).zone, actor=actor, now=utc_now())
    return see_other(f"/agreements/tasks/{task_id}?done=reopened")


async def _keeps(session: AsyncSession, meeting_id: UUID, actor: Actor) -> bool:
    try:
        return (await queries.meeting_view(session, meeting_id, actor)).keeps
    except Refusal:
        return False  # the owner of a task who is not invited any more


def _id(text: str) -> UUID:
    """The id; of what is none one that nobody has, which is refused where people are looked at."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
