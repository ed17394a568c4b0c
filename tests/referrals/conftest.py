"""The district that tests of referrals play in."""

import pytest_asyncio

from shared.db import Database
from tests.referrals.world import World, a_world


@pytest_asyncio.fixture(loop_scope="session")
async def world(db_referrals: Database) -> World:
    """One school, one family, two partners, all known to the service."""
    return await a_world(db_referrals)
