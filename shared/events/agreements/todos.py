"""Facts about what waits for somebody."""

from datetime import date
from uuid import UUID

from shared.events.agreements.topics import EVENTS
from shared.events.base import Fact, fact
from shared.events.vocabulary import TodoAudience, TodoKind


@fact("todo.opened.v1", topic=EVENTS, key="todo_id")
class TodoOpened(Fact):
    """Something waits for somebody; said again where only its date moved."""

    todo_id: UUID
    kind: TodoKind
    about_id: UUID
    """The thing that it is done at: an agreement, a meeting, a program, an organization."""
    audience: TodoAudience
    audience_id: UUID | None = None
    """Which school, organization or person; None for the district office."""
    school_id: UUID | None = None
    """The school that it concerns."""
    organization_id: UUID | None = None
    """The partner organization that it concerns."""
    due_on: date | None = None


@fact("todo.closed.v1", topic=EVENTS, key="todo_id")
class TodoClosed(Fact):
    """It is done, or no longer wanted."""

    todo_id: UUID
