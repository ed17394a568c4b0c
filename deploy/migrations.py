"""Whether the databases stand at the newest revision, asked in a moment: importing Alembic only to hear yes is slow."""

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path

import asyncpg

import services
from deploy.postgres import SERVICES


def digest() -> str:
    """Changes whenever a revision of any service does, or its consumers, whose projections may want to be filled."""
    found = hashlib.sha256()
    for service in SERVICES:
        for root in services.__path__:
            folder = Path(root) / service
            for path in sorted([*folder.glob("migrations/versions/*.py"), *folder.glob("consumers.py")]):
                found.update(f"{service}/{path.name}\0".encode() + path.read_bytes())
    return found.hexdigest()


async def stand_at(database_url: str, heads: Mapping[str, str]) -> bool:
    """Whether each database stands at the revision that was noted for it."""
    if set(heads) != set(SERVICES):
        return False
    answers = await asyncio.gather(*(_revision(database_url.replace("{service}", name)) for name in SERVICES))
    return list(answers) == [heads[name] for name in SERVICES]


async def _revision(dsn: str) -> str | None:
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except asyncpg.exceptions.InvalidCatalogNameError:
        return None
    try:
        return str(await connection.fetchval("SELECT version_num FROM alembic_version"))
    except asyncpg.exceptions.UndefinedTableError:
        return None
    finally:
        await connection.close()
