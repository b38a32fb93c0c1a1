"""Evidence: members send what shows that they met a requirement elsewhere, and administrators decide."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from tenancy import protect

revision: str = "0900"
down_revision: str | None = "0923"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("requirement_id", sa.Text(), nullable=False),
        sa.Column("completed_on", sa.Date(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("announced_expiry", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('pending', 'approved', 'rejected')", name=op.f("ck_evidence_status")),
        sa.CheckConstraint("(status = 'pending') = (decided_at IS NULL)", name=op.f("ck_evidence_decided")),
        sa.CheckConstraint(
            "(status = 'approved') = (approved_at IS NOT NULL AND taken_back_at IS NULL)",
            name=op.f("ck_evidence_approved"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["members.organization_id", "members.user_id"],
            name=op.f("fk_evidence_organization_id_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "requirement_id"],
            ["compliance_requirements.organization_id", "compliance_requirements.id"],
            name=op.f("fk_evidence_organization_id_requirement_id"),
        ),
    )
    op.create_index("ix_evidence_member", "evidence", ["organization_id", "user_id", "requirement_id"])
    op.create_index(
        "ix_evidence_pending",
        "evidence",
        ["organization_id", "id"],
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_evidence_document",
        "evidence",
        ["organization_id", "document_id"],
        postgresql_where=sa.text("document_id IS NOT NULL"),
    )
    op.create_index(
        "ix_evidence_expiry",
        "evidence",
        ["expires_at"],
        postgresql_where=sa.text("status = 'approved' AND announced_expiry IS DISTINCT FROM expires_at"),
    )
    # The primary key last: where statistics know nothing, the planner takes the newest index.
    op.create_primary_key("pk_evidence", "evidence", ["organization_id", "id"])
    protect("evidence")


def downgrade() -> None:
    op.drop_table("evidence")
