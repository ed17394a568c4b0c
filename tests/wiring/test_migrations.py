"""One line of migrations per service, and it leads to what the models say."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from shared.db import Database
from shared.migrations import SERVICES, metadata, script


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_one_head(service: str) -> None:
    assert len(script(service).get_heads()) == 1


@pytest.fixture(params=SERVICES)
def migrated(request: pytest.FixtureRequest) -> tuple[str, Database]:
    return request.param, request.getfixturevalue(f"db_{request.param}")


async def test_the_migrations_lead_to_the_models(migrated: tuple[str, Database]) -> None:
    service, db = migrated

    def difference(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_server_default": False})
        found: list[object] = []
        for tables in metadata(service):
            ours = [d for d in compare_metadata(context, tables) if not _only_here(d)]
            found += ours
        return found

    async with db.engine.connect() as connection:
        assert await connection.run_sync(difference) == []


def _only_here(change: object) -> bool:
    # Each of the two metadata knows only its own tables; the other's look surplus to it.
    return isinstance(change, tuple) and change[0] in {"remove_table", "remove_index"}
