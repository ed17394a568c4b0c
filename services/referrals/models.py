"""Tables of the referrals service: its own record, and what it keeps of others' state."""

from datetime import date, datetime
from typing import Any, Optional
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, Relationship, SQLModel

from services.referrals.rules import AttemptState, ConsentMethod, ReferralState, Reminder, Settled
from shared.clock import new_id
from shared.db import service_registry
from shared.events.vocabulary import DeclineReason, Need, Outcome, TodoAudience, TodoKind, Urgency


class Table(SQLModel, registry=service_registry()):
    """This service's tables."""


_FOR_ORDER = {"lazy": "raise"}
"""Of a relationship that is never loaded: it says whose row is written first."""


class Referral(Table, table=True):
    """One need of one student, brought before one program after another until one takes the student."""

    __table_args__ = (
        Index(None, "school_id", "state"),
        Index(None, "student_id"),
        Index(None, "state", "submitted_at"),
        Index(None, "changed_at"),
    )

    id: UUID = Field(primary_key=True)
    student_id: UUID
    school_id: UUID
    referrer_id: UUID
    need: Need
    urgency: Urgency
    words: str = Field(default="", sa_type=Text)
    """For the partner; never leaves this service."""
    state: ReferralState
    version: int = 1
    """Counts the moves; a page says which version it showed."""
    consent_id: UUID | None = Field(default=None, foreign_key="consent.id")
    attempt_id: UUID | None = None
    """The attempt that is live, else the last one that was."""
    submitted_at: datetime
    changed_at: datetime
    closed_at: datetime | None = None
    consent: Optional["Consent"] = Relationship(sa_relationship_kwargs=_FOR_ORDER)


