"""whom the roster disables."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("disabled_by_roster", sa.Boolean(), server_default="false", nullable=False))
    # Whom a role from elsewhere keeps active cannot be told here: the next roster that names them says it.
    op.execute("UPDATE person SET disabled_by_roster = true WHERE listed AND NOT active")


def downgrade() -> None:
    op.drop_column("person", "disabled_by_roster")
