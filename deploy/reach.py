"""How a command reaches databases and broker: those of the running system, or its own PostgreSQL for a while."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from deploy.environment import own_broker, own_database, variables
from deploy.folder import DataFolder
from deploy.postgres import Postgres
from deploy.runner import running_system
from deploy.trouble import Trouble


@asynccontextmanager
async def databases(
    folder: DataFolder, purpose: str, say: Callable[[str], None], *, migrated: bool = True
) -> AsyncIterator[None]:
    """In the block, services' settings (made from the environment) lead to the databases of the data folder.

    Those of a system that does not run are brought to the newest revision first, if they are to be `migrated`.
    """
    if own_database():
        os.environ.update(variables(folder, {}))
        yield
    elif (state := running_system(folder)) is not None:
        os.environ.update(variables(folder, state))
        yield
    else:
        async with _started(folder, purpose, say, migrated):
            yield


def broker(folder: DataFolder) -> None:
    """From now on services' settings lead to the operator's broker, or to that of the running system."""
    state = running_system(folder) or {}
    address = own_broker() or state.get("kafka")
    if address is None:
        raise Trouble("There is no broker: start crosswalk up, or set CROSSWALK_KAFKA_BOOTSTRAP_SERVERS.")
    os.environ.update(variables(folder, {**state, "kafka": address}))


@asynccontextmanager
async def _started(folder: DataFolder, purpose: str, say: Callable[[str], None], migrated: bool) -> AsyncIterator[None]:
    if not folder.pg.exists():
        raise Trouble(
            f"There is no database in {folder.root} yet. Run crosswalk up first, or name the folder with --data."
        )
    folder.prepare()
    with folder.locked(purpose):
        await folder.wait_for_children()
        with folder.children_lock() as lock:
            postgres = Postgres(folder, inherit=[lock])
            try:
                await postgres.start(say)
                os.environ.update(variables(folder, {"database_url": postgres.url}))
                if migrated:
                    await _migrate()
                yield
            finally:
                await asyncio.shield(postgres.stop())


async def _migrate() -> None:
    from importlib import import_module

    from deploy.postgres import SERVICES
    from shared.migrations import upgrade

    for service in SERVICES:
        await upgrade(service, import_module(f"services.{service}.settings").Settings().dsn)
