"""Reminders: who is reminded when, once, over both changes of the clocks, after an outage, by many schedulers."""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from services.referrals import commands, jobs
from services.referrals.models import Entry, PlannedReminder
from services.referrals.rules import (
    AttemptState,
    BusinessCalendar,
    ReferralState,
    Reminder,
    Settled,
    Standing,
    Verb,
    of_answer,
    of_consent,
    settle,
)
from services.referrals.rules.reminders import IF_LATE, NEEDED, IfLate
from services.referrals.settings import Settings
from shared.events.referrals import ReminderDue, ReminderLetGo
from tests.referrals.world import CALENDAR, NOW, World, later
from tests.support.clients import Client
from tests.support.databases import settings_of

BOSTON = ZoneInfo("America/New_York")
P99 = 2.0 if os.environ.get("CROSSWALK_LONG") else 15.0
"""Seconds of lateness; the short form also runs where other tests take the processors."""


def local(words: str) -> datetime:
    """By the clock on the wall in Boston."""
    return datetime.fromisoformat(words).replace(tzinfo=BOSTON)


@pytest.fixture
def settings(postgres: str, data_dir: Path) -> Settings:
    made = settings_of("referrals", postgres, data_dir)
    assert isinstance(made, Settings)
    return made


async def tick(world: World, now: datetime) -> None:
    """What the scheduler does at a moment."""
    async with world.db.transaction() as session:
        while await commands.settle_due(session, now=now):
            pass


async def run(world: World, since: datetime, until: datetime, every: timedelta = timedelta(minutes=10)) -> None:
    """The scheduler from one moment to another."""
    while since <= until:
        await tick(world, since)
        since += every


async def reminded(world: World) -> list[tuple[str, datetime]]:
    """The reminders told, each with when it had been due, by the clock on the wall."""
    return [(f.reminder, f.due_at.astimezone(BOSTON)) for f in await world.published() if isinstance(f, ReminderDue)]


async def let_go(world: World) -> list[tuple[str, str]]:
    """The reminders not told, each with why."""
    return [(fact.reminder, fact.why) for fact in await world.published() if isinstance(fact, ReminderLetGo)]


async def scalar(world: World, statement: str, **values: object) -> Any:
    async with world.db.transaction() as session:
        return (await session.execute(text(statement), values)).scalar()


async def test_the_partner_is_reminded_twice_and_then_the_referrer_hears(world: World) -> None:
    await world.submit()  # on Friday at ten: the answer is due on Tuesday at five

    await run(world, NOW, later(days=10))

    assert await reminded(world) == [
        ("answer_due", local("2026-11-24 09:00")),
        ("answer_overdue", local("2026-11-25 09:00")),
        ("answer_missing", local("2026-11-25 17:00")),
    ]
    assert await let_go(world) == []


async def test_a_reminder_says_of_which_program_which_answer_was_due_when(world: World) -> None:
    id = await world.submit()

    await tick(world, local("2026-11-24 09:00"))

    (fact,) = [f for f in await world.published() if isinstance(f, ReminderDue)]
    assert (fact.referral_id, fact.program_id, fact.organization_id) == (
        id, world.program.program_id, world.program.organization_id,
    )  # fmt: skip
    assert fact.answer_by == local("2026-11-24 17:00")
    async with world.db.transaction() as session:
        entry = (await session.exec(select(Entry).where(Entry.type == fact.type))).one()
    assert (entry.referral_id, entry.attempt_id, entry.data["reminder"]) == (id, fact.attempt_id, "answer_due")


@pytest.mark.parametrize("verb", [Verb.ACCEPT, Verb.WAITLIST])
async def test_nobody_is_reminded_of_what_is_answered(world: World, verb: Verb) -> None:
    id = await world.submit()
    await world.answer(id, verb)

    await run(world, NOW, later(days=10), timedelta(hours=8))

    assert (await reminded(world), await let_go(world)) == ([], [])


async def test_who_only_acknowledged_is_reminded(world: World) -> None:
    id = await world.submit()
    await world.move("acknowledge", id, actor=world.partner)

    await tick(world, local("2026-11-24 09:00"))

    assert [kind for kind, _ in await reminded(world)] == ["answer_due"]


