"""Tables of who works together: the schools that this service knows of, and partner organizations."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from services.agreements.models.base import Table


class School(Table, table=True):
    """A school, as people tells it."""

    id: UUID = Field(primary_key=True)
    name: str
    active: bool = True


class Organization(Table, table=True):
    """A partner organization."""

    id: UUID = Field(primary_key=True)
    name: str
    name_key: str = Field(unique=True)
    """What all spellings of the name have in common."""
    version: int = 1
    registered_at: datetime
    changed_at: datetime
    changed_by: str
    """The actor, as facts name it."""
    changed_by_label: str
    """Who that was, without a name: "The district office"."""
