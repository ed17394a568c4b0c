"""Tables of programs, what happened to them, and imports."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Double, Index, LargeBinary, Text, Uuid, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.agreements.models.base import Table
from services.agreements.rules import Freshness, ProgramStatus
from shared.clock import new_id


class Program(Table, table=True):
    """What a partner organization offers to students."""

    __table_args__ = (
        Index(None, "organization_id", "name_key", "site_key", unique=True),
        Index(None, "needs", postgresql_using="gin"),
        Index(None, "mapping"),
        Index(None, "freshness", "confirmed_at"),
    )

    id: UUID = Field(primary_key=True)
    organization_id: UUID = Field(foreign_key="organization.id")
    name: str
    name_key: str
    description: str = ""
    needs: list[str] = Field(sa_column=Column(ARRAY(Text()), nullable=False))
    grades: list[str] = Field(sa_column=Column(ARRAY(Text()), nullable=False))
    """CEDS codes; empty: every grade."""
    school_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid()), nullable=False))
    """Empty: every school."""
    languages: list[str] = Field(sa_column=Column(ARRAY(Text()), nullable=False))
    schedule: str = ""
    capacity: int | None = None
    contact_name: str = ""
    contact_email: str | None = None
    contact_phone: str | None = None
    contact_extension: str = ""
    site: str = ""
    site_key: str
    latitude: float | None = Field(default=None, sa_type=Double)
    longitude: float | None = Field(default=None, sa_type=Double)
    neighborhood: str = Field(default="", sa_column_kwargs={"server_default": ""})
    minimum_age: int | None = None
    maximum_age: int | None = None
    cost_cents: int | None = None
    currency: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """ISO 4217; empty: the district's."""
    cost_note: str = Field(default="", sa_column_kwargs={"server_default": ""})
    times: list[str] = Field(default=[], sa_column=Column(ARRAY(Text()), nullable=False, server_default="{}"))
    """`MO 15:00-17:30`, in the order of the week."""
    open_places: int | None = None
    url: str = Field(default="", sa_column_kwargs={"server_default": ""})
    status: ProgramStatus
    status_reason: str = ""
    """Why it is paused or closed, in words."""
    version: int = 1
    """Counts the changes; a form says which version it showed."""
    changed_at: datetime
    changed_by: str
    changed_by_label: str
    confirmed_at: datetime = Field(sa_column_kwargs={"server_default": func.now()})
    """When somebody last said that all of this is right."""
    freshness: Freshness = Field(default=Freshness.FRESH, sa_column_kwargs={"server_default": Freshness.FRESH})
    mapping: str | None = None
    """The mapping of the import that it came with; None where it was entered by hand."""
    imported: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    """What the last import said of it, so that the next one only brings what is new."""


class Change(Table, table=True):
    """One line of a program's timeline."""

    __table_args__ = (Index(None, "program_id", "version"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    program_id: UUID = Field(foreign_key="program.id")
    version: int
    """The version that the program had after it."""
    at: datetime
    by_label: str
    what: str
    """`added`, `imported`, `changed`, `opened`, `paused`, `closed` or `confirmed`."""
    fields: list[str] = Field(sa_column=Column(ARRAY(Text()), nullable=False))
    """The fields that became different."""
    words: str = ""


class ProgramImport(Table, table=True):
    """A file of programs: checked, and applied if somebody said so."""

    __tablename__ = "program_import"

    id: UUID = Field(primary_key=True)
    mapping: str
    file_name: str
    content: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    """The file, until it is applied."""
    outcome: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    report: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    checked_at: datetime
    checked_by: str
    applied_at: datetime | None = None
    applied_by: str | None = None
