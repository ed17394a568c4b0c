"""A database with the tables of messaging only, for tests of the plumbing itself."""

from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio

from shared.db import Database
from shared.messaging.tables import core
from tests.support.databases import empty

__all__ = ["core_database", "db_core"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def core_database(postgres: str) -> AsyncIterator[Database]:
    dsn = postgres.replace("{service}", "test_core")
    admin = await asyncpg.connect(postgres.replace("{service}", "postgres"))
    await admin.execute("DROP DATABASE IF EXISTS test_core WITH (FORCE)")
    await admin.execute("CREATE DATABASE test_core")
    await admin.close()
    db = Database(dsn)
    async with db.engine.begin() as connection:
        await connection.run_sync(core.create_all)
        await connection.exec_driver_sql("CREATE TABLE effects (id int GENERATED ALWAYS AS IDENTITY, what text)")
        await connection.exec_driver_sql("CREATE TABLE alembic_version (version_num text)")
    yield db
    await db.close()


@pytest_asyncio.fixture(loop_scope="session")
async def db_core(core_database: Database) -> AsyncIterator[Database]:
    """An empty database with outbox, inbox, parked events and a table `effects(id, what)`."""
    yield core_database
    await empty(core_database)
