"""What can be wrong with a system, each thing looked at by itself, and what to do about it."""

import os
from collections.abc import AsyncIterator, Mapping
from typing import Any

from deploy.doctor.broker import broker
from deploy.doctor.databases import databases
from deploy.doctor.finding import Finding
from deploy.doctor.machine import clock, data_folder, keys, room, running, versions
from deploy.doctor.mail import mail
from deploy.environment import own_broker, own_database, own_mail, variables
from deploy.folder import DataFolder
from deploy.postgres import Postgres
from deploy.runner import running_system
from deploy.trouble import Trouble
from shared.settings import ServiceSettings

__all__ = ["Finding", "examine"]


async def examine(folder: DataFolder) -> AsyncIterator[Finding]:
    """Everything, in the order in which it is mended best. Starts the embedded database for a while if need be."""
    yield versions()
    yield clock()
    if not own_database():
        # A deployment has no data folder, but for the keys.
        yield (data := data_folder(folder))
        if not data.well:
            return
        yield room(folder.root)
    yield keys(folder.keys)
    state = running_system(folder)
    if not own_database():
        yield running(state)
    async for finding in _database(folder, state):
        yield finding
    # Before the variables of the system that runs are taken over, which name the embedded one, too.
    own = own_broker()
    known = dict(state or {}) | ({"kafka": own} if own else {})
    os.environ.update(variables(folder, known))
    settings = ServiceSettings(service="operator")
    if "kafka" in known:
        async for finding in broker(settings, embedded=not own):
            yield finding
    if own_mail() or "smtp_port" in known:
        yield await mail(settings)


async def _database(folder: DataFolder, state: Mapping[str, Any] | None) -> AsyncIterator[Finding]:
    url = own_database() or (state and str(state["database_url"]))
    if url:
        async for finding in databases(url, folder):
            yield finding
    elif not folder.pg.exists():
        yield Finding("Database", True, "none yet; it is made at the first start")
    else:
        async for finding in _started_for_a_while(folder):
            yield finding


async def _started_for_a_while(folder: DataFolder) -> AsyncIterator[Finding]:
    try:
        with folder.locked("doctor"), folder.children_lock() as lock:
            postgres = Postgres(folder, inherit=[lock])
            await postgres.start(lambda words: None)
            try:
                async for finding in databases(postgres.url, folder):
                    yield finding
            finally:
                await postgres.stop()
    except Trouble as trouble:
        yield Finding("Database", False, "does not start", str(trouble))
