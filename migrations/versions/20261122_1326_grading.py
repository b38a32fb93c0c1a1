"""Manual grading: claims, feedback, history, corrections, grants."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from tenancy import API, WORKER, protect

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Claims and feedback on waiting responses; what was judged, granted and put in doubt."""
    op.add_column("pending_responses", sa.Column("feedback_html", sa.Text(), nullable=True))
    op.add_column("pending_responses", sa.Column("claimed_by", sa.Text(), nullable=True))
    op.add_column("pending_responses", sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True))
    _make_response_grades()
    _make_lost_passes()
    _make_enrollment_grants()


def _make_response_grades() -> None:
    op.create_table(
        "response_grades",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.Numeric(), nullable=False),
        sa.Column("feedback_html", sa.Text(), nullable=True),
        sa.Column("graded_by", sa.Text(), nullable=False),
        sa.Column("graded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_correction", sa.Boolean(), nullable=False),
        sa.CheckConstraint("points >= 0 AND points <= 1000000", name=op.f("ck_response_grades_points")),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["pending_responses.id"],
            name=op.f("fk_response_grades_response_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_grades")),
    )
    op.create_index("ix_response_grades_response_id", "response_grades", ["response_id", "id"])
    protect("response_grades", rights="SELECT, INSERT")
    # The history is append-only; erasure may empty the one column that is text to a person.
    op.execute(f"GRANT UPDATE (feedback_html) ON response_grades TO {API}, {WORKER}")


def _make_lost_passes() -> None:
    op.create_table(
        "lost_passes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("completion_id", sa.Uuid(), nullable=True),
        sa.Column("quiz_id", sa.Uuid(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("corrected_by", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["enrollment_id"],
            ["enrollments.id"],
            name=op.f("fk_lost_passes_enrollment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["completion_id"], ["course_completions.id"], name=op.f("fk_lost_passes_completion_id")
        ),
        sa.ForeignKeyConstraint(["quiz_id"], ["quizzes.id"], name=op.f("fk_lost_passes_quiz_id")),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["pending_responses.id"],
            name=op.f("fk_lost_passes_response_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_lost_passes_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lost_passes")),
    )
    still_open = sa.text("resolved_at IS NULL")
    op.create_index(
        "uq_lost_passes_open",
        "lost_passes",
        ["enrollment_id", "quiz_id"],
        unique=True,
        postgresql_where=still_open,
    )
    op.create_index(
        "ix_lost_passes_list", "lost_passes", ["organization_id", "id"], postgresql_where=still_open
    )
    protect("lost_passes")


def _make_enrollment_grants() -> None:
    op.create_table(
        "enrollment_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("quiz_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('attempts', 'extra_time', 'due_at')", name=op.f("ck_enrollment_grants_kind")
        ),
        sa.CheckConstraint(
            "(kind = 'attempts') = (quiz_id IS NOT NULL)", name=op.f("ck_enrollment_grants_quiz_id")
        ),
        sa.ForeignKeyConstraint(
            ["enrollment_id"],
            ["enrollments.id"],
            name=op.f("fk_enrollment_grants_enrollment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["quiz_id"], ["quizzes.id"], name=op.f("fk_enrollment_grants_quiz_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollment_grants")),
    )
    op.create_index("ix_enrollment_grants_enrollment_id", "enrollment_grants", ["enrollment_id", "id"])
    protect("enrollment_grants")


def downgrade() -> None:
    """Back to responses that wait with nobody to claim them."""
    op.drop_table("enrollment_grants")
    op.drop_table("lost_passes")
    op.drop_table("response_grades")
    op.drop_column("pending_responses", "claimed_until")
    op.drop_column("pending_responses", "claimed_by")
    op.drop_column("pending_responses", "feedback_html")
