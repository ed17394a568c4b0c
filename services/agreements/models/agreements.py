"""Tables of agreements: their texts, signatures, timelines, and what the calendar brings."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.agreements.models.base import Table
from services.agreements.rules.agreements import AgreementState, EditionState, Side
from services.agreements.rules.calendar import DueKind, Settled
from services.agreements.rules.terms import AgreementKind, EndReason
from shared.clock import new_id


class Agreement(Table, table=True):
    """What a school (or the district office, for several) and a partner agreed on.

    Kind, title, dates and schools are those of the text that holds; before both have signed those of the draft.
    """

    __table_args__ = (
        Index(None, "organization_id", "state"),
        Index(None, "school_id"),
        Index(None, "school_ids", postgresql_using="gin"),
        Index(None, "state", "ends_on"),
        Index(None, "school_contact_id"),
        Index(None, "partner_contact_id"),
        Index(
            "ix_agreement_one_renewal",
            "renews_id",
            unique=True,
            postgresql_where=text("state <> 'discarded'"),
        ),
    )

    id: UUID = Field(primary_key=True)
    organization_id: UUID = Field(foreign_key="organization.id")
    school_id: UUID | None = None
    """The school that agrees; None: the district office does, for `school_ids`."""
    school_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid()), nullable=False))
    """Schools covered; empty: every school of the district."""
    kind: AgreementKind
    title: str
    state: AgreementState
    school_contact_id: UUID | None = None
    partner_contact_id: UUID | None = None
    starts_on: date
    ends_on: date
    """The last day on which it holds."""
    notice_days: int
    review_on: date | None = None
    edition: int = 0
    """The text that holds, or held last; 0: none was signed by both yet."""
    open_edition: int | None = 1
    """The text that is being drafted or signed."""
    renews_id: UUID | None = Field(default=None, foreign_key="agreement.id")
    """The agreement that this one follows."""
    version: int = 1
    """Counts the changes; a form says which version it showed."""
    drafted_at: datetime
    changed_at: datetime
    changed_by: str
    """The actor, as facts name it."""
    concluded_at: datetime | None = None
    """When both had signed its first text."""
    ended_at: datetime | None = None
    end_reason: EndReason | None = None
    """Why it was ended early."""
    end_words: str = ""


class Edition(Table, table=True):
    """One text of an agreement: number 1, and one for each amendment."""

    agreement_id: UUID = Field(primary_key=True, foreign_key="agreement.id")
    number: int = Field(primary_key=True)
    state: EditionState
    template: str
    """The template that it was drafted from."""
    terms: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    """`rules.terms.Terms`."""
    text: str | None = None
    """The exact words that are signed, from when it was sent for signature."""
    digest: str | None = None
    """SHA-256 of the text in UTF-8, in hexadecimal."""
    drafted_at: datetime
    sent_at: datetime | None = None
    holds_from: datetime | None = None
    """When the second side had signed it."""


class Signature(Table, table=True):
    """Somebody signed a text for one side."""

    __table_args__ = (
        Index(
            "ix_signature_one_per_side",
            "agreement_id",
            "edition",
            "side",
            unique=True,
            postgresql_where=text("void_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    agreement_id: UUID = Field(foreign_key="agreement.id")
    edition: int
    side: Side
    person_id: UUID
    name: str
    """As the person typed it."""
    role: str = ""
    """In what capacity, as the person typed it: "Principal"."""
    consent: str
    """The words to which the person agreed, about signing electronically."""
    digest: str
    """Of the text that the person was shown; the same as the edition's."""
    at: datetime
    void_at: datetime | None = None
    """The text was taken back to the draft before both had signed."""


class AgreementEntry(Table, table=True):
    """One line of an agreement's timeline: a move, a change field by field, or a comment."""

    __tablename__ = "agreement_entry"
    __table_args__ = (Index(None, "agreement_id", "id"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    agreement_id: UUID = Field(foreign_key="agreement.id")
    version: int
    """The version that the agreement had after it."""
    edition: int
    at: datetime
    actor_id: UUID | None = None
    """None: the system by itself."""
    side: Side | None = None
    by_label: str
    """Who that was, without a person's name."""
    what: str
    """The verb."""
    changes: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    """What became different: `field`, `before`, `after`."""
    field: str | None = None
    """The field that a comment is about."""
    words: str = ""


class AgreementDue(Table, table=True):
    """Something that the calendar brings to an agreement, claimed by whoever looks first."""

    __tablename__ = "agreement_due"
    __table_args__ = (Index("ix_agreement_due_open", "due_at", postgresql_where=text("settled_at IS NULL")),)

    agreement_id: UUID = Field(primary_key=True, foreign_key="agreement.id")
    kind: DueKind = Field(primary_key=True)
    day: date = Field(primary_key=True)
    """The day that it is about: the first day, the end, the day of review."""
    days_before: int = Field(default=0, primary_key=True)
    """How many days before that day it is due."""
    due_at: datetime
    settled_at: datetime | None = None
    settled: Settled | None = None
