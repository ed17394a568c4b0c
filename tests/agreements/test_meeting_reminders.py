"""Reminders of meetings: when each person chose, by the person's clock, once, never of an old time."""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands, consumers
from services.agreements.models import Meeting, Person
from services.agreements.rules import Answer
from shared.db import Database
from shared.events.agreements import MeetingReminderDue, MeetingReminderLetGo
from shared.events.notifications import PreferencesChanged
from shared.identity.actor import Actor
from tests.agreements.meeting_support import (
    BOSTON,
    NOW,
    Partnership,
    a_meeting,
    a_partnership,
    dates_of,
    entry_of,
    local,
)
from tests.support.events import deliver, outbox

CHICAGO = ZoneInfo("America/Chicago")
Told = tuple[UUID | None, int, datetime]


async def tick(session: AsyncSession, now: datetime) -> None:
    """What the scheduler does at a moment."""
    while await commands.settle_meeting_reminders(session, now=now):
        pass


async def reminded(session: AsyncSession) -> list[Told]:
    """Who was reminded, how long before, of a meeting at which time."""
    told = [fact for fact in await outbox(session) if isinstance(fact, MeetingReminderDue)]
    return [(fact.person_id, fact.minutes_before, fact.at) for fact in told]


async def wish(session: AsyncSession, who: Actor, *before: int, zone: str | None = None, now: datetime = NOW) -> None:
    """Somebody chooses other times, or another clock."""
    assert who.person_id
    fact = PreferencesChanged(
        person_id=who.person_id, language="en", by_email=True, remind_before=before or None, time_zone=zone
    )
    await commands.keep_wish(session, fact)
    await commands.replan_wished(session, zone=BOSTON, now=now)


async def test_a_week_a_day_and_two_hours_before_unless_somebody_chose_otherwise(
    session_agreements: AsyncSession,
) -> None:
    people = await a_partnership(session_agreements)
    await a_meeting(session_agreements, people, date="2026-11-03", time="09:00")
    await wish(session_agreements, people.rosa, 15, 1440)
    due: dict[datetime, list[tuple[UUID | None, int]]] = {}

    at = local("2026-10-25 00:00").astimezone(UTC)
    while at < local("2026-11-03 10:00"):
        if await commands.settle_meeting_reminders(session_agreements, now=at):
            new = (await reminded(session_agreements))[sum(map(len, due.values())) :]
            due[at.astimezone(BOSTON)] = sorted((who, minutes) for who, minutes, _ in new)
        at += timedelta(minutes=15)

    dana, rosa = people.dana.person_id, people.rosa.person_id
    # The clocks change on November 1: a week before at nine is at nine, too.
    assert due == {
        local("2026-10-27 09:00"): [(dana, 10080)],
        local("2026-11-02 09:00"): sorted([(dana, 1440), (rosa, 1440)]),
        local("2026-11-03 07:00"): [(dana, 120)],
        local("2026-11-03 08:45"): [(rosa, 15)],
    }


async def test_a_person_elsewhere_is_reminded_by_the_clock_there(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)
    await wish(session_agreements, people.rosa, 1440, zone="Europe/London")
    # London's clocks change a week before Boston's: the day before the meeting has 25 hours there.
    await a_meeting(session_agreements, people, date="2026-10-25", time="12:00")

    due = await session_agreements.execute(
        text("SELECT due_at FROM meeting_reminder WHERE person_id = :id"), {"id": people.rosa.person_id}
    )

    assert due.scalars().all() == [local("2026-10-24 16:00", ZoneInfo("Europe/London"))]


@pytest.mark.parametrize("how", ["moved", "changed", "cancelled", "declined", "uninvited", "left", "without work"])
async def test_no_old_reminder_of_what_is_no_longer_so(session_agreements: AsyncSession, how: str) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people)
    (date_,) = await dates_of(session_agreements, meeting)
    rosa = people.rosa.person_id

    await happen(session_agreements, how, people, meeting, date_.id)
    for hours in range(24 * 50):
        await tick(session_agreements, NOW + timedelta(hours=hours))

    told = [(at, minutes) for who, minutes, at in await reminded(session_agreements) if who == rosa]
    moved = local("2026-10-15 10:00")
    assert told == ([(moved, 10080), (moved, 1440), (moved, 120)] if how in ("moved", "changed") else [])


