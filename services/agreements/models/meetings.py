"""Tables of meetings, who is invited, what was agreed there, and who is reminded when."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, Integer, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.agreements.models.base import Table
from services.agreements.rules.meetings import Answer, OccurrenceStatus
from services.agreements.rules.reminders import Settled
from services.agreements.rules.tasks import TaskStatus
from shared.clock import new_id


class Meeting(Table, table=True):
    """A meeting that takes place once, or by a rule."""

    __table_args__ = (Index(None, "school_id"), Index(None, "organization_id"), Index(None, "organizer_id"))

    id: UUID = Field(primary_key=True)
    title: str
    agenda: str = ""
    place: str = ""
    link: str = ""
    school_id: UUID | None = None
    organization_id: UUID | None = None
    zone: str
    """IANA."""
    first: str
    """When the rule begins, by the clock on the wall there (ISO 8601 without a zone)."""
    length: int
    """Minutes."""
    rule: str | None = None
    """RRULE (RFC 5545)."""
    repeat: str = "once"
    """What the form asked: the choice behind the rule."""
    until: str = ""
    round: int = 1
    """Counts the rules that it had: dates of an earlier one no longer follow from the rule."""
    sequence: int = 0
    """Counts the changes that calendars must hear of."""
    version: int = 1
    organizer_id: UUID
    scheduled_at: datetime
    changed_at: datetime
    changed_by: str
    changed_by_id: UUID | None = None


def _of(thing: str) -> Column[UUID]:
    """A reference that goes with the thing."""
    return Column(Uuid(), ForeignKey(f"{thing}.id", ondelete="CASCADE"), nullable=False)


class Occurrence(Table, table=True):
    """One date of a meeting."""

    __table_args__ = (
        Index(None, "meeting_id", "starts_at"),
        Index(None, "starts_at"),
        Index("ix_occurrence_without_minutes", "ends_at",
              postgresql_where=text("status = 'planned' AND NOT asked_for_minutes")),
    )  # fmt: skip

    id: UUID = Field(default_factory=new_id, primary_key=True)
    meeting_id: UUID = Field(sa_column=_of("meeting"))
    round: int
    """Of the rule that gave it."""
    rule_at: datetime
    """When that rule would have it begin."""
    starts_at: datetime
    ends_at: datetime
    status: OccurrenceStatus = OccurrenceStatus.PLANNED
    reason: str = ""
    """Why it was cancelled."""
    minutes: str = ""
    recorded_at: datetime | None = None
    recorded_by_id: UUID | None = None
    asked_for_minutes: bool = False


class Invitee(Table, table=True):
    """Somebody who is invited to a meeting, and the answer for all of its dates."""

    __table_args__ = (Index(None, "person_id"),)

    meeting_id: UUID = Field(sa_column=Column(Uuid(), ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True))
    person_id: UUID = Field(primary_key=True)
    answer: Answer = Answer.NONE
    answered_at: datetime | None = None
    sequence: int = 0
    """Which state of the meeting was answered: an answer to an older one does not come in its place."""


class Presence(Table, table=True):
    """What is special about one person at one date: another answer, and whether the person was there."""

    occurrence_id: UUID = Field(
        sa_column=Column(Uuid(), ForeignKey("occurrence.id", ondelete="CASCADE"), primary_key=True)
    )
    person_id: UUID = Field(primary_key=True)
    answer: Answer | None = None
    attended: bool | None = None


class MeetingEvent(Table, table=True):
    """One line of a meeting's timeline."""

    __tablename__ = "meeting_event"
    __table_args__ = (Index(None, "meeting_id", "at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    meeting_id: UUID = Field(sa_column=_of("meeting"))
    at: datetime
    by_id: UUID | None = None
    what: str
    words: str = ""


class MeetingReminder(Table, table=True):
    """A reminder of one date for one person: planned, and what became of it."""

    __tablename__ = "meeting_reminder"
    __table_args__ = (
        Index("ix_meeting_reminder_due", "due_at", postgresql_where=text("settled_at IS NULL")),
        Index(None, "person_id"),
    )

    occurrence_id: UUID = Field(
        sa_column=Column(Uuid(), ForeignKey("occurrence.id", ondelete="CASCADE"), primary_key=True)
    )
    person_id: UUID = Field(primary_key=True)
    minutes_before: int = Field(primary_key=True)
    starts_at: datetime = Field(primary_key=True)
    """The time of which it reminds: one that was moved away from and back to is not reminded of twice."""
    meeting_id: UUID
    due_at: datetime
    settled_at: datetime | None = None
    settled: Settled | None = None


class Wish(Table, table=True):
    """When somebody wants to be reminded, and by which clock, as notifications tells it."""

    __table_args__ = (Index("ix_wish_pending", "person_id", postgresql_where=text("pending")),)

    person_id: UUID = Field(primary_key=True)
    remind_before: list[int] | None = Field(default=None, sa_column=Column(ARRAY(Integer()), nullable=True))
    time_zone: str | None = None
    pending: bool = True
    """Whether the person's reminders are still planned as before."""


class Task(Table, table=True):
    """What somebody does because a meeting agreed on it."""

    __table_args__ = (
        Index(None, "meeting_id"),
        Index(None, "owner_id", "status"),
        Index("ix_task_remind", "remind_at", postgresql_where=text("status = 'open'")),
    )

    id: UUID = Field(primary_key=True)
    meeting_id: UUID = Field(sa_column=_of("meeting"))
    owner_id: UUID
    what: str
    due_on: date
    status: TaskStatus = TaskStatus.OPEN
    version: int = 1
    remind_at: datetime | None = None
    """When its owner hears of it next."""
    agreed_at: datetime
    changed_at: datetime
    changed_by: str
    changed_by_id: UUID | None = None


class CalendarAddress(Table, table=True):
    """The secret address under which a person's calendar program reads the person's meetings."""

    __tablename__ = "calendar_address"

    person_id: UUID = Field(primary_key=True)
    secret: str = Field(unique=True)
    made_at: datetime
