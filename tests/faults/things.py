"""A small service for the rig, made of the project's own parts: something happens to things, and effects follow.

It has no rules that could hide a fault: an effect that comes twice is a second row.
"""

import asyncio
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import utc_now
from shared.events import Fact
from shared.identity.actor import system
from shared.messaging.handlers import Event, Handlers
from shared.messaging.outbox import emit
from shared.settings import ServiceSettings
from shared.web.app import create_app
from shared.web.transaction import Transaction

TABLES = (
    "CREATE TABLE things (id int PRIMARY KEY, number int NOT NULL)",
    "CREATE TABLE happened (intent bigint PRIMARY KEY, thing int NOT NULL, number int NOT NULL,"
    " at timestamptz NOT NULL DEFAULT clock_timestamp())",
    "CREATE TABLE effects (id bigint GENERATED ALWAYS AS IDENTITY, intent bigint, thing int, number int,"
    " event_id uuid, at timestamptz NOT NULL DEFAULT clock_timestamp())",
    "CREATE INDEX ON effects (intent)",
    "CREATE TABLE alembic_version (version_num text)",
)


@dataclass(frozen=True)
class Config:
    """What a process of the rig is told."""

    service: str
    database_url: str
    kafka: str
    data_dir: str
    failures: str
    port: int = 0
    session_timeout_ms: int = 3000
    failpoints: str = ""
    sabotage: str = ""

    @property
    def topic(self) -> str:
        """The topic of the service's facts."""
        return f"{self.service}.events.v1"

    def settings(self) -> ServiceSettings:
        """The service's settings."""
        return ServiceSettings(
            service=self.service,
            database_url=self.database_url,
            data_dir=self.data_dir,
            kafka_bootstrap_servers=self.kafka,
            kafka_session_timeout_ms=self.session_timeout_ms,
            kafka_fetch_wait_ms=100,
        )

    def as_dict(self) -> dict[str, Any]:
        """For the way to the process."""
        return asdict(self)

    @classmethod
    def of(cls, values: dict[str, Any]) -> "Config":
        """From the way to the process."""
        return cls(**{field.name: values[field.name] for field in fields(cls)})


class Failures:
    """Failed tries, one line in a file for each: outside of the transactions, which are rolled back."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder

    def fails(self, intent: int, seconds: float) -> bool:
        """Whether this try fails: the first does, and any other for so long after it, in whatever process."""
        file = self.folder / str(intent)
        tries = file.read_text().split() if file.exists() else []
        if tries and time.time() > float(tries[0]) + seconds:
            return False
        with file.open("a") as log:
            log.write(f"{time.time()}\n")
        return True

    def count(self) -> dict[int, int]:
        """Failed tries of each intent that had any."""
        return {int(file.name): len(file.read_text().split()) for file in self.folder.iterdir()}


class ThingHappened(Fact):
    """Something happened to a thing; not one of the product's facts, so it is not registered as one."""

    type: ClassVar[str] = "thing.happened.v1"
    topic: ClassVar[str] = ""
    source: ClassVar[str] = "/tests/faults"
    key: ClassVar[str] = "thing"

    thing: int
    number: int
    """The how many-th of this thing."""
    intent: int
    fails_for: float = 0.0
    """Seconds since the first try for which taking it into account fails; very many: poison."""
    takes: float = 0.0
    """Seconds that taking it into account takes."""


def handlers(config: Config) -> Handlers:
    """What the service does about its own facts: one row each."""
    ThingHappened.topic = config.topic
    on = Handlers(config.service)
    failures = Failures(Path(config.failures))

    @on(ThingHappened)
    async def take(session: AsyncSession, event: Event[ThingHappened]) -> None:
        fact = event.fact
        if fact.fails_for and failures.fails(fact.intent, fact.fails_for):
            raise RuntimeError(f"thing {fact.thing} fails")
        await asyncio.sleep(fact.takes)
        await session.execute(_EFFECT, {**_place(fact), "event_id": event.id})

    return on


def _place(fact: ThingHappened) -> dict[str, int]:
    return {"intent": fact.intent, "thing": fact.thing, "number": fact.number}


_EFFECT = text("INSERT INTO effects (intent, thing, number, event_id) VALUES (:intent, :thing, :number, :event_id)")


class Happening(BaseModel):
    """A request: these intents, one after another, happen to a thing."""

    intents: list[int]
    lingers: float = 0.0
    """Seconds between the last write and the commit: a late commit of early ids."""
    takes: float = 0.0
    """Seconds that taking each into account takes."""
    fails_for: dict[int, float] = {}
    """Intents that cannot be taken into account for so many seconds since the first try."""


router = APIRouter()


@router.post("/things/{thing}")
async def happen(thing: int, happening: Happening, session: Transaction) -> dict[str, int]:
    """One command in one transaction."""
    locked = await session.execute(_LOCK, {"thing": thing, "count": len(happening.intents)})
    number = int(locked.scalar_one()) - len(happening.intents)
    now, facts = utc_now(), []
    for place, intent in enumerate(happening.intents, 1):
        fails_for = happening.fails_for.get(intent, 0.0)
        fact = ThingHappened(
            thing=thing, number=number + place, intent=intent, fails_for=fails_for, takes=happening.takes
        )
        facts.append(fact)
    await emit(session, *facts, actor=system("rig"), now=now)
    await session.execute(_HAPPENED, [_place(fact) for fact in facts])
    await asyncio.sleep(happening.lingers)
    return {"number": number + len(facts)}


_LOCK = text(
    "INSERT INTO things (id, number) VALUES (:thing, :count)"
    " ON CONFLICT (id) DO UPDATE SET number = things.number + :count RETURNING number"
)
_HAPPENED = text("INSERT INTO happened (intent, thing, number) VALUES (:intent, :thing, :number)")


def web(config: Config) -> FastAPI:
    """The service's web app."""
    ThingHappened.topic = config.topic
    return create_app(service=config.service, settings=config.settings(), routers=[router])


def record(config: Config, intent: int, thing: int, number: int, id: UUID, **changes: Any) -> dict[str, Any]:
    """What a producer of ours would send, for sending it ourselves: `value`, `key`, `headers`."""
    fact = ThingHappened(thing=thing, number=number, intent=intent, **changes)
    headers = {"ce_specversion": "1.0", "ce_id": str(id), "ce_source": fact.source, "ce_type": fact.type}
    return {
        "key": str(thing).encode(),
        "value": fact.model_dump_json().encode(),
        "headers": [(name, value.encode()) for name, value in headers.items()],
    }
