"""The tables of notifications: whom it knows, what it told them, and what became of each delivery."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, Integer, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from services.notifications.rules import Kind
from shared.db import service_registry


class Table(SQLModel, registry=service_registry()):
    """This service's tables."""


class Recipient(Table, table=True):
    """What is known of a person; of an erased person only that there was one."""

    __table_args__ = (
        Index("ix_recipient_organizations", "organization_ids", postgresql_using="gin",
              postgresql_where=text("organization_ids <> '{}'")),
        Index("ix_recipient_schools", "school_ids", postgresql_using="gin",
              postgresql_where=text("school_ids <> '{}'")),
        Index("ix_recipient_district", "is_district", postgresql_where=text("is_district")),
    )  # fmt: skip

    person_id: UUID = Field(primary_key=True)
    given_name: str = ""
    family_name: str = ""
    email: str | None = None
    phone: str | None = None
    language: str = "en"
    """BCP 47, as the roster has it."""
    organization_ids: list[UUID] = Field(default_factory=list, sa_column=Column(ARRAY(Uuid), nullable=False))
    """Of partner staff: the organizations."""
    school_ids: list[UUID] = Field(
        default_factory=list, sa_column=Column(ARRAY(Uuid), nullable=False, server_default="{}")
    )
    """Of school staff: the schools."""
    is_district: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    """Whether the person works for the district office."""
    guardian_ids: list[UUID] = Field(default_factory=list, sa_column=Column(ARRAY(Uuid), nullable=False))
    """Of a student: the guardians."""
    active: bool = True
    erased: bool = False


class Preference(Table, table=True):
    """How a person wants to be reached, where that differs from what the roster says."""

    person_id: UUID = Field(primary_key=True)
    language: str | None = None
    """One of ours; None: what the roster says."""
    email: bool = True
    remind_before: list[int] | None = Field(default=None, sa_column=Column(ARRAY(Integer), nullable=True))
    """Minutes before a meeting at which to be reminded; None: the usual times."""
    time_zone: str | None = None
    """IANA zone of the person's clock; None: the district's."""
    changed_at: datetime


class School(Table, table=True):
    """A school's name."""

    school_id: UUID = Field(primary_key=True)
    name: str


class Organization(Table, table=True):
    """A partner organization's name."""

    organization_id: UUID = Field(primary_key=True)
    name: str


class Meeting(Table, table=True):
    """The newest state of a meeting, as it was published."""

    meeting_id: UUID = Field(primary_key=True)
    version: int
    state: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class Program(Table, table=True):
    """What messages say of a program, and whom to write to."""

    program_id: UUID = Field(primary_key=True)
    organization_id: UUID = Field(index=True)
    organization_name: str
    name: str
    contact_email: str | None = None


class Message(Table, table=True):
    """One entry of a person's inbox: which message, with the ids and codes that it is written from."""

    __table_args__ = (
        Index("uq_message_event", "event_id", "recipient_id", "kind", unique=True),
        Index("ix_message_inbox", "recipient_id", text("(read_at IS NOT NULL)"), text("written_at DESC")),
        Index("ix_message_about", "about_id", "kind"),
    )

    id: UUID = Field(primary_key=True)
    recipient_id: UUID
    kind: Kind
    language: str
    params: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    about_id: UUID
    """The referral, agreement, meeting ... that it is about."""
    event_id: UUID
    """The event because of which it was written."""
    written_at: datetime
    read_at: datetime | None = None
    traceparent: str | None = None
    """W3C Trace Context of what it was written because of: its e-mail belongs to the same trace."""


class Status(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    """Nobody knows whether the server took it; it is sent again with the same Message-ID."""


class Delivery(Table, table=True):
    """One message on its way out of the app."""

    __table_args__ = (
        Index("ix_delivery_due", text("(attempts > 0)"), "next_at",
              postgresql_where=text("status IN ('queued', 'uncertain')")),
        Index("ix_delivery_leased", "lease_until", postgresql_where=text("status = 'sending'")),
        Index("ix_delivery_status", "status", text("queued_at DESC")),
    )  # fmt: skip

    id: UUID = Field(primary_key=True)
    message_id: UUID = Field(foreign_key="message.id", index=True)
    channel: str = "email"
    status: Status
    address: str | None = None
    """Where it was last sent to."""
    attempts: int = 0
    queued_at: datetime
    next_at: datetime
    lease_until: datetime | None = None
    lease_token: UUID | None = None
    """Who holds the lease: only this holder may record what became of the try."""
    last_error: str | None = None
    """A short code without personal data: `no_address`, `450 4.2.1`, `TimeoutError`."""
    smtp_message_id: str | None = None
    sent_at: datetime | None = None
    uncertain_at: datetime | None = None
    """When it was last noticed that nobody knows what became of a try: the mail may arrive twice. Kept for good."""


class SentBefore(Table, table=True):
    """A mail that the mail server had taken before this database was restored from a backup: it is not sent again."""

    __tablename__ = "sent_before"

    smtp_message_id: str = Field(primary_key=True)
