"""An item of a course may be a text that members sign.

It stands among the lessons: to the progress of a course, what is signed and what is read are the same. A signature
goes by the attestation's key and the hash of its text, so that it holds in every version with that text.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from tenancy import protect

revision: str = "0920"
down_revision: str | None = "0945"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("lessons", sa.Column("kind", sa.Text(), server_default="lesson", nullable=False))
    op.create_check_constraint(
        op.f("ck_lessons_kind"), "lessons", "kind IN ('lesson', 'attestation')", postgresql_not_valid=True
    )
    op.execute("ALTER TABLE lessons VALIDATE CONSTRAINT ck_lessons_kind")
    op.create_table(
        "attestation_signatures",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("typed_name", sa.Text(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "enrollment_id"],
            ["enrollments.organization_id", "enrollments.id"],
            name=op.f("fk_attestation_signatures_enrollment_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_attestation_signatures_member",
        "attestation_signatures",
        ["organization_id", "user_id", "course_id"],
    )
    # After the index: the planner takes the newest of those that cost the same to it.
    op.create_primary_key(
        op.f("pk_attestation_signatures"),
        "attestation_signatures",
        ["organization_id", "enrollment_id", "key", "text_hash"],
    )
    protect("attestation_signatures")


def downgrade() -> None:
    op.drop_table("attestation_signatures")
    op.drop_column("lessons", "kind")
