"""A process that takes up replays and can be killed: `python -m tests.shared.replayer DSN`."""

import asyncio
import sys

from shared.clock import utc_now
from shared.db import Database
from shared.messaging.parked import release
from tests.shared.test_consume import noting_handlers


async def _run(dsn: str) -> None:
    db = Database(dsn)
    while True:
        await release(db, noting_handlers(), utc_now())
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1]))
