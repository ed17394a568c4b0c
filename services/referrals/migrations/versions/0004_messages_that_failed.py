"""An index of messages that failed, for the list of families not reached."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX IF NOT EXISTS ix_message_failed ON message (referral_id) WHERE failed_at IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_message_failed", table_name="message")
