"""The command line as an operator runs it against databases and a broker of his own."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from shared.migrations import SERVICES, upgrade
from tests.deploy.test_cli import COMMAND


class Machine:
    """Where the commands run; `environment` says what they are told."""

    def __init__(self, url: str, data: Path, **more: str) -> None:
        self.url, self.data = url, data
        self.environment = {
            **os.environ,
            "CROSSWALK_DATABASE_URL": url,
            "CROSSWALK_DATA_DIR": str(data),
            "COLUMNS": "250",
            **more,
        }

    async def run(self, *arguments: object, answer: str = "", **more: str) -> tuple[int, str]:
        """Exit code, and all that was said."""
        process = await asyncio.create_subprocess_exec(
            COMMAND, *map(str, arguments), env=self.environment | more,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate(answer.encode())
        assert process.returncode is not None
        return process.returncode, said.decode()

    def dsn(self, service: str) -> str:
        """Of one service's database."""
        return self.url.replace("{service}", service)

    async def ask(self, service: str, query: str) -> list[asyncpg.Record]:
        """What a service's database says."""
        connection = await asyncpg.connect(self.dsn(service))
        try:
            rows: list[asyncpg.Record] = await connection.fetch(query)
            return rows
        finally:
            await connection.close()


@asynccontextmanager
async def empty_databases(postgres: str, prefix: str, like: str = "template1") -> AsyncIterator[str]:
    """A database for each service, without any table; the URL with `{service}` for the name of one.

    `like`: a name with `{service}` of those that they are copies of.
    """
    for service in SERVICES:
        await _tell(postgres, f"DROP DATABASE IF EXISTS {prefix}_{service} WITH (FORCE)")
        await _tell(postgres, f"CREATE DATABASE {prefix}_{service} TEMPLATE {like.format(service=service)}")
    yield postgres.replace("{service}", f"{prefix}_{{service}}")
    for service in SERVICES:
        await _tell(postgres, f"DROP DATABASE {prefix}_{service} WITH (FORCE)")


@asynccontextmanager
async def migrated_databases(postgres: str, prefix: str) -> AsyncIterator[str]:
    """The same with all tables, copied from some that were migrated once."""
    for service in SERVICES:
        if (postgres, service) not in _MIGRATED:
            await _tell(postgres, f"CREATE DATABASE newest_{service}")
            await upgrade(service, postgres.replace("{service}", f"newest_{service}"))
            _MIGRATED.add((postgres, service))
    async with empty_databases(postgres, prefix, like="newest_{service}") as url:
        yield url


_MIGRATED: set[tuple[str, str]] = set()
"""Servers and services."""


async def _tell(postgres: str, statement: str) -> None:
    connection = await asyncpg.connect(postgres.replace("{service}", "postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def broker_of(address: str) -> Mapping[str, str]:
    """What a process must be told of the embedded broker."""
    return {
        "CROSSWALK_KAFKA_BOOTSTRAP_SERVERS": address,
        "CROSSWALK_KAFKA_IDEMPOTENT": "false",
        "CROSSWALK_KAFKA_PARTITIONS": "1",
        "CROSSWALK_KAFKA_FETCH_WAIT_MS": "20",
        "CROSSWALK_KAFKA_WAKES": "false",
    }
