"""Messages to the outside: never lost, and doubled only where a kill falls between sending and recording.

Real worker processes on a real database send to a real mail server and are killed with kill -9 at the worst moments.
"""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from services.notifications import commands, jobs
from services.notifications.consumers import on
from services.notifications.models import Delivery, Message, Status
from services.notifications.rules import JITTER, RETRY_AFTER
from services.notifications.settings import Settings
from shared.clock import utc_now
from shared.db import Database
from tests.faults.proxy import Line, Proxy
from tests.notifications.conftest import District
from tests.notifications.mailbox import Mailbox
from tests.support.events import deliver
from tests.support.kafka import Broker

COMMAND = Path(sys.executable).with_name("crosswalk")
MOTHER = "mother@example.org"
PATIENCE = 120.0
"""Seconds; only what hangs ever waits so long."""


class Sender:
    """A worker of notifications in a process of its own, one after the other."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **changes: str) -> None:
        assert self.process is None
        command = [str(COMMAND), "serve", "notifications", "worker"]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, env=self.environment | changes, stdout=quiet, stderr=quiet)

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def sender(settings: Settings, broker: Broker) -> Iterator[Sender]:
    """Ready to start, on the test's database, broker and mail server."""
    sender = Sender({
        **os.environ,
        "CROSSWALK_DATABASE_URL": settings.dsn,
        "CROSSWALK_DATA_DIR": str(settings.data_dir),
        "CROSSWALK_KAFKA_BOOTSTRAP_SERVERS": broker.address,
        "CROSSWALK_KAFKA_IDEMPOTENT": "false",
        "CROSSWALK_SMTP_PORT": str(settings.smtp_port),
        "CROSSWALK_MAIL_DEADLINE": "5",
    })  # fmt: skip
    yield sender
    sender.kill()


