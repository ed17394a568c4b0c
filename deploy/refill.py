"""After an upgrade: projections that learnt something are made anew from the states that their owners keep."""

from collections.abc import Callable
from importlib import import_module

from deploy.postgres import SERVICES
from deploy.trouble import Trouble
from shared.db import THROUGH_ALL, Database
from shared.messaging.editions import outdated, project_again
from shared.messaging.handlers import Handlers
from shared.migrations import current, head
from shared.settings import ServiceSettings

Say = Callable[[str], None]
"""Takes a line for a person."""


async def stand_ready() -> None:
    """Raises `Trouble` where a database of the settings is of another release."""
    others = [service for service in SERVICES if await current(_settings(service).dsn) != head(service)]
    if others:
        raise Trouble(f"Not at the revision of this release: {', '.join(others)}. Run crosswalk migrate first.")


async def refill(say: Say, *, again: bool = False) -> int:
    """Do what is due on the databases of the settings, or `again` what was; how many states are on their way."""
    databases = {service: Database(_settings(service).dsn, pool_size=2, patience=THROUGH_ALL) for service in SERVICES}
    try:
        return await _refill(databases, say, again)
    finally:
        for db in databases.values():
            await db.close()


async def _refill(databases: dict[str, Database], say: Say, again: bool) -> int:
    wanting: dict[str, list[tuple[Database, Handlers]]] = {}
    for service, db in databases.items():
        handlers: Handlers = import_module(f"services.{service}.consumers").on
        for topic in handlers.editions if again else await outdated(db, handlers):
            wanting.setdefault(topic, []).append((db, handlers))
    sent = 0
    for topic, listeners in wanting.items():
        count = await project_again(topic, databases[topic.partition(".")[0]], listeners)
        if count:
            names = ", ".join(handlers.consumer for _, handlers in listeners)
            say(f"{topic} goes out again for {names}: {count:,}")
        sent += count
    return sent


def _settings(service: str) -> ServiceSettings:
    settings: ServiceSettings = import_module(f"services.{service}.settings").Settings()
    return settings
