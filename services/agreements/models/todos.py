"""What waits for somebody."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from services.agreements.models.base import Table
from shared.events.vocabulary import TodoAudience, TodoKind


class Todo(Table, table=True):
    """One thing that waits for a school, a partner, the district office or a person, until it is closed."""

    __table_args__ = (
        Index(
            "ix_todo_open_once",
            "about_id",
            "kind",
            "audience",
            "audience_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_todo_open_of", "audience_id", postgresql_where=text("closed_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    kind: TodoKind
    about_id: UUID
    audience: TodoAudience
    audience_id: UUID | None = None
    school_id: UUID | None = None
    organization_id: UUID | None = None
    due_on: date | None = None
    opened_at: datetime
    closed_at: datetime | None = None
