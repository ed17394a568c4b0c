"""Many schedulers on one database: each reminder once, soon, and none lost with one that dies."""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlmodel import select

from services.referrals import commands
from services.referrals.models import Referral
from services.referrals.settings import Settings
from shared.clock import utc_now
from shared.events.referrals import ReminderDue, ReminderLetGo
from tests.referrals.test_reminders import local, scalar
from tests.referrals.world import World
from tests.support.databases import settings_of

BOSTON = ZoneInfo("America/New_York")
P99 = 2.0 if os.environ.get("CROSSWALK_LONG") else 15.0
"""Seconds of lateness; the short form also runs where other tests take the processors."""


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


@pytest.mark.slow
async def test_four_schedulers_on_one_database_tell_each_of_ten_thousand_reminders_once_and_soon(
    world: World, settings: Settings
) -> None:
    await world.submit()
    await many(world, 10_000)
    with four_schedulers(settings):
        for _ in range(2):  # the first time they are only just awake
            due_at = await make_due(world, utc_now() + timedelta(seconds=2))
            left = await left_over_time(world, due_at)

    told = Counter((f.attempt_id, f.due_at) for f in await world.published() if isinstance(f, ReminderDue))
    assert (len(told), set(told.values())) == (20_000, {1})
    late = next(seconds for seconds, number in left if number <= 100)
    print(f"10,000 reminders at one moment, four schedulers: p99 {late:.2f} s late, the last {left[-1][0]:.2f} s")
    assert late <= P99


@contextmanager
def four_schedulers(settings: Settings) -> Iterator[None]:
    """Four processes that run the jobs of referrals as its workers do."""
    environment = {**os.environ, "CROSSWALK_DATABASE_URL": settings.dsn}
    command = [sys.executable, "-m", "tests.referrals.scheduler"]
    processes = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(4)]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == b"looking\n"
        yield
    finally:
        for process in processes:
            process.kill()
            process.communicate()


async def many(world: World, number: int) -> None:
    """Copies of the one referral with its attempt."""
    copies = """
        WITH fresh AS (SELECT gen_random_uuid() AS id FROM generate_series(1, {number})),
        copied AS (
            INSERT INTO referral SELECT (jsonb_populate_record(referral, jsonb_build_object('id', fresh.id))).*
            FROM referral, fresh RETURNING id)
        INSERT INTO attempt
        SELECT (jsonb_populate_record(attempt, jsonb_build_object('id', gen_random_uuid(), 'referral_id', copied.id))).*
        FROM attempt, copied WHERE position = 0
    """
    async with world.db.transaction() as session:
        await session.execute(text("DELETE FROM reminder"))
        await session.execute(text(copies.format(number=number)))
    async with world.db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text("ANALYZE"))


async def make_due(world: World, due_at: datetime) -> datetime:
    """One reminder of each copy, all due at one moment."""
    async with world.db.transaction() as session:
        rows = """
            INSERT INTO reminder (referral_id, attempt_id, thing_id, kind, due_at)
            SELECT attempt.referral_id, attempt.id, attempt.id, 'answer_overdue', :due_at
            FROM attempt WHERE position = 0 ORDER BY id LIMIT 10000
        """
        await session.execute(text(rows), {"due_at": due_at})
    return due_at


async def left_over_time(world: World, due_at: datetime) -> list[tuple[float, int]]:
    """Seconds since the moment, and how many were not settled yet for others to see, until none is left."""
    unsettled = "SELECT count(*) FROM reminder WHERE settled_at IS NULL AND due_at = :due_at"
    seen: list[tuple[float, int]] = []
    async with asyncio.timeout(120):
        while not seen or seen[-1][1]:
            await asyncio.sleep(0.05)
            left = await scalar(world, unsettled, due_at=due_at)
            seen.append(((utc_now() - due_at).total_seconds(), left))
    return seen


async def test_a_referral_that_somebody_has_in_hand_is_left_for_the_next_look(world: World) -> None:
    id = await world.submit()
    async with world.db.transaction() as session:
        await session.execute(select(Referral).where(Referral.id == id).with_for_update())
        await tick(world, local("2026-11-24 09:00"))
        assert await reminded(world) == []

    await tick(world, local("2026-11-24 09:00"))

    assert [kind for kind, _ in await reminded(world)] == ["answer_due"]


async def test_a_scheduler_that_dies_before_its_commit_has_told_nothing_and_another_tells_it(world: World) -> None:
    await world.submit()
    async with world.db.sessions() as session:
        assert await commands.settle_due(session, now=local("2026-11-24 09:00")) == 1
        await session.rollback()

    await tick(world, local("2026-11-24 09:00"))

    assert [kind for kind, _ in await reminded(world)] == ["answer_due"]
