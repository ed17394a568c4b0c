"""sign-in by the district's provider."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provider_account",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_provider_account_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_provider_account")),
        sa.UniqueConstraint("person_id", "issuer", name=op.f("uq_provider_account_person_id_issuer")),
    )
    op.add_column("sign_in", sa.Column("issuer", sa.Text(), nullable=True))
    op.add_column("sign_in", sa.Column("way_on", sa.Text(), server_default="/", nullable=False))
    op.add_column("sign_in", sa.Column("account", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("session", sa.Column("provider_sid", sa.Text(), nullable=True))
    op.add_column("session", sa.Column("way_out", sa.Text(), nullable=True))
    op.create_index(
        "ix_session_provider_sid",
        "session",
        ["provider_sid"],
        unique=False,
        postgresql_where=sa.text("provider_sid IS NOT NULL"),
    )
    op.create_index(
        "ix_session_way_out", "session", ["id"], unique=False, postgresql_where=sa.text("way_out IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_session_way_out", table_name="session", postgresql_where=sa.text("way_out IS NOT NULL"))
    op.drop_index("ix_session_provider_sid", table_name="session", postgresql_where=sa.text("provider_sid IS NOT NULL"))
    op.drop_column("session", "way_out")
    op.drop_column("session", "provider_sid")
    op.drop_column("sign_in", "account")
    op.drop_column("sign_in", "way_on")
    op.drop_column("sign_in", "issuer")
    op.drop_table("provider_account")
