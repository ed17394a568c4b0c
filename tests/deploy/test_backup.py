"""Backup and restore: a cut in which what was heard was said, and a restore that refuses what it would spoil."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from deploy.backup import manifest, programs
from deploy.backup.put_back import sent_since
from deploy.backup.take import cut
from deploy.trouble import Trouble
from services.notifications.commands import smtp_id
from services.notifications.models import Message
from services.notifications.rules import Kind
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.identity.keys import make_keys
from shared.migrations import SERVICES
from tests.deploy.commands import Machine, broker_of, empty_databases
from tests.deploy.test_flow import produce
from tests.support.kafka import Broker

CUTS = 25


async def talk(said: asyncpg.Connection, heard: asyncpg.Connection) -> None:
    """One says something, the other takes it into account at once; for ever."""
    while True:
        event = new_id()
        await said.execute("INSERT INTO outbox (event_id, topic, key, headers) VALUES ($1, 't', 'k', '{}')", event)
        await heard.execute("INSERT INTO inbox (consumer, event_id) VALUES ('c', $1)", event)


async def ids(connection: asyncpg.Connection, table: str) -> set[UUID]:
    return {row["event_id"] for row in await connection.fetch(f"SELECT event_id FROM {table}")}


async def test_in_every_cut_whatever_was_heard_was_said(db_people: Database, db_referrals: Database) -> None:
    dsns = {"people": db_people.dsn, "referrals": db_referrals.dsn}
    lines = [await asyncpg.connect(dsn) for dsn in (*dsns.values(), *dsns.values())]
    people, referrals, people_too, referrals_too = lines
    talking = [asyncio.create_task(talk(people, referrals)), asyncio.create_task(talk(referrals_too, people_too))]
    unsaid, heard, held = 0, 0, []
    try:
        for _ in range(CUTS):
            async with cut(dsns) as taken:
                seen = {
                    name: (await ids(one, "outbox"), await ids(one, "inbox")) for name, one in taken.keepers.items()
                }
            unsaid += len(seen["referrals"][1] - seen["people"][0]) + len(seen["people"][1] - seen["referrals"][0])
            heard += len(seen["referrals"][1]) + len(seen["people"][1])
            held.append(taken.held_ms)
            await asyncio.sleep(0.01)
    finally:
        for task in talking:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for line in lines:
            await line.close()

    assert unsaid == 0
    assert heard > CUTS
    assert sorted(held)[CUTS // 2] < 1000


async def test_a_cut_waits_for_who_has_an_event_in_hand_and_lets_others_go_on(db_people: Database) -> None:
    busy = await asyncpg.connect(db_people.dsn)
    other = await asyncpg.connect(db_people.dsn)
    event = new_id()
    await busy.execute("BEGIN")
    await busy.execute("INSERT INTO inbox (consumer, event_id) VALUES ('c', $1)", event)

    async def take() -> set[UUID]:
        async with cut({"people": db_people.dsn}) as taken:
            return await ids(taken.keepers["people"], "inbox")

    taking = asyncio.create_task(take())
    await asyncio.sleep(0)
    await other.execute("INSERT INTO outbox (event_id, topic, key, headers) VALUES ($1, 't', 'k', '{}')", new_id())
    waited = not taking.done()
    await busy.execute("COMMIT")
    found = await taking
    await busy.close()
    await other.close()

    assert waited
    assert found == {event}


def test_a_program_that_cannot_read_the_server_is_refused_with_what_to_install() -> None:
    with pytest.raises(Trouble, match="apt install postgresql-client-99"):
        programs.fitting("pg_dump", 99)


def test_the_embedded_programs_are_there_where_nobody_installed_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    assert programs.fitting("pg_dump", 18).name == "pg_dump"
    assert programs.fitting("pg_restore", 18).name == "pg_restore"


@pytest.mark.parametrize(
    ("dsn", "address", "password"),
    [
        ("postgresql://ada:s%40fe@db:5432/people?sslmode=require", "postgresql://ada@db:5432/people?sslmode=require",
         "s@fe"),
        ("postgresql://postgres@/people?host=%2Ftmp", "postgresql://postgres@/people?host=%2Ftmp", ""),
    ],
)  # fmt: skip
def test_passwords_are_no_arguments(dsn: str, address: str, password: str) -> None:
    assert programs._without_password(dsn) == (address, password)


def a_message() -> Message:
    return Message(
        id=new_id(), recipient_id=new_id(), kind=Kind.FAMILY_SENT, language="en", params={}, about_id=new_id(),
        event_id=new_id(), written_at=utc_now(),
    )  # fmt: skip


def test_the_same_message_written_anew_has_the_same_message_id_and_no_other_has() -> None:
    first = a_message()
    again = Message(**first.model_dump() | {"id": new_id()})
    other = Message(**first.model_dump() | {"recipient_id": new_id()})

    assert smtp_id(again, "a@b.org") == smtp_id(first, "a@b.org") != smtp_id(other, "a@b.org")


def test_what_was_sent_is_read_from_a_mail_log_and_from_a_folder_of_mails(tmp_path: Path) -> None:
    one, two = (smtp_id(a_message(), "a@b.org") for _ in range(2))
    log, mails = tmp_path / "mail.log", tmp_path / "mails"
    mails.mkdir()
    log.write_text(f"Nov 22 postfix/cleanup[7]: 4F: message-id={one}\nNov 22 from=<crosswalk@b.org>\n")
    (mails / "1.eml").write_text(f"Message-ID: {two}\nFrom: Crosswalk <crosswalk@b.org>\n\nHello <b>you</b>\n")

    assert sent_since(log) == {one}
    assert sent_since(mails) == {two}


@pytest_asyncio.fixture
async def machine(postgres: str, tmp_path: Path) -> AsyncIterator[Machine]:
    """A deployment whose databases are migrated and hold a fact that was published, and whose keys are made."""
    async with empty_databases(postgres, "kept") as url:
        made = Machine(url, tmp_path / "data")
        make_keys(tmp_path / "data" / "keys")
        documents = tmp_path / "data" / "agreements" / "documents" / "ab"
        documents.mkdir(parents=True)
        (documents / "abc").write_text("insured")
        await made.run("migrate", "--office", "office@district.example.org")
        for service in SERVICES:
            await made.ask(service, "UPDATE outbox SET published_at = now() - interval '40 days'")
            await made.ask(service, "INSERT INTO relay (cluster_id) VALUES ('lost')")
        yield made


async def test_a_backup_goes_into_other_empty_databases_and_tells_everything_again(
    machine: Machine, postgres: str, tmp_path: Path
) -> None:
    mail = smtp_id(a_message(), "a@b.org")
    (tmp_path / "mail.log").write_text(f"message-id={mail}\n")

    taken = await machine.run("backup", tmp_path / "backup")
    twice = await machine.run("backup", tmp_path / "backup")
    async with empty_databases(postgres, "restored") as url:
        other = Machine(url, tmp_path / "elsewhere")
        done = await other.run("restore", tmp_path / "backup", "--sent", tmp_path / "mail.log")
        again = await other.run("restore", tmp_path / "backup")
        outboxes = {s: await other.ask(s, "SELECT published_at, headers, key FROM outbox") for s in SERVICES}
        relays = [await other.ask(service, "SELECT * FROM relay") for service in SERVICES]
        noted = await other.ask("notifications", "SELECT smtp_message_id FROM sent_before")

    assert (taken[0], twice[0]) == (0, 1), taken[1] + twice[1]
    assert "is there already" in twice[1]
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
    assert done[0] == 0, done[1]
    assert again[0] == 1
    assert "is not empty" in again[1]
    types = {s: [json.loads(row["headers"])["ce_type"] for row in rows] for s, rows in outboxes.items()}
    assert types["people"] == ["person.changed.v1", "role.granted.v1", "backup.restored.v1"]
    assert {tuple(types[service]) for service in SERVICES[1:]} == {("backup.restored.v1",)}
    assert {row["published_at"] for rows in outboxes.values() for row in rows} == {None}
    assert relays == [[]] * len(SERVICES)
    assert [row["smtp_message_id"] for row in noted] == [mail]
    for name in ("session.pem", "link.pub"):
        kept, back = machine.data / "keys" / name, tmp_path / "elsewhere" / "keys" / name
        assert back.read_bytes() == kept.read_bytes()
        assert back.stat().st_mode == kept.stat().st_mode
    assert (tmp_path / "elsewhere" / "agreements" / "documents" / "ab" / "abc").read_text() == "insured"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A folder that looks like a backup."""
    folder = tmp_path / "backup"
    folder.mkdir()
    (folder / "a.dump").write_text("rows")
    digests = {"a.dump": manifest.digest(folder / "a.dump")}
    manifest.write(folder, manifest.Manifest("id", "2026-11-22", 1.0, "0", "18", {}, {"entries": 0}, {}, digests))
    return folder


