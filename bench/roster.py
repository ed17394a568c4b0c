"""Import of a whole city's roster, against parsing the same files and copying the same rows bare."""

import asyncio
import csv
import io
import json
import os
import resource
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from zipfile import ZipFile

import asyncpg
import phonenumbers

from bench.district import roster
from bench.figures import Figure, p50
from deploy.folder import DataFolder
from deploy.garbage import look_seldom
from deploy.postgres import Postgres
from shared.migrations import upgrade

ROUNDS = 3
TIMES, MEGABYTES = 4.0, 300.0
TABLES = ("school", "person", "role", "outbox")
"""What an import fills."""


async def run() -> list[Figure]:
    """Rounds of: an import into an empty database, in a process of its own; then the same rows bare."""
    imports, floors, peaks = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        bundle = roster(Path(folder))
        async with database(Path(folder) / "data") as url:
            for number in range(ROUNDS):
                dsn = await _fresh(url, f"people_{number}")
                seconds, peak = await _import(dsn, bundle)
                imports.append(seconds)
                peaks.append(peak)
                floors.append(_parse(bundle) + await _copy(dsn))
    return [
        Figure("roster", p50(imports), "s", p50(floors), TIMES, by_ratio=True),
        Figure("roster memory", max(peaks), "MB", None, MEGABYTES),
    ]


@asynccontextmanager
async def database(root: Path) -> AsyncIterator[str]:
    """PostgreSQL on an empty folder; its address with `{service}` in it."""
    folder = DataFolder(root)
    folder.prepare()
    postgres = Postgres(folder)
    await postgres.start(lambda words: None)
    try:
        yield postgres.url
    finally:
        await postgres.stop()


async def _fresh(url: str, name: str) -> str:
    connection = await asyncpg.connect(url.replace("{service}", "postgres"))
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()
    dsn = url.replace("{service}", name)
    await upgrade("people", dsn)
    return dsn


async def _import(dsn: str, bundle: Path) -> tuple[float, float]:
    """Seconds, and the peak of memory in MB, of a process that does nothing else."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.roster", dsn, str(bundle), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("the import failed; its reason stands above")
    seconds, peak = json.loads(output.splitlines()[-1])
    return seconds, peak


def _parse(bundle: Path) -> float:
    """Seconds to read every cell of the files, and to bring one number of each person into the form that is stored."""
    began = perf_counter()
    with ZipFile(bundle) as files:
        for name in files.namelist():
            with files.open(name) as file:
                for row in csv.DictReader(io.TextIOWrapper(file, "utf-8")):
                    if number := row.get("sms") or row.get("phone"):
                        _e164(number)
    return perf_counter() - began


def _e164(number: str) -> str:
    parsed = phonenumbers.parse(number, "US")
    phonenumbers.is_valid_number(parsed)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


async def _copy(dsn: str) -> float:
    """Seconds to copy the rows that the import wrote into tables without indexes, in one transaction."""
    connection = await asyncpg.connect(dsn)
    try:
        rows: dict[str, list[Any]] = {name: await connection.fetch(f"TABLE {name}") for name in TABLES}
        for name in TABLES:
            await connection.execute(f"CREATE TABLE bare_{name} (LIKE {name})")
        began = perf_counter()
        async with connection.transaction():
            for name in TABLES:
                await connection.copy_records_to_table(f"bare_{name}", records=rows[name])
        return perf_counter() - began
    finally:
        await connection.close()


async def _only_import(dsn: str, bundle: Path) -> float:
    from services.people.commands.import_roster import import_roster
    from services.people.models import ImportState
    from shared.clock import utc_now
    from shared.db import Database
    from shared.identity import system

    db = Database(dsn)
    began = perf_counter()
    outcome = await import_roster(db, bundle, actor=system("people"), now=utc_now())
    seconds = perf_counter() - began
    await db.close()
    if outcome.state is not ImportState.APPLIED:
        raise RuntimeError(f"the roster was refused: {list(outcome.problems)[:3]}")
    return seconds


def main() -> None:
    """In the process of its own: import a bundle, print seconds and peak memory."""
    look_seldom()
    dsn, bundle = sys.argv[1:]
    seconds = asyncio.run(_only_import(dsn, Path(bundle)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    megabytes = peak / (2**20 if sys.platform == "darwin" else 2**10)
    os.write(1, f"{json.dumps([seconds, megabytes])}\n".encode())


if __name__ == "__main__":
    main()
