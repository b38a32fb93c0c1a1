"""A member gets a mail of each decision about their evidence: claimed by its row, once."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from tenancy import protect

revision: str = "0924"
down_revision: str | None = "0943"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STATUSES = "status IN ('pending', 'sending', 'sent', 'skipped', 'refused', 'unknown')"


def upgrade() -> None:
    op.create_table(
        "evidence_mails",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(STATUSES, name=op.f("ck_evidence_mails_status")),
        sa.ForeignKeyConstraint(
            ["organization_id", "evidence_id"],
            ["evidence.organization_id", "evidence.id"],
            name=op.f("fk_evidence_mails_organization_id_evidence_id"),
        ),
    )
    op.create_index(
        "uq_evidence_mails_claim",
        "evidence_mails",
        ["organization_id", "evidence_id", "decided_at"],
        unique=True,
    )
    # Last: while statistics do not know the organization, the planner takes the newest index that begins with it.
    op.create_primary_key(op.f("pk_evidence_mails"), "evidence_mails", ["organization_id", "id"])
    protect("evidence_mails")


def downgrade() -> None:
    op.drop_table("evidence_mails")
