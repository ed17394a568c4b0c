"""What makes a meeting valid, who keeps and sees it, and what can be done with each of its dates."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from services.agreements.rules.recurrence import Repeat, dates_of, ended, rule_for
from services.agreements.words import line, lines
from shared.identity.actor import Actor
from shared.refusals import Kind, Refusal
from shared.zones import is_zone, moment

MOST_PEOPLE = 60
"""People whom a meeting may have."""
LONGEST = {"title": 200, "place": 300, "link": 500, "agenda": 8000, "minutes": 20_000, "task": 300}
"""Characters that a text may have."""
MOST_MINUTES = 24 * 60


class OccurrenceStatus(StrEnum):
    """Where one date of a meeting stands."""

    PLANNED = "planned"
    HELD = "held"
    """Minutes were written."""
    CANCELLED = "cancelled"


class Phase(StrEnum):
    """Whether its time has come."""

    AHEAD = "ahead"
    BEGUN = "begun"


class Verb(StrEnum):
    """What can be done with a date."""

    MOVE = "move"
    CANCEL = "cancel"
    ANSWER = "answer"
    RECORD = "record"
    """Write minutes and who was there."""


_P, _H, _C = OccurrenceStatus
MEETING_MOVES: dict[tuple[OccurrenceStatus, Phase, Verb], OccurrenceStatus] = {
    (_P, Phase.AHEAD, Verb.ANSWER): _P,
    (_P, Phase.AHEAD, Verb.MOVE): _P,
    (_P, Phase.AHEAD, Verb.CANCEL): _C,
    (_P, Phase.BEGUN, Verb.MOVE): _P,
    (_P, Phase.BEGUN, Verb.CANCEL): _C,
    (_P, Phase.BEGUN, Verb.RECORD): _H,
    (_H, Phase.BEGUN, Verb.RECORD): _H,
}
"""Every allowed move; what is not here is refused. What did not take place is cancelled or moved afterwards."""

_CLOSED = {
    (_P, Phase.AHEAD): "This meeting has not begun yet. Write its minutes when it has.",
    (_P, Phase.BEGUN): "This meeting has begun already. Look at it again.",
    (_H, Phase.AHEAD): "This meeting took place. Look at its minutes.",
    (_H, Phase.BEGUN): "This meeting took place. Its minutes can be written anew, nothing else.",
    (_C, Phase.AHEAD): "This meeting was cancelled. Schedule another one.",
    (_C, Phase.BEGUN): "This meeting was cancelled. Schedule another one.",
}


class Answer(StrEnum):
    """Whether somebody comes."""

    NONE = "none"
    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


def phase(starts_at: datetime, now: datetime) -> Phase:
    """Whether a date has begun."""
    return Phase.AHEAD if now < starts_at else Phase.BEGUN


def meeting_moved(status: OccurrenceStatus, when: Phase, verb: Verb) -> OccurrenceStatus:
    """The status after a move; refuses what cannot be done as things stand."""
    after = MEETING_MOVES.get((status, when, verb))
    if after is None:
        raise Refusal(Kind.CONFLICT, "meeting_move_not_possible", _CLOSED[status, when])
    return after


def keeps_meeting(actor: Actor, school_id: UUID | None, organization_id: UUID | None, organizer_id: UUID) -> bool:
    """Whether somebody may change a meeting: who called it, the people of its school and its partner, the district."""
    own = school_id in actor.school_ids or organization_id in actor.organization_ids
    return own or actor.is_district or actor.person_id == organizer_id


class MeetingEntry(BaseModel):
    """A meeting as somebody enters it, not yet checked; the page's form and the API's body."""

    title: str = ""
    agenda: str = ""
    place: str = ""
    link: str = Field(default="", description="Where to join online")
    school_id: str = ""
    organization_id: str = Field(default="", description="The partner that it is with")
    date: str = Field(default="", description="The first day, such as 2026-12-01")
    time: str = Field(default="", description="When it begins, by the clock on the wall, such as 15:30")
    minutes: str | int = Field(default=60, description="How long it takes")
    zone: str = Field(default="", description="IANA time zone; empty: the district's")
    repeat: Repeat = Repeat.ONCE
    until: str = Field(default="", description="The last day on which it may take place, unless it does so once")
    rule: str = Field(default="", description="RRULE (RFC 5545), where `repeat` is `other`")
    person_ids: list[str] = Field(default=[], description="Who is invited besides the one who schedules it")


class MeetingValues(BaseModel):
    """What a meeting says, checked."""

    model_config = ConfigDict(frozen=True)

    title: str
    agenda: str
    place: str
    link: str
    school_id: UUID | None
    organization_id: UUID | None
    zone: str
    first: datetime
    """By the clock on the wall."""
    length: int
    """Minutes."""
    rule: str | None
    dates: tuple[datetime, ...]
    """When each one begins, in UTC."""
    person_ids: tuple[UUID, ...]


def valid_meeting(
    entry: MeetingEntry,
    *,
    zone: str,
    people: Collection[UUID],
    schools: Collection[UUID],
    organizations: Collection[UUID],
    now: datetime,
) -> MeetingValues:
    """The entry, checked; refuses with what is wrong per field.

    `zone` is the district's; of those who are named, `people` may be invited; the meeting may be of `schools` and
    `organizations`.
    """
    check = _Check(entry)
    values: dict[str, object] = {
        "title": check.text("title", required="Enter what the meeting is about."),
        "agenda": check.text("agenda"),
        "place": check.text("place"),
        "link": check.link(),
        "school_id": check.one_of("school_id", schools, "school"),
        "organization_id": check.one_of("organization_id", organizations, "partner"),
        "zone": check.zone(zone),
        "length": check.length(),
        "person_ids": check.people(people),
    }
    first = check.first()
    if first is not None and not check.wrong:
        values |= check.dates(first, ZoneInfo(str(values["zone"])), now)
    if check.wrong:
        said = "The meeting was not saved. Check what is marked below."
        raise Refusal(Kind.INVALID, "meeting_invalid", said, fields=check.wrong)
    return MeetingValues.model_validate(values)


def valid_new_time(day: str, hour: str, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """A new time for one date: by the clock on the wall, and in UTC; refuses what is none, and what is past."""
    check = _Check(MeetingEntry(date=day, time=hour))
    local = check.first()
    if local is not None and moment(local, zone) <= now:
        check.wrong["date"] = "This is past. Choose a day and an hour to come."
    if check.wrong or local is None:
        raise Refusal(Kind.INVALID, "meeting_invalid", "The meeting was not moved.", fields=check.wrong)
    return local, moment(local, zone)


class _Check:
    """Reads one entry field by field and remembers what is wrong."""

    def __init__(self, entry: MeetingEntry) -> None:
        self.entry = entry
        self.wrong: dict[str, str] = {}

    def text(self, field: str, required: str = "") -> str:
        value = (lines if field == "agenda" else line)(getattr(self.entry, field))
        if required and not value:
            self.wrong[field] = required
        if len(value) > LONGEST[field]:
            self.wrong[field] = f"Shorten this to at most {LONGEST[field]} characters."
        return value

    def link(self) -> str:
        value = self.text("link")
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.netloc):
            self.wrong["link"] = "Enter an address that begins with https://."
        if not value and not line(self.entry.place):
            self.wrong["place"] = "Say where: a place, or a link to join online."
        return value

    def one_of(self, field: str, known: Collection[UUID], noun: str) -> UUID | None:
        text = line(getattr(self.entry, field))
        found = next((one for one in known if str(one) == text), None)
        if text and found is None:
            self.wrong[field] = f"There is no such {noun}. Choose from the list."
        return found

    def zone(self, usual: str) -> str:
        name = line(self.entry.zone) or usual
        if not is_zone(name):
            self.wrong["zone"] = "Choose a time zone from the list."
        return name

    def length(self) -> int:
        text = line(str(self.entry.minutes))
        if text.isascii() and text.isdigit() and 5 <= int(text[:6]) <= MOST_MINUTES:
            return int(text)
        self.wrong["minutes"] = "Enter how many minutes it takes, such as 60."
        return 0

    def people(self, known: Collection[UUID]) -> tuple[UUID, ...]:
        named = set(self.entry.person_ids)
        chosen = [one for one in known if str(one) in named]
        if len(chosen) != len(named):
            self.wrong["person_ids"] = "Somebody who was chosen is not here any more. Choose again."
        if len(chosen) > MOST_PEOPLE:
            self.wrong["person_ids"] = f"Invite at most {MOST_PEOPLE} people."
        return tuple(chosen)

    def first(self) -> datetime | None:
        day, hour = self.day("date"), None
        try:
            hour = time.fromisoformat(line(self.entry.time)).replace(tzinfo=None, second=0, microsecond=0)
        except ValueError:
            self.wrong["time"] = "Enter when it begins, such as 15:30."
        return datetime.combine(day, hour) if day and hour else None

    def day(self, field: str) -> date | None:
        try:
            return date.fromisoformat(line(getattr(self.entry, field)))
        except ValueError:
            self.wrong[field] = "Enter a day, such as 2026-12-01."
            return None

    def rule(self, first: datetime) -> str | None:
        if self.entry.repeat is Repeat.OTHER:
            return line(self.entry.rule).upper().removeprefix("RRULE:")
        if self.entry.repeat is Repeat.ONCE:
            return None
        until = self.day("until")
        return rule_for(self.entry.repeat, first.date(), until) if until else None

    def dates(self, first: datetime, zone: ZoneInfo, now: datetime) -> dict[str, object]:
        rule = self.rule(first)
        if self.wrong:
            return {}
        try:
            locals_ = dates_of(first, rule, zone)
        except Refusal as refusal:
            field = "rule" if self.entry.repeat is Repeat.OTHER else "until"
            self.wrong[field] = refusal.message
            return {}
        dates = [moment(one, zone) for one in locals_]
        if dates[0] <= now:
            self.wrong["date"] = "This is past. Choose a day and an hour to come."
        if dates[0] > now + timedelta(days=1100):
            self.wrong["date"] = "This is more than three years ahead. Choose an earlier day."
        return {"first": first, "rule": ended(rule, locals_[-1]) if rule else None, "dates": dates}
