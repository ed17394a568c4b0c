"""Tables of who works together: schools and people that this service knows of, and partner organizations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.agreements.models.base import Table


class School(Table, table=True):
    """A school, as people tells it."""

    id: UUID = Field(primary_key=True)
    name: str
    active: bool = True


class Person(Table, table=True):
    """Somebody who works for a school, a partner or the district, as people tells it; nobody else is kept."""

    __table_args__ = (
        Index(None, "school_ids", postgresql_using="gin"),
        Index(None, "organization_ids", postgresql_using="gin"),
        Index("ix_person_district", "is_district", postgresql_where=text("is_district")),
    )

    id: UUID = Field(primary_key=True)
    given_name: str
    family_name: str
    email: str | None = None
    language: str = "en"
    school_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid()), nullable=False))
    """Where the person is school staff."""
    organization_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid()), nullable=False))
    """Where the person is partner staff."""
    is_district: bool = False
    active: bool = True

    @property
    def name(self) -> str:
        """Given name first."""
        return f"{self.given_name} {self.family_name}".strip()


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
