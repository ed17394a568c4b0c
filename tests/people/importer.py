"""Imports small bundles, and tells what came of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import select

from services.people.commands import Outcome, import_roster
from services.people.models import Person, RoleHeld
from services.people.roster import person_id
from shared.db import Database
from shared.events import Fact, people
from shared.events.vocabulary import RoleName
from tests.people.bundles import ORGS, USERS, a_bundle, bundle_files
from tests.support.builders import an_actor
from tests.support.events import outbox

NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
ACTOR = an_actor(RoleName.DISTRICT_OFFICE)


class Importer:
    """Imports small bundles and tells what was published since the last time."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db, self.folder = db, folder
        self.seen = 0

    async def __call__(self, users: Any = USERS, orgs: Any = ORGS, roles: Any = None, **options: Any) -> Outcome:
        mode = options.pop("mode", "bulk")
        path = a_bundle(self.folder, bundle_files(users, orgs, roles, mode=mode))
        return await import_roster(self.db, path, actor=ACTOR, now=NOW, **options)

    async def published(self) -> list[Fact]:
        async with self.db.transaction() as session:
            facts = await outbox(session)
        fresh, self.seen = facts[self.seen :], len(facts)
        return fresh

    async def person(self, sourced_id: str) -> Person:
        async with self.db.transaction() as session:
            found = await session.get(Person, person_id(sourced_id))
            assert found is not None
            return found

    async def roles(self, sourced_id: str) -> set[tuple[str, Any]]:
        async with self.db.transaction() as session:
            rows = await session.exec(select(RoleHeld).where(RoleHeld.person_id == person_id(sourced_id)))
            return {(row.name, row.scope_id) for row in rows.all()}


def states(facts: list[Fact]) -> dict[Any, people.PersonChanged]:
    return {fact.person_id: fact for fact in facts if isinstance(fact, people.PersonChanged)}
