"""Old and new side by side: no migration takes away what the release before still uses."""

import pytest

from shared.migrations import SERVICES, script
from tests.wiring.releases import breaks, contracts, new_revisions, new_tables, releases


@pytest.mark.parametrize("service", SERVICES)
def test_no_new_migration_breaks_the_release_before(service: str) -> None:
    """Where this fails: expand now, and contract in a release after the one that stopped using it."""
    last, known = releases()[-1], [release.version for release in releases()]
    sources = {path: path.read_text() for path in new_revisions(service, last)}
    fresh = set().union(*map(new_tables, sources.values()))

    stumbled = {
        path.name: found
        for path, source in sources.items()
        if (found := breaks(source, fresh)) and contracts(source) not in known
    }

    assert stumbled == {}


@pytest.mark.parametrize("service", SERVICES)
def test_the_migrations_of_every_release_are_still_there(service: str) -> None:
    there = {revision.revision for revision in script(service).walk_revisions()}

    assert {release.revisions[service] for release in releases()} <= there


EXPANDS = """
    op.create_table("visit", sa.Column("id", sa.Uuid(), nullable=False))
    op.create_index("ix_visit_day", "visit", ["day"], unique=True)
    op.create_unique_constraint("uq_visit_day", "visit", ["day"])
    op.add_column("person", sa.Column("nickname", sa.Text(), nullable=True))
    op.add_column("person", sa.Column("calls", sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_person_nickname", "person", ["nickname"], unique=False)
    op.alter_column("person", "email", nullable=True)
    op.drop_index("ix_person_email", table_name="person")
    op.execute("UPDATE person SET calls = 1")
"""
BREAKS = [
    'op.drop_table("person")',
    'op.drop_column("person", "email")',
    'op.rename_table("person", "people")',
    'op.add_column("person", sa.Column("calls", sa.Integer(), nullable=False))',
    'op.alter_column("person", "email", nullable=False)',
    'op.alter_column("person", "email", new_column_name="address")',
    'op.alter_column("person", "email", type_=sa.Integer())',
    'op.alter_column("person", "email", server_default=None)',
    'op.create_unique_constraint("uq_person_email", "person", ["email"])',
    'op.create_index("ix_person_email", "person", ["email"], unique=True)',
    'op.execute("ALTER TABLE person DROP COLUMN email")',
    'op.execute(f"ALTER TABLE {table} ALTER COLUMN email SET NOT NULL")',
]


def a_migration(lines: str) -> str:
    return f"def upgrade() -> None:\n    {lines.strip()}\n\n\ndef downgrade() -> None:\n    op.drop_table('person')\n"


def test_what_only_adds_breaks_nothing() -> None:
    source = a_migration(EXPANDS)

    assert breaks(source, new_tables(source)) == []


@pytest.mark.parametrize("line", BREAKS)
def test_what_old_code_would_stumble_over_is_found(line: str) -> None:
    assert len(breaks(a_migration(line), ())) == 1
