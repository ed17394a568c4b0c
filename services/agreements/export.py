"""The whole directory as a file: Crosswalk's own CSV, or HSDS as JSON, lines of JSON, or tables in a zip.

A city has a hundred thousand programs: they come some at a time and lie on the disk, and threads do the saying, so that
a process that serves pages goes on serving them.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from services.agreements import queries
from services.agreements.directory_csv import programs_as_csv
from services.agreements.hsds.tables import zip_tables
from services.agreements.hsds.write import Json, Partner, Writer
from services.agreements.models import Organization
from services.agreements.queries import ProgramSearch, ProgramView, hsds
from services.agreements.queries.hsds import Filters
from services.agreements.settings import Settings
from shared.db import Database
from shared.refusals import Kind, Refusal

FORMS = (".zip", ".json", ".ndjson", ".csv")
Say = Callable[[ProgramView, Partner], Json]


async def export_directory(db: Database, path: Path, settings: Settings) -> int:
    """Write the whole directory to a file that ends in one of `FORMS`; how many programs are in it."""
    if path.suffix.lower() not in FORMS:
        raise Refusal(Kind.INVALID, "form_unknown", f"Name a file that ends in one of {', '.join(FORMS)}.")
    try:
        with path.open("wb") as out:
            return await write_directory(db, out, path.suffix.lower(), settings)
    except OSError as error:
        said = f"{path} cannot be written: {error.strerror or error}."
        raise Refusal(Kind.INVALID, "file_unwritable", said) from None


async def write_directory(db: Database, out: IO[bytes], form: str, settings: Settings) -> int:
    """Write the whole directory in one of `FORMS`; how many programs are in it."""
    async with db.transaction() as session:
        names = {school.id: school.name for school in await queries.schools(session)}
        if form == ".csv":
            programs = (await queries.find_programs(session, ProgramSearch(status="any"))).programs
            text = await asyncio.to_thread(programs_as_csv, programs, names)
            out.write(text.encode("utf-8-sig"))
            return len(programs)
    write = Writer(settings.district_name, settings.currency, settings.phone_region, names)
    with TemporaryFile() as said:
        async for lines in lines_of(db, Filters(), write.full_service):
            said.write(lines)
        said.seek(0)
        return await asyncio.to_thread(_FORMS[form], said, out)


async def lines_of(db: Database, filters: Filters, say: Say) -> AsyncIterator[bytes]:
    """Lines of JSON for all programs that fit, some at a time; none holds a connection while somebody reads it."""
    last = None
    while True:
        async with db.transaction() as session:
            conditions = await hsds.fitting(session, filters)
            programs = [] if conditions is None else await hsds.after(session, conditions, last)
            homes = await hsds.partners(session, (program.organization_id for program in programs))
        if not programs:
            return
        last = programs[-1].id
        rows = [(program, as_partner(homes[program.organization_id])) for program in programs]
        yield await asyncio.to_thread(_lines, say, rows)


def as_partner(row: Organization) -> Partner:
    """An organization as HSDS wants it."""
    return Partner(row.id, row.name, row.website)


def _lines(say: Say, rows: Iterable[tuple[ProgramView, Partner]]) -> bytes:
    return b"".join(map(line_of, (say(*row) for row in rows)))


def line_of(thing: Json) -> bytes:
    """A line of JSON."""
    return json.dumps(thing, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _as_lines(said: IO[bytes], out: IO[bytes]) -> int:
    shutil.copyfileobj(said, out)
    said.seek(0)
    return sum(1 for _ in said)


def _as_list(said: IO[bytes], out: IO[bytes]) -> int:
    number = 0
    for number, line in enumerate(said, start=1):
        out.write((b"[\n" if number == 1 else b",\n") + line.rstrip(b"\n"))
    out.write(b"\n]\n" if number else b"[]\n")
    return number


def _as_tables(said: IO[bytes], out: IO[bytes]) -> int:
    return zip_tables(map(json.loads, said), out)


_FORMS: dict[str, Callable[[IO[bytes], IO[bytes]], int]] = {
    ".ndjson": _as_lines,
    ".json": _as_list,
    ".zip": _as_tables,
}