async def test_after_a_decline_only_the_next_partner_is_reminded(world: World) -> None:
    id = await world.submit()
    await world.answer(id, Verb.DECLINE)

    await tick(world, local("2026-11-24 09:00"))

    (fact,) = [f for f in await world.published() if isinstance(f, ReminderDue)]
    assert fact.organization_id == world.second.organization_id


async def test_a_family_is_reminded_of_the_question_twice_and_then_the_referrer_hears(world: World) -> None:
    await world.submit(consent=None)

    await run(world, NOW, later(days=12))

    assert await reminded(world) == [
        ("consent_waiting", local("2026-11-24 17:00")),
        ("consent_waiting", local("2026-11-26 17:00")),
        ("consent_missing", local("2026-11-27 09:00")),
    ]
    waiting = next(f for f in await world.published() if isinstance(f, ReminderDue))
    assert waiting.program_ids == (world.program.program_id, world.second.program_id)


async def test_a_family_that_answered_is_not_reminded(world: World) -> None:
    id = await world.submit(consent=None)
    await world.move("refuse_consent", id, actor=world.guardian)

    await run(world, NOW, later(days=10), timedelta(hours=8))

    assert (await reminded(world), await let_go(world)) == ([], [])


# An outage of 24 hours: each kind as its policy says, and on the record


def test_every_reminder_has_a_policy_and_says_when_it_is_needed() -> None:
    assert set(IF_LATE) == set(NEEDED) == set(Reminder)
    assert set(IF_LATE.values()) == set(IfLate)


async def test_after_an_outage_what_has_passed_is_dropped_and_what_is_still_so_is_sent_late(world: World) -> None:
    await world.submit()

    await tick(world, local("2026-11-24 08:59"))
    await tick(world, local("2026-11-25 08:59"))
    await run(world, local("2026-11-26 08:59"), local("2026-11-26 18:00"))

    assert await let_go(world) == [("answer_due", "dropped")]
    assert await reminded(world) == [
        ("answer_overdue", local("2026-11-25 09:00")),
        ("answer_missing", local("2026-11-25 17:00")),
    ]


async def test_a_reminder_that_is_late_but_still_of_use_is_sent(world: World) -> None:
    await world.submit()

    await tick(world, local("2026-11-24 16:59"))

    assert await reminded(world) == [("answer_due", local("2026-11-24 09:00"))]


async def test_after_an_outage_an_older_question_to_the_family_is_folded_into_the_newer_step(world: World) -> None:
    await world.submit(consent=None)
    await run(world, NOW, local("2026-11-26 16:00"), timedelta(hours=1))

    await tick(world, local("2026-11-27 16:00"))

    assert await let_go(world) == [("consent_waiting", "folded")]
    assert [kind for kind, _ in await reminded(world)] == ["consent_waiting", "consent_missing"]


async def test_what_became_of_each_reminder_is_on_its_row(world: World) -> None:
    id = await world.submit()
    await tick(world, local("2026-11-25 10:00"))
    await world.answer(id, Verb.ACCEPT)
    await tick(world, local("2026-11-25 18:00"))

    async with world.db.transaction() as session:
        rows = (await session.exec(select(PlannedReminder).order_by(col(PlannedReminder.due_at)))).all()

    assert [row.settled for row in rows] == [Settled.DROPPED, Settled.SENT, Settled.NOT_NEEDED]


# Both changes of the clocks

CHANGES = {"the clocks go forward": "2026-03-06 10:00", "the clocks go back": "2026-10-30 10:00"}
"""The Friday before each."""


@pytest.mark.parametrize("friday", CHANGES.values(), ids=CHANGES)
async def test_over_a_change_of_the_clocks_each_comes_once_at_the_hour_on_the_wall(world: World, friday: str) -> None:
    sent = local(friday)
    await world.submit(now=sent, consent=world.consent(given_on=sent.date()))

    await run(world, sent, sent + timedelta(days=7), timedelta(minutes=30))

    assert [(kind, at.hour, at.weekday()) for kind, at in await reminded(world)] == [
        ("answer_due", 9, 1), ("answer_overdue", 9, 2), ("answer_missing", 17, 2),
    ]  # fmt: skip


