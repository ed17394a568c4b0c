"""partners are vetted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "criterion_rating",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("criterion", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_criterion_rating_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "round", "criterion", name=op.f("pk_criterion_rating")),
    )
    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by_label", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_document_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_organization_id"), "document", ["organization_id"], unique=False)
    op.create_index(op.f("ix_document_sha256"), "document", ["sha256"], unique=False)
    op.create_table(
        "partner_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_label", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("codes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_partner_change_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_change")),
    )
    op.create_index(
        op.f("ix_partner_change_organization_id_at"), "partner_change", ["organization_id", "at"], unique=False
    )
    op.create_table(
        "registration",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("contact_name", sa.Text(), nullable=False),
        sa.Column("contact_email", sa.Text(), nullable=False),
        sa.Column("contact_phone", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("populations", sa.Text(), nullable=False),
        sa.Column("needs", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("sites", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("offers", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("references", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name=op.f("fk_registration_organization_id")),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_registration")),
    )
    op.add_column("organization", sa.Column("status", sa.Text(), server_default="approved", nullable=False))
    op.add_column("organization", sa.Column("review", sa.Text(), server_default="none", nullable=False))
    op.add_column("organization", sa.Column("tax_id", sa.Text(), server_default="", nullable=False))
    op.add_column("organization", sa.Column("tax_key", sa.Text(), server_default="", nullable=False))
    op.add_column("organization", sa.Column("address", sa.Text(), server_default="", nullable=False))
    op.add_column("organization", sa.Column("address_key", sa.Text(), server_default="", nullable=False))
    op.add_column("organization", sa.Column("website", sa.Text(), server_default="", nullable=False))
    op.add_column("organization", sa.Column("domain", sa.Text(), server_default="", nullable=False))
    op.add_column("organization", sa.Column("registrant_id", sa.Uuid(), nullable=True))
    op.add_column("organization", sa.Column("merged_into", sa.Uuid(), nullable=True))
    op.add_column("organization", sa.Column("round", sa.Integer(), server_default="1", nullable=False))
    op.add_column("organization", sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("organization", sa.Column("approved_on", sa.Date(), nullable=True))
    op.add_column("organization", sa.Column("certified_until", sa.Date(), nullable=True))
    op.add_column("organization", sa.Column("insurance_until", sa.Date(), nullable=True))
    op.add_column("organization", sa.Column("checks_until", sa.Date(), nullable=True))
    op.add_column("organization", sa.Column("halt", sa.Text(), nullable=True))
    op.add_column("organization", sa.Column("look_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("organization", sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_organization_address_key"), "organization", ["address_key"], unique=False)
    op.create_index(op.f("ix_organization_domain"), "organization", ["domain"], unique=False)
    op.create_index(op.f("ix_organization_look_at"), "organization", ["look_at"], unique=False)
    op.create_index(op.f("ix_organization_registrant_id"), "organization", ["registrant_id"], unique=False)
    op.create_index(op.f("ix_organization_tax_key"), "organization", ["tax_key"], unique=False)
    op.create_foreign_key(op.f("fk_organization_merged_into"), "organization", "organization", ["merged_into"], ["id"])


def downgrade() -> None:

    op.drop_constraint(op.f("fk_organization_merged_into"), "organization", type_="foreignkey")
    op.drop_index(op.f("ix_organization_tax_key"), table_name="organization")
    op.drop_index(op.f("ix_organization_registrant_id"), table_name="organization")
    op.drop_index(op.f("ix_organization_look_at"), table_name="organization")
    op.drop_index(op.f("ix_organization_domain"), table_name="organization")
    op.drop_index(op.f("ix_organization_address_key"), table_name="organization")
    op.drop_column("organization", "looked_at")
    op.drop_column("organization", "look_at")
    op.drop_column("organization", "halt")
    op.drop_column("organization", "checks_until")
    op.drop_column("organization", "insurance_until")
    op.drop_column("organization", "certified_until")
    op.drop_column("organization", "approved_on")
    op.drop_column("organization", "submitted_at")
    op.drop_column("organization", "round")
    op.drop_column("organization", "merged_into")
    op.drop_column("organization", "registrant_id")
    op.drop_column("organization", "domain")
    op.drop_column("organization", "website")
    op.drop_column("organization", "address_key")
    op.drop_column("organization", "address")
    op.drop_column("organization", "tax_key")
    op.drop_column("organization", "tax_id")
    op.drop_column("organization", "review")
    op.drop_column("organization", "status")
    op.drop_table("registration")
    op.drop_index(op.f("ix_partner_change_organization_id_at"), table_name="partner_change")
    op.drop_table("partner_change")
    op.drop_index(op.f("ix_document_sha256"), table_name="document")
    op.drop_index(op.f("ix_document_organization_id"), table_name="document")
    op.drop_table("document")
    op.drop_table("criterion_rating")
