"""A roster on its way in: copied into temporary tables, compared there, and only what differs is written."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from services.people.commands import staging_sql as sql
from services.people.commands.publish import SLOW
from services.people.roster import Mode, PersonRow, Reading, RoleRow, SchoolRow
from services.people.rules import search_words

Progress = Callable[[int, int, str], None]
"""Called now and then with how much is done, of how much, and what is being done."""

SCHOOL_COLUMNS = SchoolRow._fields
PERSON_COLUMNS = (*PersonRow._fields, "search")
ROLE_COLUMNS = RoleRow._fields


@dataclass(frozen=True, slots=True)
class Difference:
    """How many persons and schools are new, differ from what is stored, and are no longer there.

    `listed`: how many persons the roster on record names; `leaving`: how many of those leave it.
    """

    added: int
    changed: int
    gone: int
    listed: int = 0
    leaving: int = 0


async def stage(connection: asyncpg.Connection, reading: Reading, progress: Progress) -> None:
    """Copy a bundle into the temporary tables, while it is being read."""
    await connection.execute(sql.TABLES)
    await _copy(connection, "staged_person", _while_reading(reading, progress), PERSON_COLUMNS)
    await _copy(connection, "staged_school", reading.schools, SCHOOL_COLUMNS)
    await _copy(connection, "staged_role", reading.roles, ROLE_COLUMNS)
    await _copy(connection, "named_role", [(name,) for name in reading.named_roles], ("source_id",))
    # The planner must know how many rows there are; what is in them matters little.
    await connection.execute("ANALYZE staged_person (id, gone), staged_role (person_id), staged_school (id)")


async def compare(connection: asyncpg.Connection, reading: Reading) -> Difference:
    """Settle what becomes of every person and school, and count it."""
    await connection.execute(sql.WITHOUT_ERASED)
    if reading.manifest and reading.manifest.orgs is Mode.BULK:
        await connection.execute(sql.MISSING_SCHOOLS)
    if reading.manifest and reading.manifest.users is Mode.BULK:
        await connection.execute(sql.MISSING_PERSONS, timeout=SLOW)
    for statement in (sql.KEPT_ENABLED, sql.SCHOOL_FATES, sql.PERSON_FATES):
        await connection.execute(statement, timeout=SLOW)
    fates = {row["fate"]: row["count"] for row in await connection.fetch(sql.COUNT_FATES)}
    (leaving,) = await connection.fetch(sql.COUNT_LEAVING, timeout=SLOW)
    return Difference(*(fates.get(fate, 0) for fate in ("added", "changed", "gone")), **leaving)


async def write(connection: asyncpg.Connection, reading: Reading) -> tuple[list[UUID], list[UUID]]:
    """Write what differs; the ids of schools and of persons whose state is another now."""
    assert reading.manifest is not None
    bulk, old = reading.manifest.mode is Mode.BULK, reading.manifest.version == "1.1"
    for statement in (*sql.WRITE_SCHOOLS, *sql.WRITE_PERSONS, sql.WITHOUT_KEPT):
        await connection.execute(statement, timeout=SLOW)
    await connection.execute(sql.DROP_ROLES, bulk, old, timeout=SLOW)
    await connection.execute(sql.MOVE_ROLES, timeout=SLOW)
    await connection.execute(sql.ADD_ROLES, timeout=SLOW)
    schools = await connection.fetch(sql.TOUCHED_SCHOOLS)
    persons = await connection.fetch(sql.TOUCHED_PERSONS, timeout=SLOW)
    return [row["id"] for row in schools], [row["id"] for row in persons]


async def _copy(connection: asyncpg.Connection, table: str, rows: Any, columns: tuple[str, ...]) -> None:
    await connection.copy_records_to_table(table, records=rows, columns=columns, timeout=SLOW)


async def _while_reading(reading: Reading, progress: Progress) -> AsyncIterator[tuple[Any, ...]]:
    """The rows of users.csv; every few hundred of them the rest of the process has its turn."""
    for number, row in enumerate(_searchable(reading)):
        if number % 250 == 0:
            progress(*reading.bytes_done, "Reading the bundle")
            await asyncio.sleep(0)
        yield row


def _searchable(reading: Reading) -> Iterator[tuple[Any, ...]]:
    return (
        (*person, search_words(person.given_name, person.family_name, person.email)) for person in reading.persons()
    )
