"""The jobs of referrals in a process of its own, without a broker: `python -m tests.referrals.scheduler`."""

import asyncio

from services.referrals import jobs
from services.referrals.settings import Settings
from shared.db import Database
from shared.messaging.jobs import Clockwork


async def main() -> None:
    """Look once a second, until somebody ends the process."""
    settings = Settings()
    clock = Clockwork(jobs.jobs, Database(settings.dsn, pool_size=4), settings)
    print("looking", flush=True)
    while True:
        clock.tick()
        await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main())
