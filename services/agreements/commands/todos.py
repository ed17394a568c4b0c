"""What waits for somebody: open it, close it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Todo
from shared.clock import new_id
from shared.events.agreements import TodoClosed, TodoOpened
from shared.events.vocabulary import TodoAudience, TodoKind
from shared.identity.actor import Actor
from shared.messaging import emit, emit_many


@dataclass(frozen=True, slots=True)
class To:
    """For whom something waits."""

    audience: TodoAudience
    id: UUID | None = None


def for_school(school_id: UUID) -> To:
    """Whoever works at the school."""
    return To(TodoAudience.SCHOOL, school_id)


def for_organization(organization_id: UUID) -> To:
    """Whoever works for the partner organization."""
    return To(TodoAudience.ORGANIZATION, organization_id)


def for_district() -> To:
    """The district office."""
    return To(TodoAudience.DISTRICT)


def for_person(person_id: UUID) -> To:
    """One person."""
    return To(TodoAudience.PERSON, person_id)


async def open_todo(
    session: AsyncSession,
    kind: TodoKind,
    about_id: UUID,
    *,
    to: To,
    school_id: UUID | None = None,
    organization_id: UUID | None = None,
    due_on: date | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Have something wait for somebody; what waits already gets the new date, and the same date changes nothing."""
    opened = insert(Todo).values(
        id=new_id(),
        kind=kind,
        about_id=about_id,
        audience=to.audience,
        audience_id=to.id,
        school_id=school_id,
        organization_id=organization_id,
        due_on=due_on,
        opened_at=now,
    )
    opened = opened.on_conflict_do_update(
        index_elements=["about_id", "kind", "audience", "audience_id"],
        index_where=text("closed_at IS NULL"),
        set_={"due_on": due_on},
        where=col(Todo.due_on).is_distinct_from(due_on),
    )
    todo_id = (await session.execute(opened.returning(col(Todo.id)))).scalar_one_or_none()
    if todo_id is None:
        return
    fact = TodoOpened(
        todo_id=todo_id,
        kind=kind,
        about_id=about_id,
        audience=to.audience,
        audience_id=to.id,
        school_id=school_id,
        organization_id=organization_id,
        due_on=due_on,
    )
    await emit(session, fact, actor=actor, now=now)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that is to wait for somebody."""

    kind: TodoKind
    about_id: UUID
    to: To
    school_id: UUID | None = None
    organization_id: UUID | None = None
    due_on: date | None = None


_OPEN_MANY = text("""
    INSERT INTO todo (id, kind, about_id, audience, audience_id, school_id, organization_id, due_on, opened_at)
    SELECT id, kind, about_id, audience, audience_id, school_id, organization_id, due_on, :now
    FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:about AS uuid[]), CAST(:audiences AS text[]),
                CAST(:audience_ids AS uuid[]), CAST(:schools AS uuid[]), CAST(:organizations AS uuid[]),
                CAST(:dues AS date[]))
         AS wanted (id, kind, about_id, audience, audience_id, school_id, organization_id, due_on)
    ON CONFLICT (about_id, kind, audience, audience_id) WHERE closed_at IS NULL
    DO UPDATE SET due_on = excluded.due_on WHERE todo.due_on IS DISTINCT FROM excluded.due_on
    RETURNING id AS todo_id, kind, about_id, audience, audience_id, school_id, organization_id, due_on
""")


async def open_todos(session: AsyncSession, wanted: Iterable[Wanted], *, actor: Actor, now: datetime) -> None:
    """As `open_todo` for hundreds at once; each of them at most once."""
    each = list({(one.kind, one.about_id, one.to): one for one in wanted}.values())
    if not each:
        return
    values = {
        "now": now,
        "ids": [new_id() for _ in each],
        "kinds": [one.kind.value for one in each],
        "about": [one.about_id for one in each],
        "audiences": [one.to.audience.value for one in each],
        "audience_ids": [one.to.id for one in each],
        "schools": [one.school_id for one in each],
        "organizations": [one.organization_id for one in each],
        "dues": [one.due_on for one in each],
    }
    rows = (await session.execute(_OPEN_MANY, values)).mappings().all()
    await emit_many(session, [TodoOpened(**row) for row in rows], actor=actor, now=now)


async def close_many(
    session: AsyncSession, about_ids: Collection[UUID], kinds: Collection[TodoKind], *, actor: Actor, now: datetime
) -> None:
    """Close what waits of these kinds about these things, for whomever."""
    closed = update(Todo).where(
        col(Todo.about_id).in_(about_ids), col(Todo.kind).in_(kinds), col(Todo.closed_at).is_(None)
    )
    ids = (await session.execute(closed.values(closed_at=now).returning(col(Todo.id)))).scalars().all()
    await emit_many(session, [TodoClosed(todo_id=id) for id in sorted(ids)], actor=actor, now=now)


async def close_todos(
    session: AsyncSession,
    about_id: UUID,
    *,
    kind: TodoKind | None = None,
    to: To | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Close what waits about a thing, of one kind or for one side where that is named; nothing there is no fault."""
    closed = update(Todo).where(col(Todo.about_id) == about_id, col(Todo.closed_at).is_(None))
    if kind is not None:
        closed = closed.where(col(Todo.kind) == kind)
    if to is not None:
        closed = closed.where(col(Todo.audience) == to.audience, col(Todo.audience_id).is_not_distinct_from(to.id))
    ids = (await session.execute(closed.values(closed_at=now).returning(col(Todo.id)))).scalars().all()
    await emit_many(session, [TodoClosed(todo_id=id) for id in sorted(ids)], actor=actor, now=now)