async def until(look: Callable[[], Awaitable[bool]], what: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await look():
            await asyncio.sleep(0.02)


async def deliveries(db: Database) -> dict[str, Delivery]:
    """By the Message-ID that each has."""
    async with db.transaction() as session:
        found = (await session.exec(select(Delivery, Message).where(col(Delivery.message_id) == col(Message.id)))).all()
    return {commands.smtp_id(message, "crosswalk@example.org"): row for row, message in found}


async def all_sent(db: Database) -> bool:
    return all(row.status is Status.SENT for row in (await deliveries(db)).values())


async def two_minutes_later(db: Database) -> None:
    """What was due or leased is so no longer than two minutes ago: as if that time had passed."""
    async with db.transaction() as session:
        await session.execute(
            text("UPDATE delivery SET next_at = next_at - make_interval(mins => 2),"
                 " lease_until = lease_until - make_interval(mins => 2)")
        )  # fmt: skip


async def assert_nothing_lost_and_doubles_marked(db: Database, mailbox: Mailbox) -> int:
    """The verdict; how many mails arrived twice."""
    known, came = await deliveries(db), mailbox.times()
    doubled = {id for id, times in came.items() if times > 1}
    marked = {id for id, row in known.items() if row.uncertain_at is not None}
    assert came.keys() == known.keys()
    assert doubled <= marked
    return len(doubled)


async def test_a_kill_between_sending_and_recording_doubles_one_mail_which_is_marked_and_has_the_same_id(
    db_notifications: Database, known: District, mailbox: Mailbox, sender: Sender
) -> None:
    await deliver(db_notifications, on, known.accepted())

    def kill_once(address: str) -> None:
        if address == MOTHER:
            mailbox.when_taken = lambda address: None
            sender.kill()

    mailbox.when_taken = kill_once
    sender.start()
    await until(lambda: _dead(sender), "the kill")
    await two_minutes_later(db_notifications)
    sender.start()
    await until(lambda: all_sent(db_notifications), "all mail sent")

    first, second = mailbox.to(MOTHER)
    assert first["Message-ID"] == second["Message-ID"]
    assert await assert_nothing_lost_and_doubles_marked(db_notifications, mailbox) >= 1


async def _dead(sender: Sender) -> bool:
    return sender.process is None


async def test_no_mail_is_lost_and_only_marked_ones_are_doubled_over_many_kills(
    db_notifications: Database, known: District, mailbox: Mailbox, sender: Sender
) -> None:
    seed = int(os.environ.get("CROSSWALK_SEED", random.randrange(10**6)))
    print(f"CROSSWALK_SEED={seed}")
    dice = random.Random(seed)
    await deliver(db_notifications, on, *(known.accepted() for _ in range(40)))
    rounds = 4

    for _ in range(rounds):
        left = dice.randrange(1, 25)

        def kill_later(address: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                sender.kill()

        at = dice.choice(["when_asked", "when_taken"])
        setattr(mailbox, at, kill_later)
        sender.start()
        await until(lambda: _dead(sender), "the kill")
        setattr(mailbox, at, lambda address: None)
        await two_minutes_later(db_notifications)
    sender.start()
    await until(lambda: all_sent(db_notifications), "all mail sent")

    doubled = await assert_nothing_lost_and_doubles_marked(db_notifications, mailbox)
    assert doubled <= rounds * 4


async def test_a_server_that_takes_the_mail_and_falls_silent_gets_it_again_with_the_same_id_and_it_is_marked(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    mailbox.silent_after_data.add(MOTHER)
    settings = settings.model_copy(update={"mail_deadline": 0.5})
    await deliver(db_notifications, on, known.accepted())
    now = utc_now()
    await jobs.send_due(db_notifications, settings, now)

    mailbox.silent_after_data.clear()
    await jobs.send_due(db_notifications, settings, now + timedelta(minutes=1))

    assert await all_sent(db_notifications)
    assert await assert_nothing_lost_and_doubles_marked(db_notifications, mailbox) == 1


@pytest.mark.parametrize("way", [Line.SLOW, Line.RESET, Line.BLACK_HOLE, Line.HALF_OPEN])
async def test_a_bad_line_to_the_mail_server_loses_no_mail_and_only_marked_ones_are_doubled(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox, way: Line
) -> None:
    line = Proxy(partial(asyncio.open_connection, "127.0.0.1", mailbox.port))
    await line.start()
    settings = settings.model_copy(update={"smtp_port": line.port, "mail_deadline": 1.0})
    await deliver(db_notifications, on, *(known.accepted() for _ in range(5)))

    def spoil(address: str) -> None:
        if len(mailbox.received) == 3:
            line.set(way)

    mailbox.when_taken = spoil
    now = utc_now()
    try:
        await jobs.send_due(db_notifications, settings, now)
        line.set(Line.GOOD)
        for minutes in range(5, 65, 5):
            await jobs.send_due(db_notifications, settings, now + timedelta(minutes=minutes))
    finally:
        await line.stop()

    assert await all_sent(db_notifications)
    assert bool(await assert_nothing_lost_and_doubles_marked(db_notifications, mailbox)) is (way is not Line.SLOW)


async def test_a_database_that_goes_away_between_sending_and_recording_doubles_nothing(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    await deliver(db_notifications, on, known.accepted())

    cutting: list[asyncio.Task[None]] = []
    mailbox.when_taken = lambda address: cutting.append(asyncio.create_task(no_database_for(settings, seconds=0.5)))
    with suppress(DBAPIError, OSError):  # lanes that look for work meanwhile find no database
        await jobs.send_due(db_notifications, settings, utc_now())
    mailbox.when_taken = lambda address: None
    await asyncio.gather(*cutting)
    await db_notifications.engine.dispose()  # what is left of connections that were cut
    await two_minutes_later(db_notifications)
    await jobs.find_lost(db_notifications, settings, utc_now())
    await jobs.send_due(db_notifications, settings, utc_now())

    assert await all_sent(db_notifications)
    assert set(mailbox.times().values()) == {1}


async def no_database_for(settings: Settings, *, seconds: float) -> None:
    """Cut every connection to the service's database, and each new one, for a time."""
    admin = await asyncpg.connect(settings.dsn.replace("/test_notifications", "/postgres"))
    try:
        async with asyncio.timeout(seconds):
            while True:
                cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'test_notifications'"
                await admin.execute(cut)
                await asyncio.sleep(0.005)
    except TimeoutError:
        await admin.close()


async def test_a_mail_that_was_refused_or_never_taken_is_not_marked(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    mailbox.answers[MOTHER] = "451 4.7.1 later"
    await deliver(db_notifications, on, known.accepted())
    now = utc_now()
    await jobs.send_due(db_notifications, settings, now)

    mailbox.answers.clear()
    await jobs.send_due(db_notifications, settings, now + timedelta(minutes=1))

    assert await all_sent(db_notifications)
    assert {row.uncertain_at for row in (await deliveries(db_notifications)).values()} == {None}


async def test_without_notify_everything_arrives_only_later(
    db_notifications: Database, known: District, mailbox: Mailbox, sender: Sender, settings: Settings
) -> None:
    silent = Database(settings.dsn, notify=False)
    sender.start(CROSSWALK_NOTIFY="false")
    try:
        for _ in range(3):
            wanted = len(mailbox.received) + 3
            await deliver(silent, on, known.accepted())
            await until(partial(_came, mailbox, wanted), "three more mails")
    finally:
        await silent.close()

    await until(lambda: all_sent(db_notifications), "all mail recorded")
    assert await assert_nothing_lost_and_doubles_marked(db_notifications, mailbox) == 0


async def _came(mailbox: Mailbox, number: int) -> bool:
    return len(mailbox.received) >= number


async def test_what_is_unsent_for_two_minutes_is_found_within_one(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    await deliver(db_notifications, on, known.accepted())
    began = utc_now()
    async with db_notifications.transaction() as session:
        for status in (Status.SENDING, Status.SENDING, Status.UNCERTAIN):
            (lost,) = await commands.claim(session, now=began, sender=settings.mail_from)
            if status is Status.UNCERTAIN:
                row = await session.get_one(Delivery, lost.delivery_id)
                row.status, row.lease_token, row.lease_until = status, None, None

    await run_jobs(db_notifications, settings, began + timedelta(minutes=2), began + timedelta(minutes=3))

    assert await all_sent(db_notifications)
    assert len(mailbox.received) == 3


async def run_jobs(db: Database, settings: Settings, since: datetime, until: datetime) -> None:
    """All jobs as often as they are registered, each just having missed the first moment; the clock does not wait."""
    moments = sorted(
        (since + timedelta(seconds=beat * every), place)
        for place, (_, every, _) in enumerate(jobs.jobs.runs)
        for beat in range(1, int((until - since).total_seconds() / every) + 1)
    )
    for moment, place in moments:
        await jobs.jobs.runs[place][0](db, settings, moment)


async def test_many_mails_that_fail_at_one_instant_do_not_come_back_at_one_instant(
    db_notifications: Database, known: District, settings: Settings, mailbox: Mailbox
) -> None:
    for address in (MOTHER, "father@example.org", "dana@example.org"):
        mailbox.answers[address] = "451 4.7.1 later"
    await deliver(db_notifications, on, *(known.accepted() for _ in range(5)))
    async with db_notifications.transaction() as session:
        await session.execute(text("UPDATE delivery SET attempts = 9"))

    await jobs.send_due(db_notifications, settings, utc_now())

    again = sorted(row.next_at for row in (await deliveries(db_notifications)).values())
    assert len(again) == 15
    assert again[-1] - again[0] > RETRY_AFTER[9] * JITTER / 4
