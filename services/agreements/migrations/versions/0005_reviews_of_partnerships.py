"""reviews of partnerships."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "referral_attempt",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken", sa.Boolean(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_referral_attempt")),
    )
    op.create_index(
        op.f("ix_referral_attempt_organization_id_sent_at"),
        "referral_attempt",
        ["organization_id", "sent_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_referral_attempt_school_id_organization_id_sent_at"),
        "referral_attempt",
        ["school_id", "organization_id", "sent_at"],
        unique=False,
    )
    op.create_table(
        "referral_need",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("referral_id", name=op.f("pk_referral_need")),
    )
    op.create_index(op.f("ix_referral_need_submitted_at"), "referral_need", ["submitted_at"], unique=False)
    op.create_table(
        "review_round",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("year", "what", name=op.f("pk_review_round")),
    )
    op.create_table(
        "review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("framework", sa.Text(), nullable=False),
        sa.Column("framework_version", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rate_by", sa.Date(), nullable=True),
        sa.Column("decide_by", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_review_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index(op.f("ix_review_organization_id_year"), "review", ["organization_id", "year"], unique=False)
    op.create_index(
        op.f("ix_review_school_id_organization_id_year"),
        "review",
        ["school_id", "organization_id", "year"],
        unique=True,
    )
    op.create_index(op.f("ix_review_year"), "review", ["year"], unique=False)
    op.create_table(
        "rating",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_rating_review_id")),
        sa.PrimaryKeyConstraint("review_id", "side", "indicator", name=op.f("pk_rating")),
    )
    op.create_table(
        "sheet",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_sheet_review_id")),
        sa.PrimaryKeyConstraint("review_id", "side", name=op.f("pk_sheet")),
    )
    op.create_table(
        "year_end",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attendance", sa.Text(), nullable=False),
        sa.Column("academic_growth", sa.Text(), nullable=False),
        sa.Column("social_growth", sa.Text(), nullable=False),
        sa.Column("other_measures", sa.Text(), nullable=False),
        sa.Column("learnt", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("build_on", sa.Text(), nullable=False),
        sa.Column("to_change", sa.Text(), nullable=False),
        sa.Column("known_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_by_side", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["program_id"], ["program.id"], name=op.f("fk_year_end_program_id")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_year_end_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_end")),
    )
    op.create_index(
        op.f("ix_year_end_review_id_program_id"),
        "year_end",
        ["review_id", "program_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_year_end_review_id_program_id"), table_name="year_end", postgresql_nulls_not_distinct=True)
    op.drop_table("year_end")
    op.drop_table("sheet")
    op.drop_table("rating")
    op.drop_index(op.f("ix_review_year"), table_name="review")
    op.drop_index(op.f("ix_review_school_id_organization_id_year"), table_name="review")
    op.drop_index(op.f("ix_review_organization_id_year"), table_name="review")
    op.drop_table("review")
    op.drop_table("review_round")
    op.drop_index(op.f("ix_referral_need_submitted_at"), table_name="referral_need")
    op.drop_table("referral_need")
    op.drop_index(op.f("ix_referral_attempt_school_id_organization_id_sent_at"), table_name="referral_attempt")
    op.drop_index(op.f("ix_referral_attempt_organization_id_sent_at"), table_name="referral_attempt")
    op.drop_table("referral_attempt")
