"""How many people leave with a roster."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("listed", "leaving"):
        op.add_column("roster_import", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    op.add_column("roster_import", sa.Column("many_may_leave", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    for name in ("many_may_leave", "leaving", "listed"):
        op.drop_column("roster_import", name)
