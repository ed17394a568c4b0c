"""Facts about meetings and what was agreed there, and the newest state of each meeting."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.events.agreements.topics import EVENTS, MEETINGS
from shared.events.base import Fact, fact


class MeetingDate(BaseModel):
    """One time at which a meeting takes place."""

    model_config = ConfigDict(frozen=True)

    occurrence_id: UUID
    starts_at: datetime
    ends_at: datetime
    status: str
    """`planned`, `held` or `cancelled`."""
    rule_at: datetime | None = None
    """When the rule would have it begin (RFC 5545: RECURRENCE-ID); None where it no longer follows from the rule."""


@fact("meeting.changed.v1", topic=MEETINGS, key="meeting_id")
class MeetingChanged(Fact):
    """The newest state of a meeting; by rule its title and place name no student. Agenda and minutes are not told."""

    meeting_id: UUID
    version: int
    sequence: int
    """Counts the changes that calendars must hear of (RFC 5545: SEQUENCE)."""
    title: str
    place: str = ""
    link: str = ""
    """Where to join online: an https address."""
    zone: str
    """IANA; the rule follows the clock on the wall there."""
    starts_at: datetime
    """When the rule begins."""
    length_minutes: int
    rule: str | None = None
    """RRULE of RFC 5545; None: once."""
    dates: tuple[MeetingDate, ...] = ()
    organizer_id: UUID
    person_ids: tuple[UUID, ...] = ()
    """Who is invited, the organizer included."""
    school_id: UUID | None = None
    organization_id: UUID | None = None


class MeetingFact(Fact):
    """What every fact about a meeting says."""

    meeting_id: UUID
    version: int
    """The version that the meeting had after it."""
    school_id: UUID | None = None
    organization_id: UUID | None = None


@fact("meeting.invited.v1", topic=EVENTS, key="meeting_id")
class MeetingInvited(MeetingFact):
    """People were invited to a meeting, when it was scheduled or later."""

    person_ids: tuple[UUID, ...]
    at: datetime
    """When it next takes place."""


@fact("meeting.uninvited.v1", topic=EVENTS, key="meeting_id")
class MeetingUninvited(MeetingFact):
    """People need not come to a meeting any more."""

    person_ids: tuple[UUID, ...]
    at: datetime


@fact("meeting.moved.v1", topic=EVENTS, key="meeting_id")
class MeetingMoved(MeetingFact):
    """A meeting, or one date of a series, takes place at another time."""

    person_ids: tuple[UUID, ...]
    at: datetime
    """The new time: of a series the next one."""
    occurrence_id: UUID | None = None
    """Of a series: the one date that was moved; None for all to come."""


@fact("meeting.updated.v1", topic=EVENTS, key="meeting_id")
class MeetingUpdated(MeetingFact):
    """A meeting has another title or place; its times stay."""

    person_ids: tuple[UUID, ...]
    at: datetime


@fact("meeting.cancelled.v1", topic=EVENTS, key="meeting_id")
class MeetingCancelled(MeetingFact):
    """A meeting, or one date of a series, does not take place."""

    person_ids: tuple[UUID, ...]
    at: datetime
    """When it would have been: of a series the next one."""
    occurrence_id: UUID | None = None
    """Of a series: the one date that is off; None for all to come."""


@fact("meeting.answered.v1", topic=EVENTS, key="meeting_id")
class MeetingAnswered(MeetingFact):
    """Somebody said whether they come."""

    person_id: UUID
    answer: str
    """`yes`, `maybe` or `no`."""
    way: str
    """`page`, `link` or `mail`."""
    occurrence_id: UUID | None = None
    """Of a series: the one date that it is about."""
    organizer_id: UUID | None = None
    """Who called the meeting."""
    at: datetime | None = None
    """When the date begins that it is about: of a whole series the next one."""


@fact("meeting.held.v1", topic=EVENTS, key="meeting_id")
class MeetingHeld(MeetingFact):
    """A meeting took place: minutes were written, or written anew."""

    occurrence_id: UUID
    at: datetime
    person_ids: tuple[UUID, ...]
    """Who was invited."""
    attended_ids: tuple[UUID, ...] = ()
    again: bool = False
    """Whether the minutes were there and are other ones now."""


@fact("meeting.reminder_due.v1", topic=EVENTS, key="meeting_id")
class MeetingReminderDue(MeetingFact):
    """Somebody is to be reminded of a meeting."""

    occurrence_id: UUID
    person_id: UUID
    at: datetime
    """When it begins."""
    minutes_before: int
    """Which of the times that the person chose."""


@fact("meeting.reminder_let_go.v1", topic=EVENTS, key="meeting_id")
class MeetingReminderLetGo(MeetingFact):
    """A reminder came too late to be of use and was not sent."""

    occurrence_id: UUID
    person_id: UUID
    minutes_before: int
    why: str
    """`folded`: a later one was due as well; `dropped`: the meeting had begun."""


class TaskFact(Fact):
    """What every fact about a task says."""

    task_id: UUID
    meeting_id: UUID
    person_id: UUID
    """Who has taken it on."""
    on: date
    """Until when."""
    school_id: UUID | None = None
    organization_id: UUID | None = None


@fact("task.agreed.v1", topic=EVENTS, key="task_id")
class TaskAgreed(TaskFact):
    """A meeting agreed that somebody does something by a date; said again where owner or date changed."""


@fact("task.reworded.v1", topic=EVENTS, key="task_id")
class TaskReworded(TaskFact):
    """What somebody has taken on was put into other words; owner and date stay."""


@fact("task.done.v1", topic=EVENTS, key="task_id")
class TaskDone(TaskFact):
    """What was agreed is done."""


@fact("task.dropped.v1", topic=EVENTS, key="task_id")
class TaskDropped(TaskFact):
    """What was agreed is no longer wanted."""


@fact("task.reminder_due.v1", topic=EVENTS, key="task_id")
class TaskReminderDue(TaskFact):
    """Somebody is to be reminded of a task."""

    overdue: bool = False
    """Whether its date has passed."""


@fact("calendar.opened.v1", topic=EVENTS, key="person_id")
class CalendarOpened(Fact):
    """A person made a secret address for the calendar of their meetings; an older one ends with it."""

    person_id: UUID


@fact("calendar.closed.v1", topic=EVENTS, key="person_id")
class CalendarClosed(Fact):
    """A person ended the secret address of their calendar."""

    person_id: UUID
