"""Exemptions from requirements and courses, and assignments that an administrator took back."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from tenancy import protect

revision: str = "0840"
down_revision: str | None = "0831"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "exemptions",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("requirement_id", sa.Text(), nullable=True),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(requirement_id IS NULL) <> (course_id IS NULL)", name=op.f("ck_exemptions_subject")
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_exemptions_ended")),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["members.organization_id", "members.user_id"],
            name=op.f("fk_exemptions_organization_id_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "requirement_id"],
            ["compliance_requirements.organization_id", "compliance_requirements.id"],
            name=op.f("fk_exemptions_organization_id_requirement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["courses.organization_id", "courses.id"],
            name=op.f("fk_exemptions_organization_id_course_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_exemptions_member", "exemptions", ["organization_id", "user_id"])
    for what in ("requirement", "course"):
        op.create_index(
            f"ix_exemptions_{what}",
            "exemptions",
            ["organization_id", f"{what}_id", "user_id"],
            postgresql_where=sa.text("ended_at IS NULL"),
        )
    # The primary key last: where statistics know nothing, the planner takes the newest index.
    op.create_primary_key("pk_exemptions", "exemptions", ["organization_id", "id"])
    protect("exemptions")
    op.create_table(
        "removed_assignments",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["members.organization_id", "members.user_id"],
            name=op.f("fk_removed_assignments_organization_id_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["courses.organization_id", "courses.id"],
            name=op.f("fk_removed_assignments_organization_id_course_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "course_id", "user_id", name=op.f("pk_removed_assignments")
        ),
    )
    protect("removed_assignments")


def downgrade() -> None:
    op.drop_table("removed_assignments")
    op.drop_table("exemptions")
