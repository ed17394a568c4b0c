"""A backup under load, restored in another place while the old system goes on for a while: a ledger compares."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from deploy.play.cast import Child
from shared.events import TOPICS
from shared.migrations import SERVICES
from tests.journeys.actors import Actors
from tests.journeys.system import COMMAND, RunningSystem, until
from tests.journeys.test_main_job import SENT, a_child

FIRST, MOST = 3, 20
"""Referrals before the backup begins, and in all."""
SAID = "SELECT event_id FROM outbox WHERE topic = ANY($1::text[]) ORDER BY event_id"


class Ledger:
    """What a system's databases and mailbox hold, past its services."""

    def __init__(self, system: RunningSystem) -> None:
        self.url, self.mail = str(system.state()["database_url"]), system.data / "mail"

    async def ask(self, service: str, query: str, *arguments: object) -> list[Any]:
        """The first column."""
        connection = await asyncpg.connect(self.url.replace("{service}", service))
        try:
            return [row[0] for row in await connection.fetch(query, *arguments)]
        finally:
            await connection.close()

    async def said(self) -> list[UUID]:
        """Every fact of every service."""
        return [id for service in SERVICES for id in await self.ask(service, SAID, list(TOPICS))]

    async def logged(self) -> list[UUID]:
        """Every entry of the log."""
        return await self.ask("audit", "SELECT event_id FROM entry ORDER BY seq")

    async def referrals(self) -> set[str]:
        """All referrals."""
        return {str(id) for id in await self.ask("referrals", "SELECT id FROM referral")}

    async def at_rest(self) -> bool:
        """All is heard by everybody whom it concerns, and sent, and nothing was said meanwhile."""
        before = await self.said()
        for service in SERVICES:
            topics = import_module(f"services.{service}.consumers").on.topics
            said = [id for each in SERVICES for id in await self.ask(each, SAID, topics)]
            if not set(said) <= set(await self.ask(service, "SELECT event_id FROM inbox")):
                return False
        unsent = await self.ask("notifications", "SELECT 1 FROM delivery WHERE status NOT IN ('sent', 'failed')")
        return not unsent and before == await self.said()

    def mails(self) -> list[str]:
        """The Message-ID of each mail that the server has had, but for codes: one that was asked for goes out again."""
        mails = [message_from_bytes(path.read_bytes(), policy=default) for path in self.mail.glob("*.eml")]
        return [str(mail["Message-ID"]) for mail in mails if "/sign-in/link" not in words(mail)]


def words(mail: EmailMessage) -> str:
    """The text of a mail."""
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body is not None else ""


@pytest_asyncio.fixture
async def restored() -> AsyncIterator[RunningSystem]:
    """A place for another system; nothing runs there yet."""
    place = RunningSystem()
    try:
        yield place
    finally:
        await place.remove()


async def keep_referring(actors: Actors, answered: list[str], stop: asyncio.Event) -> None:
    for place in range(MOST):
        if not stop.is_set():
            answered.append(await actors.refer(child(place), "arts", "City Choir"))


def child(place: int) -> Child:
    return a_child("es", 35 + place)


async def enough(answered: list[str]) -> bool:
    return len(answered) >= FIRST


async def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [str(COMMAND), *map(str, arguments)]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)


@pytest.mark.slow
async def test_a_restored_backup_has_lost_nothing_and_sends_nothing_twice(
    system: RunningSystem, actors: Actors, restored: RunningSystem, tmp_path: Path
) -> None:
    # given a backup that was taken while people referred
    backup, stop, answered = tmp_path / "backup", asyncio.Event(), list[str]()
    referring = asyncio.create_task(keep_referring(actors, answered, stop))
    await until(lambda: enough(answered), "some referrals")
    before = list(answered)
    taken = await system.run("backup", str(backup))
    stop.set()
    await referring
    assert taken.returncode == 0, taken.stderr
    cut = json.loads((backup / "manifest.json").read_text())
    # and the system went on for a while, so that the mail server has had what the backup does not know
    old = Ledger(system)
    await until(old.at_rest, "rest in the old system")

    # when it is restored in another place and begins to work
    done = await run("restore", backup, "--sent", old.mail, "--data", restored.data)
    assert done.returncode == 0, done.stderr
    await restored.start()
    new = Ledger(restored)
    await until(new.at_rest, "rest in the restored system")

    # then what was acknowledged before the backup is there, and nothing that never was
    assert set(before) <= await new.referrals() <= await old.referrals()
    said, logged = await new.said(), await new.logged()
    assert sorted(said) == sorted(logged)
    assert len(logged) == len(set(logged)) >= cut["log"]["entries"]
    assert logged[: cut["log"]["entries"]] == (await old.logged())[: cut["log"]["entries"]]
    # and every mail is out once, from here or from there
    mails, theirs = new.mails(), old.mails()
    sent = await new.ask("notifications", "SELECT smtp_message_id FROM delivery WHERE status = 'sent'")
    assert sorted([*mails, *(set(sent) & set(theirs))]) == sorted(sent)
    assert len(set(theirs)) == len(theirs)
    # and the record fits, nothing is broken, and life goes on
    for command in (("audit", "verify"), ("invariants",)):
        checked = await restored.run(*command)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    again = Actors(restored)
    referral = await again.refer(child(MOST), "arts", "City Choir")
    await again.wait_logged(referral, *SENT)
