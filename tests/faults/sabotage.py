"""Planted bugs, each known to sink home-made systems, for checking that the scenarios notice them.

Only ever in the rig's own processes: what they patch is the code of that process. `SEEN_BY` names the scenario of
`tests/faults/scenarios.py` that must notice each.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any

from faststream.kafka import KafkaBroker
from sqlalchemy import text

from shared.db import Database
from shared.messaging import consume, handlers, relay, worker
from shared.messaging.relay import Relay
from shared.messaging.worker import Worker
from tests.faults import things

BUGS: dict[str, Callable[[], None]] = {}
SEEN_BY: dict[str, str] = {}
EMIT = "emit"
_MARK = "UPDATE outbox SET published_at = now() WHERE id = ANY($1::bigint[])"


def plant(name: str) -> None:
    """Break this process in the named way; an empty name breaks nothing."""
    if name:
        BUGS[name]()


def put(owner: Any, name: str, new: Any) -> None:
    """Replace a function of the project in this process."""
    assert hasattr(owner, name), f"{owner} has no {name} to break any more"
    setattr(owner, name, new)


def bug(seen_by: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """A bug, and the scenario that must notice it."""

    def register(planted: Callable[[], None]) -> Callable[[], None]:
        BUGS[planted.__name__], SEEN_BY[planted.__name__] = planted, seen_by
        return planted

    return register


@bug(seen_by="dies_in_the_effect")
def acknowledge_before_effect() -> None:
    """Offsets are committed when records arrive."""
    settle = Worker._settle

    async def first_commit(self: Any, records: Any, firsts: Any, ends: Any) -> None:
        await self._commit(ends)
        await settle(self, records, firsts, ends)

    put(Worker, "_settle", first_commit)


@bug(seen_by="dies_in_the_effect")
def commit_by_the_clock() -> None:
    """The client commits what it has fetched every few milliseconds (auto-commit)."""
    subscribe = KafkaBroker.subscriber

    @wraps(subscribe)
    def auto(self: Any, *topics: Any, **options: Any) -> Any:
        made = subscribe(self, *topics, **options)
        made._connection_args |= {"enable_auto_commit": True, "auto_commit_interval_ms": 20}
        return made

    put(KafkaBroker, "subscriber", auto)


@bug(seen_by="dies_in_the_effect")
def effect_in_a_transaction_of_its_own() -> None:
    """The effect is committed by itself, before the inbox is."""
    dispatch = handlers.Handlers.dispatch

    async def apart(self: Any, session: Any, events: Any) -> None:
        db = Database(str(session.get_bind().url.render_as_string(hide_password=False)).replace("+asyncpg", ""))
        async with db.transaction() as other:
            await dispatch(self, other, events)
        await db.close()

    put(handlers.Handlers, "dispatch", apart)


@bug(seen_by="dies_before_the_offsets")
def no_inbox() -> None:
    """Every event counts as new."""
    consume._INBOX = text("SELECT unnest(CAST(:ids AS uuid[])) AS event_id WHERE :consumer <> ''")


@bug(seen_by="dies_before_the_offsets")
def inbox_kept_too_short() -> None:
    """What was seen is forgotten before it can come again."""
    take = consume.Consumer.take

    async def forgetful(self: Any, records: Any) -> Any:
        held = await take(self, records)
        async with self.db.transaction() as session:
            await session.execute(text("DELETE FROM inbox"))
        return held

    put(consume.Consumer, "take", forgetful)


@bug(seen_by="stands_still_in_the_effect")
def look_then_insert() -> None:
    """The inbox is asked first and written later, so that two may both find nothing."""
    consume._INBOX = text("""
        SELECT given.event_id FROM unnest(CAST(:ids AS uuid[])) AS given (event_id)
        WHERE NOT EXISTS (SELECT FROM inbox WHERE consumer = :consumer AND inbox.event_id = given.event_id)
    """)
    effect = consume.take_effect

    async def late(session: Any, on: Any, events: Any) -> Any:
        new = await effect(session, on, events)
        write = "INSERT INTO inbox (consumer, event_id) VALUES (:consumer, :id) ON CONFLICT DO NOTHING"
        for event in new:
            await session.execute(text(write), {"consumer": on.consumer, "id": event.id})
        return new

    put(consume, "take_effect", late)


@bug(seen_by="commits_late")
def poll_by_cursor() -> None:
    """The relay asks for ids above the last one that it saw."""

    async def publish(self: Any, connection: Any, producer: Any) -> None:
        last = getattr(self, "last", 0)
        rows = await connection.fetch("SELECT * FROM outbox WHERE id > $1 ORDER BY id LIMIT $2", last, relay.BATCH)
        if rows:
            self.last = rows[-1]["id"]
            await self._send(producer, rows)
            await connection.execute(_MARK, [row["id"] for row in rows])

    put(Relay, "_publish", publish)


@bug(seen_by="many_replicas")
def relays_skip_what_is_locked() -> None:
    """Every replica relays, each taking what no other holds (SKIP LOCKED)."""

    async def publish(self: Any, connection: Any, producer: Any) -> None:
        await connection.execute("SELECT pg_advisory_unlock_all()")
        rows = True
        while rows:
            async with connection.transaction():
                rows = await connection.fetch(
                    "SELECT * FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 3 FOR UPDATE SKIP LOCKED"
                )
                await asyncio.sleep(0.02 if rows and rows[0]["id"] % 2 else 0)
                await self._send(producer, rows)
                await connection.execute(_MARK, [row["id"] for row in rows])

    put(Relay, "_publish", publish)


@bug(seen_by="many_replicas")
def no_key() -> None:
    """Events of one thing are spread over the partitions."""
    send = Relay._send

    async def spread(self: Any, producer: Any, rows: Any) -> None:
        producer._partition = lambda topic, partition, key, value, *rest: hash(value) % 4
        await send(self, producer, rows)

    put(Relay, "_send", spread)


@bug(seen_by="fails_for_a_while")
def swallowed_exception() -> None:
    """What a handler raises is logged."""
    dispatch = handlers.Handlers.dispatch

    async def swallow(self: Any, session: Any, events: Any) -> None:
        for event in events:
            try:
                await dispatch(self, session, [event])
            except RuntimeError:
                print("something went wrong")

    put(handlers.Handlers, "dispatch", swallow)


@bug(seen_by="fails_for_a_while")
def skip_what_fails() -> None:
    """A batch that fails is left behind."""

    async def skip(self: Any, one: Any, error: Any, held: Any) -> None:
        print("skipped", error)

    put(consume.Consumer, "_failed", skip)


@bug(seen_by="fails_for_a_while")
def others_overtake_what_is_parked() -> None:
    """Later events of a key do not wait for the one that is set aside."""

    async def nobody(session: Any, consumer: str, keys: Any) -> set[Any]:
        return set()

    put(consume, "blocked", nobody)


@bug(seen_by="fails_for_a_while")
def parked_for_good() -> None:
    """What is set aside is never tried again."""

    async def never(*_: Any) -> int:
        return 0

    put(worker, "release", never)


@bug(seen_by="begins_late")
def begin_at_the_end() -> None:
    """A consumer without an offset begins with what comes next (`latest`)."""
    subscribe = KafkaBroker.subscriber

    @wraps(subscribe)
    def latest(self: Any, *topics: Any, **options: Any) -> Any:
        return subscribe(self, *topics, **(options | {"auto_offset_reset": "latest"}))

    put(KafkaBroker, "subscriber", latest)

    async def no_rewind(self: Any, cluster: str) -> None: ...

    put(Worker, "_begin_on", no_rewind)


@bug(seen_by="relay_dies_sending")
def mark_before_publishing() -> None:
    """The outbox says published before the broker does."""

    async def publish(self: Any, connection: Any, producer: Any) -> None:
        while rows := await connection.fetch(relay._NEXT, [], relay.BATCH):
            await connection.execute(_MARK, [row["id"] for row in rows])
            await self._send(producer, rows)

    put(Relay, "_publish", publish)


@bug(seen_by="relay_dies_while_kafka_is_frozen")
def fire_and_forget() -> None:
    """Nobody waits for the broker's word."""

    async def throw(self: Any, producer: Any, rows: Any) -> None:
        for row in rows:
            await producer.send(row["topic"], row["value"], key=row["key"].encode(), headers=_headers(row))

    put(Relay, "_send", throw)


