"""The embedded PostgreSQL: made whole or not at all, found again, and never in anybody's way."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from asyncio import to_thread
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from deploy.folder import DataFolder
from deploy.postgres import SERVICES, Postgres
from deploy.trouble import Trouble
from shared.db import Database


@pytest.fixture
def folder() -> Iterator[DataFolder]:
    # Short, because the paths of pytest are too long for a socket.
    root = Path(tempfile.mkdtemp(prefix="cw"))
    made = DataFolder(root / "data")
    made.prepare()
    yield made
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def one_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making five databases takes seconds; most tests need one."""
    monkeypatch.setattr("deploy.postgres.SERVICES", ("people",))


async def _keep(postgres: Postgres, words: str) -> None:
    connection = await asyncpg.connect(postgres.url.replace("{service}", "people"))
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (words text)")
    await connection.execute("INSERT INTO kept VALUES ($1)", words)
    await connection.close()


async def _kept(postgres: Postgres) -> list[str]:
    connection = await asyncpg.connect(postgres.url.replace("{service}", "people"))
    rows = await connection.fetch("SELECT words FROM kept")
    await connection.close()
    return [row["words"] for row in rows]


async def _names(postgres: Postgres) -> set[str]:
    connection = await asyncpg.connect(postgres.url.replace("{service}", "postgres"))
    rows = await connection.fetch("SELECT datname FROM pg_database")
    await connection.close()
    return {row["datname"] for row in rows}


async def test_every_service_gets_a_database_and_finds_it_again(folder: DataFolder) -> None:
    said: list[str] = []
    first = Postgres(folder)
    await first.start(said.append)
    assert set(SERVICES) <= await _names(first)
    await _keep(first, "here to stay")
    await first.stop()

    second = Postgres(folder)
    await second.start(said.append)

    assert await _kept(second) == ["here to stay"]
    assert "making the database" in said
    await second.stop()


@pytest.mark.usefixtures("one_service")
async def test_a_first_start_that_was_killed_is_done_again(folder: DataFolder) -> None:
    half = folder.root / "pg.new"
    (half / "global").mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    postgres = Postgres(folder)
    await postgres.start(lambda words: None)

    assert "people" in await _names(postgres)
    assert not half.exists()
    await postgres.stop()


@pytest.mark.usefixtures("one_service")
async def test_a_half_made_database_is_set_aside_and_said(folder: DataFolder) -> None:
    folder.pg.mkdir()
    (folder.pg / "PG_VERSION").write_text("18\n")
    said: list[str] = []

    postgres = Postgres(folder)
    await postgres.start(said.append)

    assert "people" in await _names(postgres)
    assert (folder.root / "pg.half-made-1" / "PG_VERSION").exists()
    assert any("only half made; it is set aside as pg.half-made-1" in words for words in said)
    await postgres.stop()


async def test_a_database_that_was_whole_and_is_damaged_is_not_replaced(folder: DataFolder) -> None:
    folder.pg.mkdir()
    (folder.pg / "PG_VERSION").write_text("18\n")
    folder.note(database_since="2026-11-21T10:00:00+00:00")

    with pytest.raises(Trouble, match=r"damaged: global/pg_control is missing.*make reset"):
        await Postgres(folder).start(lambda words: None)

    assert (folder.pg / "PG_VERSION").exists()


@pytest.mark.usefixtures("one_service")
async def test_blanks_and_signs_in_the_path_are_no_trouble() -> None:
    root = Path(tempfile.mkdtemp(prefix="cw"))
    folder = DataFolder(root / "my data & 100%")
    folder.prepare()

    postgres = Postgres(folder)
    await postgres.start(lambda words: None)
    db = Database(postgres.url.replace("{service}", "people"))
    async with db.transaction() as session:
        answer = (await session.execute(text("SELECT 1"))).scalar()
    await db.close()

    assert answer == 1
    assert "people" in await _names(postgres)
    await postgres.stop()
    shutil.rmtree(root)


@pytest.mark.usefixtures("one_service")
async def test_a_path_too_long_for_a_socket_is_no_trouble() -> None:
    root = Path(tempfile.mkdtemp(prefix="cw")) / ("a-folder-with-a-long-name" * 5)
    folder = DataFolder(root)
    folder.prepare()

    postgres = Postgres(folder)
    await postgres.start(lambda words: None)

    assert len(os.fsencode(postgres.sockets)) < 90
    assert "people" in await _names(postgres)
    await postgres.stop()
    assert not postgres.sockets.exists()
    shutil.rmtree(root.parent)


@pytest.mark.usefixtures("one_service")
async def test_a_server_that_cannot_start_says_why_in_one_line(folder: DataFolder) -> None:
    postgres = Postgres(folder)
    await postgres.start(lambda words: None)
    await postgres.stop()
    (folder.pg / "PG_VERSION").write_text("9.6\n")

    with pytest.raises(Trouble, match=r"PostgreSQL does not start: .*Its log: ") as caught:
        await Postgres(folder).start(lambda words: None)

    assert "\n" not in str(caught.value)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent was killed")
@pytest.mark.usefixtures("one_service")
async def test_the_server_of_a_killed_run_ends_and_loses_nothing(folder: DataFolder) -> None:
    code = f"""
import asyncio, os, signal, asyncpg
from pathlib import Path
from deploy.folder import DataFolder
from deploy import postgres
from deploy.postgres import Postgres
postgres.SERVICES = ("people",)
async def main():
    folder = DataFolder(Path({str(folder.root)!r}))
    with folder.locked("up"), folder.children_lock() as lock:
        server = Postgres(folder, inherit=[lock])
        await server.start(print)
        connection = await asyncpg.connect(server.url.replace("{{service}}", "people"))
        await connection.execute("CREATE TABLE kept (words text)")
        await connection.execute("INSERT INTO kept VALUES ('committed')")
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    killed = await to_thread(subprocess.run, [sys.executable, "-c", code], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL

    await folder.wait_for_children()
    with folder.locked("up"), folder.children_lock() as lock:
        postgres = Postgres(folder, inherit=[lock])
        await postgres.start(lambda words: None)
        kept = await _kept(postgres)
        await postgres.stop()

    assert kept == ["committed"]
