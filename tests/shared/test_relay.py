"""The relay reads ahead, and still publishes in order."""

from typing import Any, cast

import asyncpg
import pytest

from shared.db import Database
from shared.messaging import relay as relaying
from shared.messaging.relay import Relay
from shared.messaging.topics import ClusterWatch
from shared.settings import ServiceSettings

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
        left = await reader.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
    finally:
        await late.close()
        await reader.close()

    first = int(sent[2][1:])
    assert sent == [f"a{first + 1}", f"b{first + 2}", f"X{first}", f"X{first + 3}"]
    assert left == 0
