"""Keys of a published version can be corrected, and what was graded by them is graded anew, step by step."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from tenancy import protect

revision: str = "0765"
down_revision: str | None = "0804"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

POLICIES = "policy IN ('either', 'new_only', 'full_credit', 'drop')"
COUNTS = (
    "total",
    "done",
    "attempts",
    "attempts_up",
    "attempts_down",
    "passes_won",
    "passes_lost",
    "certificates_touched",
    "compliance_touched",
)


def upgrade() -> None:
    op.create_table(
        "version_corrections",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("changes", JSONB(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("corrected_by", sa.Text(), nullable=False),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(POLICIES, name=op.f("ck_version_corrections_policy")),
        sa.ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["course_versions.organization_id", "course_versions.id"],
            name=op.f("fk_version_corrections_version_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "version_id", "number", name=op.f("pk_version_corrections")
        ),
    )
    protect("version_corrections")
    op.create_table(
        "regrades",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("changes", JSONB(), nullable=False),
        sa.Column("lower", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("previewed_by", sa.Text(), nullable=False),
        sa.Column("previewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_by", sa.Text(), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cursor", sa.Uuid(), nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column("sample", JSONB(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(POLICIES, name=op.f("ck_regrades_policy")),
        sa.CheckConstraint(
            "status IN ('preview', 'applying', 'applied', 'failed')", name=op.f("ck_regrades_status")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["course_versions.organization_id", "course_versions.id"],
            name=op.f("fk_regrades_version_id"),
        ),
    )
    # Before the key: while statistics do not know the organization both cost the same, and the newest is taken.
    op.create_index("ix_regrades_version", "regrades", ["organization_id", "version_id", "id"])
    op.create_primary_key(op.f("pk_regrades"), "regrades", ["organization_id", "id"])
    protect("regrades")


def downgrade() -> None:
    op.drop_table("regrades")
    op.drop_table("version_corrections")
