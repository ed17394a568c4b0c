"""parked for people, brakes, workers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "brakes",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("let_go_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("topic", name=op.f("pk_brakes")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.add_column("parked", sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("parked", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("parked", sa.Column("asked_by", sa.Text(), nullable=True))
    op.add_column("parked", sa.Column("why", sa.Text(), nullable=True))
    op.add_column("parked", sa.Column("note", sa.Text(), nullable=True))
    op.create_index(
        "ix_parked_due",
        "parked",
        ["next_try_at"],
        unique=False,
        postgresql_where=sa.text("settled_at IS NULL AND next_try_at IS NOT NULL"),
    )
    op.create_index(
        "ix_parked_settled", "parked", ["settled_at"], unique=False, postgresql_where=sa.text("settled_at IS NOT NULL")
    )
    # What needed no person had no time of its own before: it is due at once.
    op.execute("UPDATE parked SET next_try_at = parked_at WHERE settled_at IS NULL AND reason IN ('not_yet', 'behind')")


def downgrade() -> None:
    op.drop_index("ix_parked_settled", table_name="parked", postgresql_where=sa.text("settled_at IS NOT NULL"))
    op.drop_index(
        "ix_parked_due", table_name="parked", postgresql_where=sa.text("settled_at IS NULL AND next_try_at IS NOT NULL")
    )
    op.drop_column("parked", "note")
    op.drop_column("parked", "why")
    op.drop_column("parked", "asked_by")
    op.drop_column("parked", "asked_at")
    op.drop_column("parked", "next_try_at")
    op.drop_table("workers")
    op.drop_table("brakes")