async def happen(session: AsyncSession, how: str, people: Partnership, meeting: Meeting, date_id: UUID) -> None:
    common: dict[str, Any] = {"actor": people.dana, "now": NOW}
    other = {"date": "2026-10-15", "time": "10:00"}
    if how == "moved":
        await commands.move_date(
            session, meeting.id, date_id, version=1, day="2026-10-15", hour="10:00", zone=BOSTON, **common
        )
    elif how == "changed":
        await commands.change_meeting(
            session, meeting.id, version=1, entry=entry_of(people, **other), zone=BOSTON, **common
        )
    elif how == "cancelled":
        await commands.cancel_meeting(session, meeting.id, version=1, **common)
    elif how == "declined":
        await commands.answer_meeting(session, meeting.id, answer=Answer.NO, actor=people.rosa, now=NOW)
    elif how == "uninvited":
        entry = entry_of(people, person_ids=[])
        await commands.change_meeting(session, meeting.id, version=1, entry=entry, zone=BOSTON, **common)
    else:
        person = await session.get_one(Person, people.rosa.person_id)
        if how == "left":
            person.active = False
        else:
            person.organization_ids = []
        await session.flush()


async def test_a_meeting_moved_away_and_back_reminds_nobody_twice(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)
    meeting = await a_meeting(session_agreements, people)
    (date_,) = await dates_of(session_agreements, meeting)
    await tick(session_agreements, local("2026-09-29 15:30"))
    later = local("2026-09-29 16:00")

    for version, day in ((1, "2026-10-20"), (2, "2026-10-06")):
        await commands.move_date(
            session_agreements, meeting.id, date_.id, version=version, day=day, hour="15:30", zone=BOSTON,
            actor=people.dana, now=later,
        )  # fmt: skip
    for hours in range(24 * 8):
        await tick(session_agreements, later + timedelta(hours=hours))

    assert max(Counter(await reminded(session_agreements)).values()) == 1
    assert len(await reminded(session_agreements)) == 6


async def test_after_an_outage_one_reminder_says_it_and_none_comes_after_the_meeting_began(
    session_agreements: AsyncSession,
) -> None:
    people = await a_partnership(session_agreements)
    await a_meeting(session_agreements, people, person_ids=[])
    await a_meeting(session_agreements, people, person_ids=[], date="2026-10-05")

    await tick(session_agreements, local("2026-10-06 14:00"))

    assert [minutes for _, minutes, _ in await reminded(session_agreements)] == [120]
    let_go = [fact for fact in await outbox(session_agreements) if isinstance(fact, MeetingReminderLetGo)]
    assert Counter(fact.why for fact in let_go) == {"folded": 2, "dropped": 3}


async def test_other_wishes_plan_anew_what_is_to_come_and_repeat_nothing(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)
    await a_meeting(session_agreements, people)
    week_before = local("2026-09-29 15:30")
    await tick(session_agreements, week_before)

    await wish(session_agreements, people.rosa, 10080, 60, now=week_before + timedelta(minutes=1))
    for hours in range(24 * 8):
        await tick(session_agreements, week_before + timedelta(hours=hours, minutes=1))

    told = Counter(minutes for who, minutes, _ in await reminded(session_agreements) if who == people.rosa.person_id)
    assert told == {10080: 1, 60: 1}


async def test_who_wants_none_gets_none(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)
    await a_meeting(session_agreements, people, person_ids=[])
    assert people.dana.person_id
    none = PreferencesChanged(person_id=people.dana.person_id, language="en", by_email=True, remind_before=())

    await commands.keep_wish(session_agreements, none)
    await commands.replan_wished(session_agreements, zone=BOSTON, now=NOW)
    await tick(session_agreements, local("2026-10-06 14:00"))

    assert await reminded(session_agreements) == []


async def test_wishes_are_heard_of_from_notifications(db_agreements: Database) -> None:
    async with db_agreements.transaction() as session:
        people = await a_partnership(session)
        await a_meeting(session, people)
    assert people.rosa.person_id

    fact = PreferencesChanged(person_id=people.rosa.person_id, language="en", by_email=True, remind_before=(30,))
    await deliver(db_agreements, consumers.on, fact, twice=True)
    async with db_agreements.transaction() as session:
        changed = await commands.replan_wished(session, zone=BOSTON, now=NOW)
        rows = await session.execute(
            text("SELECT minutes_before FROM meeting_reminder WHERE person_id = :id"), {"id": people.rosa.person_id}
        )

    assert (changed, rows.scalars().all()) == (1, [30])


