"""What is asked about what meetings agreed on."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Meeting, Task
from services.agreements.queries.meeting_people import seen_by
from services.agreements.queries.people import person_names
from services.agreements.rules import TaskStatus, not_found
from shared.identity.actor import Actor


class TaskView(BaseModel):
    """What somebody does because a meeting agreed on it."""

    id: UUID
    meeting_id: UUID
    title: str
    """Of the meeting."""
    owner_id: UUID
    owner: str
    what: str
    due_on: date
    status: TaskStatus
    version: int


async def find_tasks(
    session: AsyncSession,
    actor: Actor,
    *,
    status: TaskStatus | None = TaskStatus.OPEN,
    mine: bool = False,
    meeting_id: UUID | None = None,
    task_id: UUID | None = None,
    offset: int = 0,
    limit: int = 25,
) -> tuple[list[TaskView], int]:
    """Tasks of meetings that the actor may read, the first due first, and how many there are in all."""
    seen = seen_by(actor)
    own = col(Task.owner_id) == actor.person_id
    fits: list[ColumnElement[bool]] = []
    if mine:
        fits.append(own)
    elif seen is not None:
        fits.append(or_(own, seen))
    for column, wanted in ((Task.status, status), (Task.meeting_id, meeting_id), (Task.id, task_id)):
        if wanted is not None:
            fits.append(col(column) == wanted)
    joined = select(Task, Meeting.title).join(Meeting, col(Meeting.id) == col(Task.meeting_id)).where(*fits)
    rows = (await session.exec(joined.order_by(col(Task.due_on), col(Task.id)).offset(offset).limit(limit))).all()
    counted = joined.with_only_columns(func.count(), maintain_column_froms=True)
    names = await person_names(session, {task.owner_id for task, _ in rows})
    return [_task(task, title, names) for task, title in rows], (await session.execute(counted)).scalar_one()


def _task(task: Task, title: str, names: dict[UUID, str]) -> TaskView:
    fields = {name: getattr(task, name) for name in TaskView.model_fields if hasattr(task, name)}
    return TaskView(**fields, title=title, owner=names[task.owner_id])


async def task_view(session: AsyncSession, task_id: UUID, actor: Actor) -> TaskView:
    """One task; for who may not read its meeting, and is not its owner, there is none."""
    found, _ = await find_tasks(session, actor, status=None, task_id=task_id)
    if not found:
        raise not_found("task")
    return found[0]