def _headers(row: Any) -> list[tuple[str, bytes]]:
    return [(name, value.encode()) for name, value in json.loads(row["headers"]).items()]


@bug(seen_by="web_dies_after_the_commit")
def tell_after_the_commit() -> None:
    """The fact is written in a transaction of its own, after the change."""
    emit = getattr(things, EMIT)

    async def later(session: Any, *facts: Any, **known: Any) -> None:
        session.info["later"] = lambda other: emit(other, *facts, **known)

    put(things, EMIT, later)
    _after_commit("later")


@bug(seen_by="web_dies_before_the_commit")
def tell_before_the_commit() -> None:
    """The fact is out before the change is."""
    emit = getattr(things, EMIT)

    async def sooner(session: Any, *facts: Any, **known: Any) -> None:
        db = Database(str(session.get_bind().url.render_as_string(hide_password=False)).replace("+asyncpg", ""))
        async with db.transaction() as other:
            await emit(other, *facts, **known)
        await db.close()

    put(things, EMIT, sooner)


def _after_commit(name: str) -> None:
    transaction = Database.transaction

    @asynccontextmanager
    async def with_more(self: Any) -> Any:
        async with transaction(self) as session:
            yield session
            more = session.info.pop(name, None)
        if more is not None:
            async with transaction(self) as other:
                await more(other)

    put(Database, "transaction", with_more)


@bug(seen_by="line_to_the_database_breaks")
def woken_only_once() -> None:
    """Nobody polls, and who lost the line to the database does not listen again."""
    relay.POLL = 1e6

    async def listen_once(self: Any) -> None:
        if getattr(self, "listened", False):
            await asyncio.Event().wait()
        self.listened = True
        await listen(self)

    listen = Worker._listen
    put(Worker, "_listen", listen_once)
