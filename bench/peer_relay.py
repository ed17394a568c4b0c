"""Run by the benchmark `peer` in an environment of its own: faststream-outbox takes rows from its table to Kafka.

    python peer_relay.py DSN KAFKA TOPIC COUNT

The rows are the newest of the table `outbox` beside it, with the same bytes, keys and headers. Prints the seconds.
"""

import asyncio
import sys
from time import perf_counter
from typing import Any

from faststream import Context
from faststream.kafka import KafkaBroker, KafkaResponse
from faststream_outbox import OutboxBroker, make_outbox_table
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine

COPY = """
    INSERT INTO peer_outbox (queue, payload, headers)
    SELECT 'relay', value, headers || jsonb_build_object('key', key)
    FROM (SELECT * FROM outbox ORDER BY id DESC LIMIT :count) AS newest ORDER BY id
"""
SETTINGS: dict[str, Any] = {
    "max_workers": 4,
    "fetch_batch_size": 100,
    "min_fetch_interval": 0.01,
    "max_fetch_interval": 0.05,
    "terminal_flush_batch_size": 100,
}
"""Its own advice for throughput: several workers, and batches for reading and for deleting. No others were tried."""


async def as_it_is(message: Any) -> Any:
    """Nothing is decoded that is only passed on."""
    return message.body


async def main(dsn: str, kafka: str, topic: str, count: int) -> float:
    """Seconds until its table is empty."""
    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://"), pool_size=10)
    metadata = MetaData()
    table = make_outbox_table(metadata, table_name="peer_outbox")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.drop_all)
        await connection.run_sync(metadata.create_all)
        await connection.execute(text(COPY), {"count": count})
    outbox, out = (
        OutboxBroker(engine, outbox_table=table, logger=None),
        KafkaBroker(kafka, acks="all", enable_idempotence=True, logger=None),
    )

    @out.publisher(topic)
    @outbox.subscriber("relay", decoder=as_it_is, **SETTINGS)  # type: ignore[untyped-decorator]
    async def relay(body: Any, message: Any = Context()) -> KafkaResponse:
        headers = dict(message.headers)
        return KafkaResponse(message.body, key=headers.pop("key").encode(), headers=headers)

    await out.connect()
    began = perf_counter()
    await outbox.start()
    try:
        async with engine.connect() as connection:
            while (await connection.execute(text("SELECT EXISTS (SELECT FROM peer_outbox)"))).scalar():
                await connection.rollback()
                await asyncio.sleep(0.01)
        return perf_counter() - began
    finally:
        await outbox.stop()
        await out.stop()
        await engine.dispose()


if __name__ == "__main__":
    _, dsn, kafka, topic, count = sys.argv
    print(asyncio.run(main(dsn, kafka, topic, int(count))))
