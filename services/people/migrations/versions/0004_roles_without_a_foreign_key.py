"""Roles without a foreign key: checking it, and a second unique index on persons, took a tenth of a city's import."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE role DROP CONSTRAINT IF EXISTS fk_role_person_id")
    op.execute("ALTER TABLE person DROP CONSTRAINT IF EXISTS uq_person_source_id")
    op.drop_index("ix_role_scope", table_name="role")
    op.create_index("ix_role_scope", "role", ["scope_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_role_scope", table_name="role")
    op.create_index("ix_role_scope", "role", ["scope_id", "name"], unique=False)
    op.create_unique_constraint(op.f("uq_person_source_id"), "person", ["source_id"])
    op.create_foreign_key(op.f("fk_role_person_id"), "role", "person", ["person_id"], ["id"], ondelete="CASCADE")