@pytest.mark.parametrize("friday", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("opens", ["01:30", "02:30", "03:00"])
def test_an_hour_that_the_change_skips_or_repeats_makes_one_moment(friday: str, opens: str) -> None:
    sunday = local(friday).date() + timedelta(days=2)
    every_day = BusinessCalendar(BOSTON, opens=datetime.strptime(opens, "%H:%M").time())  # noqa: DTZ007

    moment = every_day.start_of(sunday)

    assert moment.tzinfo is UTC
    assert every_day.today(moment) == sunday
    assert local(f"{sunday} 01:00") < moment <= local(f"{sunday} 04:00")


def moments() -> Iterator[datetime]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return (start + timedelta(hours=7 * step) for step in range(365 * 24 // 7))


def test_reminders_of_a_whole_year_come_in_order_on_business_days_after_what_they_remind_of() -> None:
    for moment in moments():
        for dues, begun in ((of_consent(moment, CALENDAR), moment), (of_answer(moment, CALENDAR), None)):
            found = list(dues)
            times = [due.at for due in found]
            assert times == sorted(times)
            assert all(begun is None or at > begun for at in times)
            assert {due.at.astimezone(BOSTON).hour for due in found} <= {9, 17}
            assert all(CALENDAR.is_open_on(due.at.astimezone(BOSTON).date()) for due in found[1:])


# What was sent before there were reminders


async def test_what_is_under_way_from_before_there_were_reminders_gets_them_once(
    world: World, settings: Settings
) -> None:
    sent, asked = await world.submit(), await world.submit(consent=None, even_though_duplicate=True)
    async with world.db.transaction() as session:
        await session.execute(text("DELETE FROM reminder"))

    async with world.db.transaction() as session:
        await commands.plan_missing(session, CALENDAR)
        another = asyncio.ensure_future(jobs.plan_missing(world.db, settings, NOW))
        await until_somebody_waits(world)
    await another
    await jobs.plan_missing(world.db, settings, NOW)

    async with world.db.transaction() as session:
        rows = (await session.exec(select(PlannedReminder))).all()
    assert Counter(row.referral_id for row in rows) == {sent: 3, asked: 3}
    assert min(row.due_at for row in rows) == local("2026-11-24 09:00")


async def until_somebody_waits(world: World) -> None:
    async with asyncio.timeout(30):
        while not await scalar(world, "SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)


async def test_reminders_stand_in_the_timeline(world: World, client_referrals: Client) -> None:
    id = await world.submit()
    await run(world, NOW, later(days=10), timedelta(hours=8))

    staff = (await client_referrals(world.staff).get(f"/referrals/{id}")).text
    partner = (await client_referrals(world.partner).get(f"/referrals/{id}")).text

    for page in (staff, partner):
        assert "Homework Club, City Steps was reminded that its answer is due today" in page
        assert "The referrer was told that Homework Club, City Steps has not answered" in page


# The rule


OPEN = Standing(ReferralState.OPEN, AttemptState.SENT)


@pytest.mark.parametrize(
    ("reminder", "standing", "newer", "settled"),
    [
        (Reminder.ANSWER_OVERDUE, OPEN, False, Settled.SENT),
        (Reminder.ANSWER_OVERDUE, OPEN, True, Settled.SENT),
        (Reminder.ANSWER_DUE, OPEN, False, Settled.DROPPED),
        (Reminder.ANSWER_DUE, Standing(ReferralState.ACCEPTED, AttemptState.ACCEPTED), False, Settled.NOT_NEEDED),
        (Reminder.CONSENT_WAITING, Standing(ReferralState.AWAITING_CONSENT), True, Settled.FOLDED),
        (Reminder.CONSENT_WAITING, Standing(ReferralState.AWAITING_CONSENT), False, Settled.SENT),
        (Reminder.CONSENT_WAITING, Standing(ReferralState.CONSENT_REFUSED), True, Settled.NOT_NEEDED),
        (Reminder.CONSENT_MISSING, Standing(ReferralState.AWAITING_CONSENT), False, Settled.SENT),
    ],
)
def test_a_late_reminder_is_settled_by_its_policy(
    reminder: Reminder, standing: Standing, newer: bool, settled: Settled
) -> None:
    assert settle(reminder, standing, newer_is_due=newer, has_passed=True) is settled
