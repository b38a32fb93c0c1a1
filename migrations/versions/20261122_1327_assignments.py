"""Assignment rules, runs, reminders."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from tenancy import protect

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

JSONB = postgresql.JSONB(astext_type=sa.Text())
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _rules()
    _runs()
    _reminders()
    op.add_column("enrollments", sa.Column("rule_id", sa.Uuid(), nullable=True))
    op.add_column("enrollments", sa.Column("run_id", sa.Uuid(), nullable=True))
    op.drop_index("ix_enrollments_member", table_name="enrollments")
    op.create_index("ix_enrollments_member", "enrollments", ["organization_id", "user_id", "course_id", "id"])
    op.create_index(
        "ix_enrollments_due",
        "enrollments",
        ["due_at"],
        postgresql_where=sa.text("status IN ('assigned', 'in_progress') AND due_at IS NOT NULL"),
    )
    op.add_column("course_completions", sa.Column("renewal_opened_at", TIME, nullable=True))
    op.create_index(
        "ix_course_completions_renewal",
        "course_completions",
        ["expires_at"],
        postgresql_where=sa.text(
            "expires_at IS NOT NULL AND voided_at IS NULL AND renewal_opened_at IS NULL"
        ),
    )
    op.add_column("chapter_compliance_statuses", sa.Column("announced_expiry", TIME, nullable=True))
    op.create_index(
        "ix_chapter_compliance_statuses_expiry",
        "chapter_compliance_statuses",
        ["expires_at"],
        postgresql_where=sa.text("expires_at IS NOT NULL AND announced_expiry IS DISTINCT FROM expires_at"),
    )
    for table in ("assignment_rules", "assignment_runs", "reminders", "mail_paces"):
        protect(table)


def _rules() -> None:
    op.create_table(
        "assignment_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("audience_filter", JSONB, nullable=False),
        sa.Column("due_in_days", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("scheduled_on", sa.Date(), nullable=True),
        sa.Column("fired_on", sa.Date(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("reach", JSONB, nullable=False),
        sa.Column("edited_by", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.CheckConstraint(
            "trigger IN ('membership_status_change', 'scheduled_date', 'manual')",
            name=op.f("ck_assignment_rules_trigger"),
        ),
        sa.CheckConstraint("due_in_days BETWEEN 1 AND 3650", name=op.f("ck_assignment_rules_due_in_days")),
        sa.CheckConstraint("due_in_days IS NULL OR due_on IS NULL", name=op.f("ck_assignment_rules_due")),
        sa.CheckConstraint(
            "(trigger = 'scheduled_date') = (scheduled_on IS NOT NULL)",
            name=op.f("ck_assignment_rules_scheduled_on"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_assignment_rules_organization_id")
        ),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_assignment_rules_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment_rules")),
    )
    op.create_index(
        "ix_assignment_rules_organization",
        "assignment_rules",
        ["organization_id", "id"],
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_assignment_rules_scheduled",
        "assignment_rules",
        ["scheduled_on"],
        postgresql_where=sa.text("deleted_at IS NULL AND active AND scheduled_on IS NOT NULL"),
    )


def _runs() -> None:
    op.create_table(
        "assignment_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=True),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("audience_filter", JSONB, nullable=False),
        sa.Column("reach", JSONB, nullable=False),
        sa.Column("due_at", TIME, nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("matches", sa.Integer(), nullable=False),
        sa.Column("assigned", sa.Integer(), nullable=False),
        sa.Column("already_enrolled", sa.Integer(), nullable=False),
        sa.Column("undone", sa.Integer(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("finished_at", TIME, nullable=True),
        sa.CheckConstraint(
            "status IN ('running', 'done', 'stopped', 'undoing', 'undone')",
            name=op.f("ck_assignment_runs_status"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_assignment_runs_organization_id")
        ),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_assignment_runs_course_id")),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["assignment_rules.id"], name=op.f("fk_assignment_runs_rule_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment_runs")),
    )
    op.create_index("ix_assignment_runs_rule", "assignment_runs", ["organization_id", "rule_id", "id"])


def _reminders() -> None:
    op.create_table(
        "reminders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("days_before", sa.Integer(), nullable=False),
        sa.Column("due_at", TIME, nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("claimed_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.CheckConstraint("kind IN ('assigned', 'due')", name=op.f("ck_reminders_kind")),
        sa.CheckConstraint("(kind = 'due') = (days_before > 0)", name=op.f("ck_reminders_days_before")),
        sa.CheckConstraint("(kind = 'due') = (due_at IS NOT NULL)", name=op.f("ck_reminders_due_at")),
        sa.CheckConstraint(
            "status IN ('pending', 'sending', 'sent', 'skipped', 'refused', 'unknown')",
            name=op.f("ck_reminders_status"),
        ),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollments.id"], name=op.f("fk_reminders_enrollment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
    )
    op.create_index(
        "uq_reminders_claim",
        "reminders",
        ["enrollment_id", "due_at", "days_before"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "mail_paces",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("planned_until", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_mail_paces_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_mail_paces")),
    )


def downgrade() -> None:
    for table in ("mail_paces", "reminders", "assignment_runs", "assignment_rules"):
        op.drop_table(table)
    op.drop_column("chapter_compliance_statuses", "announced_expiry")
    op.drop_column("course_completions", "renewal_opened_at")
    op.drop_index("ix_enrollments_due", table_name="enrollments")
    op.drop_index("ix_enrollments_member", table_name="enrollments")
    op.create_index("ix_enrollments_member", "enrollments", ["organization_id", "user_id", "id"])
    op.drop_column("enrollments", "run_id")
    op.drop_column("enrollments", "rule_id")