class Attempt(Table, table=True):
    """A referral as one program sees it; the choices of a referral are its attempts, in order."""

    __table_args__ = (
        Index(None, "referral_id", "position", unique=True),
        Index(
            "ix_attempt_one_live",
            "referral_id",
            unique=True,
            postgresql_where=text("state IN ('sent', 'acknowledged', 'waitlisted', 'accepted')"),
        ),
        Index(None, "organization_id", "state"),
        Index(None, "program_id", "state"),
        Index(None, "answered_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    referral_id: UUID = Field(foreign_key="referral.id")
    position: int
    program_id: UUID
    organization_id: UUID
    state: AttemptState = AttemptState.QUEUED
    sent_at: datetime | None = None
    answer_by: datetime | None = None
    acknowledged_at: datetime | None = None
    answered_at: datetime | None = None
    """When it was accepted, put on the waiting list or declined, for the first time."""
    answered_by: UUID | None = None
    closed_at: datetime | None = None
    reason: DeclineReason | None = None
    outcome: Outcome | None = None
    referral: Referral = Relationship(sa_relationship_kwargs=_FOR_ORDER)


class Consent(Table, table=True):
    """A family's consent that a need be shared."""

    __table_args__ = (Index(None, "student_id", "purpose"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    student_id: UUID
    purpose: Need
    method: ConsentMethod
    guardian_id: UUID | None = None
    guardian_name: str = Field(default="", sa_type=Text)
    """Who agreed, where the roster does not know the person."""
    given_on: date
    valid_until: date
    recorded_by: UUID
    recorded_at: datetime
    ended_at: datetime | None = None
    """The family changed its mind."""


class Entry(Table, table=True):
    """One line of a referral's timeline: a fact as it was published, with the words that stay here."""

    __table_args__ = (Index(None, "referral_id", "id"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    referral_id: UUID = Field(foreign_key="referral.id")
    version: int
    """The version that the referral had after this move."""
    at: datetime
    actor_id: UUID | None = None
    """None: the system by itself."""
    type: str = Field(sa_type=Text)
    """The fact's type, such as `referral.accepted.v1`."""
    attempt_id: UUID | None = None
    data: dict[str, Any] = Field(sa_type=JSONB)
    words: str = Field(default="", sa_type=Text)


class PlannedReminder(Table, table=True):
    """A reminder that is or was due; what it reminds of is the attempt, or else the referral's consent."""

    __tablename__ = "reminder"
    __table_args__ = (Index("ix_reminder_due", "due_at", postgresql_where=text("settled_at IS NULL")),)

    thing_id: UUID = Field(primary_key=True)
    """The attempt, or where there is none the referral."""
    kind: Reminder = Field(primary_key=True)
    due_at: datetime = Field(primary_key=True)
    referral_id: UUID = Field(foreign_key="referral.id")
    attempt_id: UUID | None = Field(default=None, foreign_key="attempt.id")
    until: datetime | None = None
    """From then on it would say what is no longer so."""
    settled_at: datetime | None = None
    settled: Settled | None = None
    """What became of it."""


class Message(Table, table=True):
    """What became of a message about a referral, as notifications tells it."""

    __table_args__ = (
        Index(None, "referral_id"),
        Index("ix_message_failed", "referral_id", postgresql_where=text("failed_at IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    referral_id: UUID
    recipient_id: UUID
    kind: str = Field(sa_type=Text)
    language: str = Field(sa_type=Text)
    written_at: datetime | None = None
    sent_at: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str | None = Field(default=None, sa_type=Text)


class School(Table, table=True):
    """A school, as people tells it."""

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    active: bool = True


class Person(Table, table=True):
    """A student, guardian or member of staff, as people tells it; no more than referrals need."""

    __table_args__ = (
        Index(None, "school_id", postgresql_where=text("school_id IS NOT NULL")),
        Index(
            "ix_person_students_by_name",
            "family_name",
            "given_name",
            "id",
            postgresql_where=text("school_id IS NOT NULL AND active"),
        ),
        Index(
            None,
            "organization_ids",
            postgresql_using="gin",
            postgresql_where=text("organization_ids <> '{}'"),
        ),
    )

    id: UUID = Field(primary_key=True)
    given_name: str = Field(sa_type=Text)
    family_name: str = Field(sa_type=Text)
    phone: str | None = Field(default=None, sa_type=Text)
    language: str = Field(sa_type=Text)
    school_id: UUID | None = None
    """Of a student; None for everyone else."""
    grade: str | None = Field(default=None, sa_type=Text)
    guardian_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid()), nullable=False))
    organization_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid()), nullable=False))
    """Where the person is partner staff."""
    active: bool = True

    @property
    def name(self) -> str:
        """Given name first."""
        return f"{self.given_name} {self.family_name}".strip()


class StudentWord(Table, table=True):
    """One word of a student's name, folded (lower case, no accents), to find students by beginnings of words."""

    __tablename__ = "student_word"
    __table_args__ = (
        Index("ix_student_word_prefix", "word", "student_id", postgresql_ops={"word": "text_pattern_ops"}),
    )

    student_id: UUID = Field(primary_key=True, foreign_key="person.id", ondelete="CASCADE")
    word: str = Field(primary_key=True, sa_type=Text)


class Program(Table, table=True):
    """A program of a partner, as agreements tells it."""

    __table_args__ = (
        Index(None, "needs", postgresql_using="gin"),
        Index(None, "organization_id"),
    )

    id: UUID = Field(primary_key=True)
    organization_id: UUID
    organization_name: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    needs: list[str] = Field(sa_column=Column(ARRAY(Text()), nullable=False))
    grades: list[str] = Field(sa_column=Column(ARRAY(Text()), nullable=False))
    school_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid()), nullable=False))
    languages: list[str] = Field(sa_column=Column(ARRAY(Text()), nullable=False))
    schedule: str = Field(default="", sa_type=Text)
    site: str = Field(default="", sa_type=Text)
    capacity: int | None = None
    contact_name: str = Field(default="", sa_type=Text)
    contact_phone: str | None = Field(default=None, sa_type=Text)
    contact_email: str | None = Field(default=None, sa_type=Text)
    status: str = Field(sa_type=Text)
    halt: str | None = Field(default=None, sa_type=Text)
    """Why it takes no new referrals although it is open."""

    @property
    def is_open(self) -> bool:
        """Whether the program takes referrals."""
        return self.status == "open" and self.halt is None


class Coverage(Table, table=True):
    """The schools that a partner's agreements in force cover, as agreements tells it."""

    organization_id: UUID = Field(primary_key=True)
    everywhere: bool
    school_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid()), nullable=False))


class Organization(Table, table=True):
    """A partner organization's name, as agreements tells it."""

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)


class Todo(Table, table=True):
    """What waits for somebody in a partnership, as agreements tells it; gone when it is done."""

    __table_args__ = (Index(None, "audience", "audience_id"),)

    id: UUID = Field(primary_key=True)
    kind: TodoKind
    about_id: UUID
    audience: TodoAudience
    audience_id: UUID | None = None
    school_id: UUID | None = None
    organization_id: UUID | None = None
    due_on: date | None = None
