"""Bringing databases to the newest revision, with patience for a server that is not there yet."""

import asyncio

import asyncpg

from deploy.trouble import Trouble
from shared.db import is_away
from shared.migrations import Upgrade, upgrade

PATIENCE = 60.0
"""Seconds that a database or broker that is not there yet gets."""


async def bring_up_to_date(service: str, dsn: str) -> Upgrade:
    """Migrate one service's database, whoever else does so at the same time. Raises `Trouble`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while True:
        try:
            return await upgrade(service, dsn)
        except asyncpg.exceptions.InvalidCatalogNameError as error:
            raise Trouble(f"There is no database of {service} yet ({error}). Make it: CREATE DATABASE.") from None
        except asyncpg.exceptions.InvalidAuthorizationSpecificationError as error:
            raise Trouble(f"The database of {service} refuses us: {error}. See CROSSWALK_DATABASE_URL.") from None
        except Exception as error:
            if not is_away(error):
                raise
            if loop.time() > deadline:
                raise Trouble(
                    f"The database of {service} does not answer ({error}). Start it, or set CROSSWALK_DATABASE_URL."
                ) from None
        await asyncio.sleep(0.5)
