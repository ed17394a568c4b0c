"""languages that people choose."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("wished_language", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("person", "wished_language")
