"""Mails about meetings: what calendars read in them, by whose clock, and what is not sent any more."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from icalendar import Calendar, Event
from sqlmodel import select

from services.notifications import commands, jobs
from services.notifications.consumers import on
from services.notifications.models import Delivery
from services.notifications.settings import Settings
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events.agreements import (
    MeetingCancelled,
    MeetingChanged,
    MeetingDate,
    MeetingFact,
    MeetingInvited,
    MeetingMoved,
    MeetingReminderDue,
    MeetingUninvited,
    TaskAgreed,
)
from shared.events.people import PersonChanged
from shared.events.vocabulary import RoleName
from shared.identity import read_link
from shared.identity.actor import Actor
from tests.agreements.calendar_reader import starts_in
from tests.notifications.mailbox import Mailbox
from tests.support.builders import a_person
from tests.support.events import deliver

BOSTON = ZoneInfo("America/New_York")
AT = datetime(2026, 10, 6, 19, 30, tzinfo=UTC)
WEEK = timedelta(weeks=1)
MEETING, DATES = new_id(), [new_id() for _ in range(6)]


@pytest_asyncio.fixture(loop_scope="session")
async def rosa(db_notifications: Database) -> PersonChanged:
    """Somebody of a partner, whom notifications knows."""
    person = a_person(RoleName.PARTNER_STAFF, new_id(), given_name="Rosa", family_name="Lima", email="rosa@example.org")
    await deliver(db_notifications, on, person)
    return person


def a_state(
    *people: UUID, version: int = 1, moved: bool = False, off: Sequence[int] = (), **changes: Any
) -> MeetingChanged:
    """Six Tuesdays over the end of daylight saving time; the second moved to a Thursday, some called off."""
    ruled = [datetime(2026, 10, 6, 15, 30, tzinfo=BOSTON) + n * WEEK for n in range(6)]
    starts = [at + timedelta(days=2 if moved and n == 1 else 0) for n, at in enumerate(ruled)]
    dates = tuple(
        MeetingDate(
            occurrence_id=DATES[n],
            starts_at=starts[n].astimezone(UTC),
            ends_at=(starts[n] + timedelta(minutes=45)).astimezone(UTC),
            status="cancelled" if n in off else "planned",
            rule_at=at.astimezone(UTC),
        )
        for n, at in enumerate(ruled)
    )
    values: dict[str, Any] = {
        "meeting_id": MEETING, "version": version, "sequence": version - 1, "title": "Fall, and: how; it goes",
        "place": "Room 12", "zone": BOSTON.key, "starts_at": AT, "length_minutes": 45,
        "rule": "FREQ=WEEKLY;BYDAY=TU;UNTIL=20261110T203000Z", "dates": dates, "organizer_id": new_id(),
        "person_ids": people,
    }  # fmt: skip
    return MeetingChanged(**(values | changes))


def about(who: PersonChanged, **changes: Any) -> dict[str, Any]:
    return {"meeting_id": MEETING, "version": 1, "person_ids": (who.person_id,), "at": AT} | changes


async def mails(
    db: Database, settings: Settings, mailbox: Mailbox, *facts: MeetingChanged | MeetingFact | TaskAgreed
) -> list[EmailMessage]:
    """The mails to Rosa, after these facts."""
    await deliver(db, on, *facts, twice=True)
    await jobs.send_due(db, settings, utc_now())
    return mailbox.to("rosa@example.org")


def calendar_of(mail: EmailMessage) -> tuple[str, list[Event]]:
    """The method and the events of the calendar in a mail."""
    (part,) = [one for one in mail.walk() if one.get_content_type() == "text/calendar"]
    calendar = Calendar.from_ical(part.get_content())
    assert part.get_param("method") == str(calendar["METHOD"])
    events: list[Any] = list(calendar.walk("VEVENT"))
    return str(calendar["METHOD"]), events


async def test_an_invitation_is_read_by_a_calendar_with_the_right_hours_on_both_sides_of_the_change(
    db_notifications: Database, settings: Settings, mailbox: Mailbox, rosa: PersonChanged
) -> None:
    (mail,) = await mails(db_notifications, settings, mailbox, a_state(rosa.person_id), MeetingInvited(**about(rosa)))

    method, (event,) = calendar_of(mail)
    assert (method, str(event["SUMMARY"]), str(event["LOCATION"])) == ("REQUEST", "Fall, and: how; it goes", "Room 12")
    assert (str(event["UID"]), event["SEQUENCE"]) == (f"{MEETING}@127.0.0.1", 0)
    assert str(event["ATTENDEE"]) == "mailto:rosa@example.org"
    assert event["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"
    assert (str(event["ORGANIZER"]), str(mail["Reply-To"])) == ("mailto:meetings@example.org", "meetings@example.org")
    (part,) = [one for one in mail.walk() if one.get_content_type() == "text/calendar"]
    starts = [at.astimezone(BOSTON) for at in starts_in(part.get_content().encode())]
    assert {at.strftime("%a %H:%M") for at in starts} == {"Tue 15:30"}
    assert len(starts) == 6
    assert part.get_content().count("BEGIN:VTIMEZONE") == 1
    assert [one.get_content_type() for one in mail.iter_parts()] == ["text/plain", "text/html", "text/calendar"]


async def test_an_update_has_the_same_uid_a_higher_sequence_and_what_is_special(
    db_notifications: Database, settings: Settings, mailbox: Mailbox, rosa: PersonChanged
) -> None:
    *_, mail = await mails(
        db_notifications, settings, mailbox, a_state(rosa.person_id), MeetingInvited(**about(rosa)),
        a_state(rosa.person_id, version=3, moved=True, off=[3]),
        MeetingMoved(**about(rosa, version=3, at=AT + timedelta(days=9), occurrence_id=DATES[1])),
    )  # fmt: skip

    method, (series, moved) = calendar_of(mail)
    assert (method, series["SEQUENCE"], moved["SEQUENCE"]) == ("REQUEST", 2, 2)
    assert series["UID"] == moved["UID"]
    (part,) = [one for one in mail.walk() if one.get_content_type() == "text/calendar"]
    days = [f"{at.astimezone(BOSTON):%m-%d}" for at in starts_in(part.get_content().encode())]
    assert days == ["10-06", "10-15", "10-20", "11-03", "11-10"]


@pytest.mark.parametrize("fact", [MeetingCancelled, MeetingUninvited])
async def test_a_meeting_that_is_off_is_taken_out_of_the_calendar(
    db_notifications: Database, settings: Settings, mailbox: Mailbox, rosa: PersonChanged, fact: type[MeetingFact]
) -> None:
    people = () if fact is MeetingUninvited else (rosa.person_id,)
    off = range(6) if fact is MeetingCancelled else ()

    (mail,) = await mails(
        db_notifications, settings, mailbox, a_state(*people, version=2, off=list(off)), fact(**about(rosa, version=2))
    )

    method, (event, *_) = calendar_of(mail)
    assert (method, str(event["STATUS"]), event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 1)


@pytest.mark.parametrize("late", [False, True])
async def test_a_reminder_that_waited_too_long_does_not_tell_the_old_time(
    db_notifications: Database, settings: Settings, mailbox: Mailbox, rosa: PersonChanged, late: bool
) -> None:
    due = about(rosa, occurrence_id=DATES[1], person_id=rosa.person_id, at=AT + WEEK, minutes_before=120)
    await deliver(db_notifications, on, a_state(rosa.person_id), MeetingReminderDue(**due))

    if late:
        await deliver(db_notifications, on, a_state(rosa.person_id, version=2, moved=True))
    await jobs.send_due(db_notifications, settings, utc_now())

    assert len(mailbox.to("rosa@example.org")) == (0 if late else 1)
    async with db_notifications.transaction() as session:
        (delivery,) = (await session.exec(select(Delivery))).all()
    assert delivery.last_error == ("superseded" if late else None)


async def test_an_invitation_to_what_is_off_meanwhile_is_not_sent(
    db_notifications: Database, settings: Settings, mailbox: Mailbox, rosa: PersonChanged
) -> None:
    await deliver(db_notifications, on, a_state(rosa.person_id), MeetingInvited(**about(rosa)))
    off = a_state(rosa.person_id, version=2, off=range(6))

    found = await mails(db_notifications, settings, mailbox, off, MeetingCancelled(**about(rosa, version=2)))

    assert [calendar_of(mail)[0] for mail in found] == ["CANCEL"]


async def test_times_are_told_in_the_language_and_by_the_clock_of_the_person(
    db_notifications: Database, settings: Settings, mailbox: Mailbox, rosa: PersonChanged
) -> None:
    async with db_notifications.transaction() as session:
        await commands.set_preferences(
            session, "es", True, time_zone="America/Chicago", actor=Actor(rosa.person_id, "Rosa"), now=utc_now()
        )

    (mail,) = await mails(db_notifications, settings, mailbox, a_state(rosa.person_id), MeetingInvited(**about(rosa)))

    assert str(mail["Content-Language"]) == "es"
    body = mail.get_body(("plain",))
    assert body is not None
    assert "14:30" in body.get_content()


async def test_the_link_of_an_invitation_is_good_for_the_one_meeting_until_it_begins(
    db_notifications: Database, settings: Settings, mailbox: Mailbox, rosa: PersonChanged
) -> None:
    far = utc_now() + timedelta(days=90)
    once = MeetingDate(
        occurrence_id=DATES[0], starts_at=far, ends_at=far + timedelta(hours=1), status="planned", rule_at=far
    )
    state = a_state(rosa.person_id, rule=None, starts_at=far, dates=(once,))

    (mail,) = await mails(db_notifications, settings, mailbox, state, MeetingInvited(**about(rosa, at=far)))

    body = mail.get_body(("plain",))
    assert body is not None
    token = body.get_content().partition("/agreements/meetings/by-link/")[2].split()[0]
    claims = read_link(settings, token, now=far - timedelta(minutes=1))
    assert (claims.person_id, claims.about_id) == (rosa.person_id, MEETING)


async def test_a_fact_that_comes_before_the_meeting_is_known_waits_for_it(
    db_notifications: Database, settings: Settings, mailbox: Mailbox, rosa: PersonChanged
) -> None:
    await deliver(db_notifications, on, MeetingInvited(**about(rosa)), may_park=True)
    await jobs.send_due(db_notifications, settings, utc_now())

    assert mailbox.to("rosa@example.org") == []


async def test_what_one_does_oneself_mails_nothing_and_a_task_names_its_meeting(
    db_notifications: Database, settings: Settings, mailbox: Mailbox, rosa: PersonChanged
) -> None:
    task = TaskAgreed(task_id=new_id(), meeting_id=MEETING, person_id=rosa.person_id, on=AT.date())
    await deliver(
        db_notifications,
        on,
        a_state(rosa.person_id),
        MeetingInvited(**about(rosa)),
        actor=Actor(rosa.person_id, "Rosa"),
    )

    (mail,) = await mails(db_notifications, settings, mailbox, task)

    body = mail.get_body(("plain",))
    assert body is not None
    assert "Fall, and: how; it goes" in body.get_content()
    assert [one.get_content_type() for one in mail.iter_parts()] == ["text/plain", "text/html"]
