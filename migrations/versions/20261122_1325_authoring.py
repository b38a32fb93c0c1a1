"""Authoring: designated graders, organization settings, and no way around a published version."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from tenancy import protect

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

REFERENCES_TO_CONTENT = (
    ("lesson_progress", "lesson_id"),
    ("quiz_progress", "quiz_id"),
    ("quiz_attempts", "quiz_id"),
    ("assessment_results", "assessment_id"),
    ("pending_responses", "question_id"),
)
# An assessment's second row has no version of its own. Once its quiz is gone, the quiz's trigger has judged.
REFUSE_PUBLISHED_ASSESSMENT = """
CREATE FUNCTION refuse_change_of_published_assessment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    published timestamptz;
    quiz uuid;
BEGIN
    FOREACH quiz IN ARRAY CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.id]
        WHEN 'DELETE' THEN ARRAY[OLD.id]
        ELSE ARRAY[OLD.id, NEW.id] END
    LOOP
        SELECT v.published_at INTO published
        FROM quizzes q JOIN course_versions v ON v.id = q.version_id WHERE q.id = quiz FOR SHARE OF v;
        IF published IS NOT NULL THEN
            RAISE EXCEPTION 'assessment % is published and cannot change', quiz USING ERRCODE = 'LS001';
        END IF;
    END LOOP;
    RETURN COALESCE(NEW, OLD);
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "organization_settings",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("primary_color", sa.Text(), nullable=True),
        sa.Column("signatory_name", sa.Text(), nullable=True),
        sa.Column("signatory_title", sa.Text(), nullable=True),
        sa.Column("reminder_days", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("recertification_window_days", sa.Integer(), nullable=False),
        sa.Column("video_hosts", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("blind_grading", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "recertification_window_days BETWEEN 1 AND 365",
            name=op.f("ck_organization_settings_recertification_window_days"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_organization_settings_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_organization_settings")),
    )
    protect("organization_settings")
    op.create_table(
        "course_graders",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("designated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_course_graders_course_id")),
        sa.PrimaryKeyConstraint("course_id", "user_id", name=op.f("pk_course_graders")),
    )
    op.create_index("ix_course_graders_user", "course_graders", ["organization_id", "user_id"], unique=False)
    protect("course_graders")
    # Deleting rows of a draft looks for what refers to them: without an index, through all learners' rows.
    for table, column in REFERENCES_TO_CONTENT:
        op.create_index(f"ix_{table}_{column}", table, [column], unique=False)
    op.execute(REFUSE_PUBLISHED_ASSESSMENT)
    op.execute(
        "CREATE TRIGGER published_version_is_final BEFORE INSERT OR UPDATE OR DELETE ON assessments"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change_of_published_assessment()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER published_version_is_final ON assessments")
    op.execute("DROP FUNCTION refuse_change_of_published_assessment()")
    for table, column in REFERENCES_TO_CONTENT:
        op.drop_index(f"ix_{table}_{column}", table_name=table)
    op.drop_index("ix_course_graders_user", table_name="course_graders")
    op.drop_table("course_graders")
    op.drop_table("organization_settings")
