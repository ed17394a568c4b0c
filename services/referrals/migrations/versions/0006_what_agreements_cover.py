"""What agreements cover."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "coverage",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("everywhere", sa.Boolean(), nullable=False),
        sa.Column("school_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_coverage")),
    )
