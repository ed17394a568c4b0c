"""The relay reads ahead, and still publishes in order."""

from datetime import timedelta
from typing import Any, cast

import asyncpg
import pytest

from shared.clock import utc_now
from shared.db import Database
from shared.events import operations
from shared.identity.actor import system
from shared.messaging import relay as relaying
from shared.messaging.relay import AskedForAgain, Relay
from shared.messaging.republish import republish
from shared.messaging.topics import ClusterWatch
from shared.settings import ServiceSettings

LEFT = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
SAY = "INSERT INTO outbox (event_id, topic, key, headers) VALUES (gen_random_uuid(), 't', $1, '{}')"


async def test_what_is_committed_while_a_batch_is_on_its_way_goes_before_what_follows_it(
    db_core: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "BATCH", 2)
    settings = ServiceSettings(service="people")
    relay, sent = Relay(settings, ClusterWatch(settings)), list[str]()
    relay.cluster = relay.watch.id
    late, reader = await asyncpg.connect(db_core.dsn), await asyncpg.connect(db_core.dsn)
    try:
        # given an early fact of X that is not committed, and a whole batch of others that is
        holding = late.transaction()
        await holding.start()
        await late.execute(SAY, "X")
        for key in "ab":
            await reader.execute(SAY, key)
        mark = relay._mark

        async def commit_late(connection: asyncpg.Connection, rows: Any) -> None:
            if not rows:
                await holding.commit()
                await late.execute(SAY, "X")
            await mark(connection, rows)

        async def send(producer: Any, rows: Any) -> None:
            sent.extend(f"{row['key']}{row['id']}" for row in rows)

        monkeypatch.setattr(relay, "_mark", commit_late)
        monkeypatch.setattr(relay, "_send", send)
        await relay._publish(reader, cast("Any", None))
        left = await reader.fetchval(LEFT)
    finally:
        await late.close()
        await reader.close()

    first = int(sent[2][1:])
    assert sent == [f"a{first + 1}", f"b{first + 2}", f"X{first}", f"X{first + 3}"]
    assert left == 0


async def test_older_facts_that_are_asked_for_again_go_before_newer_ones_that_are_on_their_way(
    db_core: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ServiceSettings(service="people")
    relay, sent = Relay(settings, ClusterWatch(settings)), list[str]()
    relay.cluster = relay.watch.id
    reader = await asyncpg.connect(db_core.dsn)
    try:
        # given an old state of X that was published, and a new one that is just on its way
        await reader.execute(SAY, "X-old")
        await reader.execute("UPDATE outbox SET published_at = now()")
        await reader.execute(SAY, "X-new")

        async def send(producer: Any, rows: Any) -> None:
            sent.extend(row["key"] for row in rows)
            if len(sent) == 1:
                async with db_core.transaction() as session:
                    why, now = operations.WhyRepublish.LOST, utc_now()
                    await republish(session, "people", now - timedelta(hours=1), why, actor=system("people"), now=now)

        monkeypatch.setattr(relay, "_send", send)
        with pytest.raises(AskedForAgain):
            await relay._publish(reader, cast("Any", None))
        await relay._publish(reader, cast("Any", None))
        left = await reader.fetchval(LEFT)
    finally:
        await reader.close()

    assert sent[:3] == ["X-new", "X-old", "X-new"]
    assert left == 0


async def test_what_an_erasure_takes_while_it_is_on_its_way_is_no_reason_to_begin_anew(
    db_core: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ServiceSettings(service="people")
    relay = Relay(settings, ClusterWatch(settings))
    relay.cluster = relay.watch.id
    reader, other = await asyncpg.connect(db_core.dsn), await asyncpg.connect(db_core.dsn)
    try:
        for key in "ab":
            await reader.execute(SAY, key)

        async def send(producer: Any, rows: Any) -> None:
            await other.execute("DELETE FROM outbox WHERE key = 'a'")

        monkeypatch.setattr(relay, "_send", send)
        await relay._publish(reader, cast("Any", None))
        left = await reader.fetchval(LEFT)
    finally:
        await reader.close()
        await other.close()

    assert left == 0