async def test_four_schedulers_hand_out_each_reminder_once(db_agreements: Database) -> None:
    async with db_agreements.transaction() as session:
        people = await a_partnership(session)
        for _ in range(60):
            await a_meeting(session, people)

    async def scheduler() -> int:
        done = 0
        while True:
            async with db_agreements.transaction() as session:
                settled = await commands.settle_meeting_reminders(session, now=local("2026-09-29 15:30"))
            done += settled
            if not settled:
                return done

    done = await asyncio.gather(*(scheduler() for _ in range(4)))

    async with db_agreements.transaction() as session:
        told = [f for f in await outbox(session) if isinstance(f, MeetingReminderDue)]
    assert sum(done) == len(told) == 120
    assert len({(fact.meeting_id, fact.person_id) for fact in told}) == 120


async def test_a_scheduler_that_dies_before_its_commit_has_reminded_nobody(db_agreements: Database) -> None:
    async with db_agreements.transaction() as session:
        await a_meeting(session, await a_partnership(session))
    at = local("2026-09-29 15:30")

    async with db_agreements.sessions() as session:
        assert await commands.settle_meeting_reminders(session, now=at) == 2
        await session.rollback()
    async with db_agreements.transaction() as session:
        await tick(session, at)
        assert len(await reminded(session)) == 2


# A whole school year

YEAR: list[dict[str, Any]] = [
    {"date": "2026-09-08", "time": "15:30", "repeat": "weekly", "until": "2027-06-15"},
    {"date": "2026-09-10", "time": "08:00", "repeat": "fortnightly", "until": "2027-06-17"},
    {"date": "2026-09-14", "time": "12:00", "repeat": "monthly_by_weekday", "until": "2027-06-30"},
    {"date": "2026-09-30", "time": "17:00", "repeat": "monthly_by_date", "until": "2027-06-30"},
    {"date": "2026-11-01", "time": "10:00"},
    {"date": "2027-03-14", "time": "10:00"},
]
TUESDAYS = [date(2026, 9, 8) + timedelta(weeks=n) for n in range(41)]


def expected(day: date, hour: int, minute: int, before: int, zone: ZoneInfo) -> datetime:
    """When a reminder is due, worked out another way: by asking the clock on the wall for each minute."""
    starts = datetime(day.year, day.month, day.day, hour, minute, tzinfo=BOSTON).astimezone(UTC)
    if before < 1440:
        return starts - timedelta(minutes=before)
    wall = starts.astimezone(zone) - timedelta(days=before // 1440)  # wall-clock arithmetic
    return wall.astimezone(UTC)


async def test_a_whole_school_year_counts_every_reminder(session_agreements: AsyncSession) -> None:
    people = await a_partnership(session_agreements)
    await wish(session_agreements, people.rosa, 1440, 60, zone=CHICAGO.key)
    began = perf_counter()
    for changes in YEAR:
        await a_meeting(session_agreements, people, **changes)
    due: dict[Told, datetime] = {}

    at = local("2026-09-01 08:00").astimezone(UTC)
    while at < local("2027-07-01 00:00"):
        # From one moment at which something is due to the next: a year in seconds.
        found = await session_agreements.execute(
            text("SELECT min(due_at) FROM meeting_reminder WHERE settled_at IS NULL")
        )
        earliest = found.scalar_one()
        at = earliest or local("2027-07-01 00:00")
        before = len(due)
        await tick(session_agreements, at)
        for told in (await session_agreements.execute(NEW, {"at": at})).all():
            due[told.person_id, told.minutes_before, told.starts_at] = at
        assert len(due) > before or earliest is None

    dates = [one for found in (await session_agreements.exec(select(Meeting))).all()
             for one in await dates_of(session_agreements, found)]  # fmt: skip
    chosen = {people.dana.person_id: ((10080, 1440, 120), BOSTON), people.rosa.person_id: ((1440, 60), CHICAGO)}
    wanted = {
        (who, before, one.starts_at): expected(
            one.starts_at.astimezone(BOSTON).date(), one.starts_at.astimezone(BOSTON).hour,
            one.starts_at.astimezone(BOSTON).minute, before, zone,
        )
        for one in dates for who, (times, zone) in chosen.items() for before in times
        if expected(one.starts_at.astimezone(BOSTON).date(), one.starts_at.astimezone(BOSTON).hour,
                    one.starts_at.astimezone(BOSTON).minute, before, zone) > NOW
    }  # fmt: skip
    assert len(dates) == 41 + 21 + 10 + 10 - 1 + 2
    assert due == wanted
    assert perf_counter() - began < 60


NEW = text("SELECT person_id, minutes_before, starts_at FROM meeting_reminder WHERE settled_at = :at")
