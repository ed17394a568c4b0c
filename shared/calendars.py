"""Meetings as calendars read them (iCalendar, RFC 5545): invitations by mail (iTIP, RFC 5546), and feeds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Calendar, Component, Event, Timezone, vCalAddress, vRecur, vText

PRODUCT = "-//Crosswalk//Meetings//EN"


class Method(StrEnum):
    """What a calendar is to do with what it gets (RFC 5546)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"


@dataclass(frozen=True, slots=True)
class When:
    """One date of a meeting."""

    starts_at: datetime
    ends_at: datetime
    rule_at: datetime | None
    """When the rule would have it begin; None where it does not follow from the rule."""
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A meeting, as far as a calendar shows it."""

    uid: str
    sequence: int
    title: str
    place: str
    link: str
    """Where to join online."""
    page: str
    """Where to read more."""
    zone: str
    """IANA; the rule follows the clock there."""
    first: datetime
    length: timedelta
    rule: str | None
    dates: tuple[When, ...]
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody in a calendar: an address with a name."""

    address: str
    name: str


def uid_of(meeting_id: object, public_url: str) -> str:
    """What calendars know a meeting by, for good."""
    host = public_url.partition("://")[2].partition("/")[0].partition(":")[0]
    return f"{meeting_id}@{host or 'crosswalk'}"


def invitation(entry: Entry, method: Method, *, organizer: Who, attendee: Who) -> bytes:
    """What one person's calendar is told of a meeting; a reply goes to the organizer's address."""
    events = list(_events(entry))
    for event in events:
        event["ORGANIZER"] = _address(organizer)
        guest = _address(attendee)
        guest.params |= {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"}
        event["ATTENDEE"] = guest
        if method is Method.CANCEL:
            event["STATUS"] = vText("CANCELLED")
    return bytes(_calendar(method, events, [entry]).to_ical())


def feed(entries: Sequence[Entry], name: str) -> bytes:
    """Meetings as a calendar program subscribes to them."""
    calendar = _calendar(Method.PUBLISH, [one for entry in entries for one in _published(entry)], entries)
    calendar.add("X-WR-CALNAME", name)
    calendar.add("REFRESH-INTERVAL", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    return bytes(calendar.to_ical())


def _calendar(method: Method, events: Iterable[Event], entries: Sequence[Entry]) -> Calendar:
    calendar = Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", method.value)
    moments = [date.starts_at for entry in entries for date in entry.dates] + [entry.first for entry in entries]
    if moments:
        for zone in sorted({entry.zone for entry in entries} - {"UTC"}):
            calendar.add_component(_zone(zone, min(moments).year - 1, max(moments).year + 1))
    for event in events:
        calendar.add_component(event)
    return calendar


@lru_cache(maxsize=64)
def _zone(name: str, first: int, last: int) -> Timezone:
    """The rules of a zone's clock in these years: making them takes milliseconds."""
    return Timezone.from_tzid(name, first_date=date(first, 1, 1), last_date=date(last, 12, 31))


def _published(entry: Entry) -> Iterator[Event]:
    """What takes place; dates of an earlier rule stay as events of their own."""
    ruled = [one for one in entry.dates if one.rule_at]
    if any(not one.cancelled for one in ruled):
        yield from _events(entry)
    for one in entry.dates:
        if one.rule_at is None and not one.cancelled:
            event = _event(entry, one.starts_at, one.ends_at)
            event["UID"] = vText(f"{one.starts_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{entry.uid}")
            yield event


def _events(entry: Entry) -> Iterator[Event]:
    """The meeting itself; of a series the rule, without the dates that are off, then those that were moved."""
    ruled = [one for one in entry.dates if one.rule_at]
    zone = ZoneInfo(entry.zone)
    if entry.rule is None:
        for one in ruled[:1]:
            event = _event(entry, one.starts_at, one.ends_at)
            if one.cancelled:
                event["STATUS"] = vText("CANCELLED")
            yield event
        return
    series = _event(entry, entry.first, entry.first + entry.length)
    series.add("RRULE", vRecur.from_ical(entry.rule))
    for one in ruled:
        if one.cancelled and one.rule_at:
            series.add("EXDATE", one.rule_at.astimezone(zone))
    yield series
    for one in ruled:
        if one.rule_at and one.starts_at != one.rule_at and not one.cancelled:
            moved = _event(entry, one.starts_at, one.ends_at)
            moved.add("RECURRENCE-ID", one.rule_at.astimezone(zone))
            yield moved


def _event(entry: Entry, starts_at: datetime, ends_at: datetime) -> Event:
    zone = ZoneInfo(entry.zone)
    event = Event()
    event.add("UID", entry.uid)
    event.add("DTSTAMP", entry.changed_at.astimezone(UTC))
    event.add("SEQUENCE", entry.sequence)
    event.add("SUMMARY", entry.title)
    event.add("DTSTART", starts_at.astimezone(zone))
    event.add("DTEND", ends_at.astimezone(zone))
    event.add("STATUS", "CONFIRMED")
    if entry.place or entry.link:
        event.add("LOCATION", entry.place or entry.link)
    event.add("DESCRIPTION", "\n".join(filter(None, (entry.link, entry.page))))
    event.add("URL", entry.page)
    return event


def _address(who: Who) -> vCalAddress:
    address = vCalAddress(f"mailto:{who.address}")
    address.params["CN"] = vText(who.name or who.address)
    return address


# What comes back


class Reply(StrEnum):
    """What a calendar answered for its person (RFC 5545: PARTSTAT)."""

    ACCEPTED = "ACCEPTED"
    TENTATIVE = "TENTATIVE"
    DECLINED = "DECLINED"


@dataclass(frozen=True, slots=True)
class Replied:
    """One answer to an invitation, as a calendar program sent it."""

    uid: str
    address: str
    """Of the one who answers, in small letters."""
    reply: Reply
    sequence: int
    """Which state of the meeting it answers."""
    rule_at: datetime | None
    """Of a series: the one date that it is about."""


def replies_in(content: bytes | str) -> list[Replied]:
    """The answers in a calendar of the method REPLY; raises ValueError where it is none."""
    calendar = Calendar.from_ical(content)
    if str(calendar.get("METHOD", "")).upper() != "REPLY":
        raise ValueError("not a reply")
    found = [_replied(event) for event in calendar.walk("VEVENT")]
    return [one for one in found if one is not None]


def _replied(event: Component) -> Replied | None:
    guest = event.get("ATTENDEE")
    guest = guest[0] if isinstance(guest, list) and len(guest) == 1 else guest
    if not isinstance(guest, vCalAddress):
        return None
    said = str(guest.params.get("PARTSTAT", "")).upper()
    if said not in set(Reply):
        return None
    about = event.get("RECURRENCE-ID")
    moment = getattr(about, "dt", None)
    aware = isinstance(moment, datetime) and moment.tzinfo is not None
    return Replied(
        uid=str(event.get("UID", "")),
        address=str(guest).lower().removeprefix("mailto:").strip(),
        reply=Reply(said),
        sequence=int(event.get("SEQUENCE", 0)),
        rule_at=moment.astimezone(UTC) if isinstance(moment, datetime) and aware else None,
    )
