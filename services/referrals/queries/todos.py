"""What waits for somebody in partnerships: told by agreements, shown on everybody's first page."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.referrals.models import Organization, Program, School, Todo
from services.referrals.queries.shapes import Listed
from shared.events.vocabulary import TodoAudience, TodoKind
from shared.identity import Actor


class TodoLine(BaseModel):
    """One thing that waits, with the names that its words need; a name is None where it does not matter."""

    id: UUID
    kind: TodoKind
    about_id: UUID
    audience: TodoAudience
    school: str | None
    partner: str | None
    program: str | None
    due_on: date | None


async def todo_lines(session: AsyncSession, *, actor: Actor, offset: int, limit: int) -> Listed[TodoLine]:
    """What waits for somebody, the nearest date first, and how much there is in all."""
    mine = _for(actor)
    total = (await session.exec(select(func.count()).select_from(Todo).where(mine))).one()
    if not total:
        return Listed(total=0, items=[])
    found = (
        select(Todo, School.name, Organization.name, Program.name)
        .outerjoin(School, col(School.id) == col(Todo.school_id))
        .outerjoin(Organization, col(Organization.id) == col(Todo.organization_id))
        .outerjoin(Program, col(Program.id) == col(Todo.about_id))
        .where(mine)
        .order_by(col(Todo.due_on).nulls_last(), col(Todo.id))
    )
    rows = await session.exec(found.offset(offset).limit(limit))
    return Listed(total=total, items=[_line(*row) for row in rows])


def _line(todo: Todo, school: str | None, partner: str | None, program: str | None) -> TodoLine:
    return TodoLine(
        id=todo.id,
        kind=todo.kind,
        about_id=todo.about_id,
        audience=todo.audience,
        school=school,
        partner=partner,
        program=program,
        due_on=todo.due_on,
    )


def _for(actor: Actor) -> ColumnElement[bool]:
    """Of the person, the person's schools and organizations, and the district office."""
    ids = [id for id in (actor.person_id, *actor.school_ids, *actor.organization_ids) if id is not None]
    mine = col(Todo.audience_id).in_(ids)
    return or_(mine, col(Todo.audience) == TodoAudience.DISTRICT) if actor.is_district else mine