async def refused(machine: Machine, backup: Path) -> str:
    code, said = await machine.run("restore", backup)
    assert code == 1
    return said


async def test_a_folder_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    assert "is no backup of Crosswalk" in await refused(Machine("", tmp_path / "data"), tmp_path)


async def test_a_backup_that_was_changed_is_refused(tmp_path: Path, backup: Path) -> None:
    (backup / "a.dump").write_text("other rows")

    assert "a.dump was changed" in await refused(Machine("", tmp_path / "data"), backup)


async def test_a_data_folder_that_is_in_use_is_refused(tmp_path: Path, backup: Path) -> None:
    machine = Machine("", tmp_path)
    del machine.environment["CROSSWALK_DATABASE_URL"]

    assert "is not empty" in await refused(machine, backup)


async def test_a_kafka_that_holds_events_is_refused(tmp_path: Path, backup: Path, broker: Broker) -> None:
    from shared.settings import ServiceSettings

    await produce(ServiceSettings(service="people", kafka_bootstrap_servers=broker.address, kafka_partitions=1), 3)
    machine = Machine("", tmp_path / "new", **broker_of(broker.address))
    del machine.environment["CROSSWALK_DATABASE_URL"]

    # The embedded broker counts those of one batch as one.
    assert re.search(r"holds \d events", await refused(machine, backup))
    assert not (tmp_path / "new").exists()
