"""Where every database begins: tables, functions, triggers, roles and what they may do.

The functions are in the file of the same name beside this one, as they were then. How they are now, the files in
`migrations/functions/` say; how one is changed, `docs/operations.md`. Keys of tenant tables begin with the
organization. Of indexes that begin with it the primary key is made last: where two cost the same, as in a table with
a row or none, the planner takes the newer one, and keeps its plan until the table has statistics.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from tenancy import API, WORKER, protect

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTIONS = Path(__file__).with_suffix(".sql")
TENANT_TABLES = (
    "assessment_results",
    "assessments",
    "assignment_rules",
    "assignment_runs",
    "audit_entries",
    "certificate_organizations",
    "certificates",
    "chapter_compliance_statuses",
    "chapters",
    "compliance_requirements",
    "content_keys",
    "course_completions",
    "course_graders",
    "course_modules",
    "course_versions",
    "courses",
    "document_references",
    "documents",
    "enrollment_grants",
    "enrollment_sources",
    "enrollments",
    "erased_members",
    "event_feeds",
    "events",
    "idempotency_answers",
    "lesson_progress",
    "lessons",
    "lost_passes",
    "mail_paces",
    "mastered_skills",
    "member_skills",
    "members",
    "membership_events",
    "organization_settings",
    "outbox",
    "pending_responses",
    "questions",
    "quiz_answers",
    "quiz_attempts",
    "quiz_progress",
    "quizzes",
    "regions",
    "reminders",
    "response_grades",
    "webhook_deliveries",
    "webhook_notices",
    "webhook_subscriptions",
)
RIGHTS = {
    "audit_entries": "SELECT, INSERT",
    "certificate_organizations": "SELECT, INSERT",
    # A certificate's id is never reused and never deleted.
    "certificates": "SELECT, INSERT, UPDATE",
    "response_grades": "SELECT, INSERT",
}
"""Of tables in which the roles may not do everything."""
PROCESS_TABLES = {
    "job_halts": "SELECT, INSERT, DELETE",
    "schedules": "SELECT, INSERT, UPDATE, DELETE",
    "workers": "SELECT, INSERT, UPDATE, DELETE",
}
"""Of no organization; with what workers may do there."""
CONTENT_TABLES = (
    "course_modules",
    "document_references",
    "lessons",
    "mastered_skills",
    "questions",
    "quiz_answers",
    "quizzes",
)


def upgrade() -> None:
    _make_roles()
    _make_tables()
    _protect_tables()
    _make_functions()
    _make_triggers()


def _make_roles() -> None:
    for role in (API, WORKER):
        op.execute(
            f"""DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                    CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT;
                END IF;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"""
        )
        op.execute(f"GRANT {role} TO CURRENT_USER")
        op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")


def _protect_tables() -> None:
    protect("organizations", key="id")
    for table in TENANT_TABLES:
        protect(table, rights=RIGHTS.get(table, "SELECT, INSERT, UPDATE, DELETE"))
    op.execute(f"GRANT UPDATE (feedback_html) ON response_grades TO {API}, {WORKER}")
    for table, rights in PROCESS_TABLES.items():
        op.execute(f"GRANT {rights} ON {table} TO {WORKER}")
    op.execute(f"GRANT SELECT ON job_halts, workers TO {API}")


def _make_functions() -> None:
    for statement in re.split(r"^(?=CREATE )", FUNCTIONS.read_text(), flags=re.MULTILINE)[1:]:
        op.get_bind().exec_driver_sql(statement)
    own = "FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prorettype <> 'trigger'::regtype"
    for function in op.get_bind().scalars(sa.text(f"SELECT oid::regprocedure::text {own}")).all():
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {API}, {WORKER}")


def _make_triggers() -> None:
    before = "CREATE TRIGGER published_version_is_final BEFORE"
    for table in CONTENT_TABLES:
        op.execute(
            f"{before} INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change_of_published_version()"
        )
    op.execute(
        f"{before} INSERT OR UPDATE OR DELETE ON assessments"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change_of_published_assessment()"
    )
    op.execute(
        f"{before} UPDATE OR DELETE ON course_versions"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change_of_published_version_row()"
    )
    op.execute(
        "CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_entry()"
    )
    op.execute(
        "CREATE TRIGGER certificate_is_found AFTER INSERT ON certificates"
        " FOR EACH ROW EXECUTE FUNCTION remember_organization_of_certificate()"
    )


def _make_tables() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    )
    op.create_index(
        "ix_audit_entries_subject",
        "audit_entries",
        ["organization_id", "subject_kind", "subject_id", "id"],
        unique=False,
    )
    op.create_primary_key("pk_audit_entries", "audit_entries", ["organization_id", "id"])
    op.create_table(
        "certificate_organizations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_organizations")),
    )
    op.create_table(
        "event_feeds",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_event_feeds")),
    )
    op.create_table(
        "events",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
    )
    op.create_index(
        "ix_events_unnumbered",
        "events",
        ["organization_id", "id"],
        unique=False,
        postgresql_where=sa.text("position IS NULL"),
    )
    op.create_index(
        "uq_events_numbered",
        "events",
        ["organization_id", "position"],
        unique=True,
        postgresql_where=sa.text("position IS NOT NULL"),
    )
    op.create_primary_key("pk_events", "events", ["organization_id", "id"])
    op.create_index("ix_events_at", "events", ["at"])
    op.create_table(
        "idempotency_answers",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("packed", sa.LargeBinary(), nullable=True),
        sa.Column("authority", sa.ARRAY(sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "digest", name=op.f("pk_idempotency_answers")),
    )
    op.create_index("ix_idempotency_answers_created_at", "idempotency_answers", ["created_at"])
    op.create_table(
        "job_halts",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("halted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_job_halts")),
    )
    op.create_table(
        "organizations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("authoring_roles", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("unique_key", sa.Text(), nullable=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("status IN ('queued', 'leased', 'done', 'dead')", name=op.f("ck_outbox_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_dead", "outbox", ["finished_at"], postgresql_where=sa.text("status = 'dead'"))
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["queue", "run_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'leased')"),
    )
    op.create_index(
        "ix_outbox_finished",
        "outbox",
        ["finished_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('done', 'dead')"),
    )
    op.create_index("uq_outbox_unique_key", "outbox", ["unique_key"], unique=True)
    op.create_table(
        "schedules",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("period", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_schedules")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "compliance_requirements",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "linkable_by",
            postgresql.ARRAY(sa.TEXT()),
            server_default=sa.text("'{national_admin,regional_admin}'"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_compliance_requirements_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_compliance_requirements")),
    )
    op.create_table(
        "documents",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("hidden_slides", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("original_key", sa.Text(), nullable=False),
        sa.Column("file_key", sa.Text(), nullable=True),
        sa.Column("file_size", sa.BigInteger(), nullable=True),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("converting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'failed') = (error IS NOT NULL)", name=op.f("ck_documents_error")),
        sa.CheckConstraint("(status = 'ready') = (file_key IS NOT NULL)", name=op.f("ck_documents_file_key")),
        sa.CheckConstraint("status IN ('converting', 'ready', 'failed')", name=op.f("ck_documents_status")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_documents_organization_id")
        ),
    )
    op.create_index(
        "uq_documents_upload",
        "documents",
        ["organization_id", "uploaded_by", "sha256", "hidden_slides"],
        unique=True,
    )
    op.create_primary_key("pk_documents", "documents", ["organization_id", "id"])
    op.create_index(
        "ix_documents_converting",
        "documents",
        ["converting_since"],
        unique=False,
        postgresql_where=sa.text("status = 'converting'"),
    )
    op.create_index("ix_documents_file_key", "documents", ["file_key"])
    op.create_index("ix_documents_original_key", "documents", ["original_key"])
    op.create_index("ix_documents_touched_at", "documents", ["touched_at"])
    op.create_table(
        "erased_members",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_erased_members_organization_id")
        ),
    )
    op.create_index("ix_erased_members_user", "erased_members", ["organization_id", "user_id"])
    op.create_primary_key("pk_erased_members", "erased_members", ["organization_id", "record_id"])
    op.create_table(
        "mail_paces",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_mail_paces_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_mail_paces")),
    )
    op.create_table(
        "membership_events",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_membership_events_organization_id")
        ),
    )
    op.create_index("ix_membership_events_member", "membership_events", ["organization_id", "user_id"])
    op.create_index(
        "uq_membership_events_event",
        "membership_events",
        ["organization_id", "source", "event_id"],
        unique=True,
    )
    op.create_primary_key("pk_membership_events", "membership_events", ["organization_id", "id"])
    op.create_index(
        "ix_membership_events_parked",
        "membership_events",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("data IS NOT NULL"),
    )
    op.create_table(
        "regions",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_regions_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_regions")),
    )
    op.create_table(
        "webhook_subscriptions",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("event_types", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("previous_secret", sa.Text(), nullable=True),
        sa.Column("previous_secret_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "disabled_reason IS NULL OR disabled_at IS NOT NULL AND disabled_reason IN ('gone', 'failing')",
            name=op.f("ck_webhook_subscriptions_disabled_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_webhook_subscriptions_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_webhook_subscriptions")),
    )
    op.create_table(
        "chapters",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("region_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "region_id"],
            ["regions.organization_id", "regions.id"],
            name=op.f("fk_chapters_organization_id_region_id"),
        ),
    )
    op.create_index("ix_chapters_region", "chapters", ["organization_id", "region_id"])
    op.create_primary_key("pk_chapters", "chapters", ["organization_id", "id"])
    op.create_table(
        "courses",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("scope_id", sa.Text(), nullable=True),
        sa.Column("self_enrollment", sa.Boolean(), nullable=False),
        sa.Column("recertification_cadence", sa.Text(), nullable=True),
        sa.Column("linked_compliance_requirement", sa.Text(), nullable=True),
        sa.Column("published_version_id", sa.Uuid(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(scope = 'national') = (scope_id IS NULL)", name=op.f("ck_courses_scope_id")),
        sa.CheckConstraint("scope IN ('national', 'regional', 'chapter')", name=op.f("ck_courses_scope")),
        sa.ForeignKeyConstraint(
            ["organization_id", "linked_compliance_requirement"],
            ["compliance_requirements.organization_id", "compliance_requirements.id"],
            name=op.f("fk_courses_organization_id_linked_compliance_requirement"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "published_version_id"],
            ["course_versions.organization_id", "course_versions.id"],
            name="fk_courses_published_version_id",
            use_alter=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_courses_organization_id")
        ),
    )
    op.create_index(
        "ix_courses_requirement",
        "courses",
        ["organization_id", "linked_compliance_requirement"],
        unique=False,
        postgresql_where=sa.text("linked_compliance_requirement IS NOT NULL"),
    )
    op.create_primary_key("pk_courses", "courses", ["organization_id", "id"])
    op.create_table(
        "organization_settings",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("logo_id", sa.Uuid(), nullable=True),
        sa.Column("primary_color", sa.Text(), nullable=True),
        sa.Column("signatory_name", sa.Text(), nullable=True),
        sa.Column("signatory_title", sa.Text(), nullable=True),
        sa.Column("paper", sa.Text(), server_default="a4", nullable=False),
        sa.Column("orientation", sa.Text(), server_default="landscape", nullable=False),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("revoked_pdf", sa.Text(), server_default="mark", nullable=False),
        sa.Column("reminder_days", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("recertification_window_days", sa.Integer(), nullable=False),
        sa.Column("video_hosts", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("blind_grading", sa.Boolean(), nullable=False),
        sa.Column(
            "skills_by",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{national_admin,regional_admin}'"),
            nullable=False,
        ),
        sa.Column("active_statuses", sa.ARRAY(sa.Text()), nullable=True),
        sa.CheckConstraint(
            "orientation IN ('landscape', 'portrait')", name=op.f("ck_organization_settings_orientation")
        ),
        sa.CheckConstraint("paper IN ('a4', 'letter')", name=op.f("ck_organization_settings_paper")),
        sa.CheckConstraint(
            "revoked_pdf IN ('mark', 'refuse')", name=op.f("ck_organization_settings_revoked_pdf")
        ),
        sa.CheckConstraint(
            "recertification_window_days BETWEEN 1 AND 365",
            name=op.f("ck_organization_settings_recertification_window_days"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "logo_id"],
            ["documents.organization_id", "documents.id"],
            name="fk_organization_settings_logo",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_organization_settings_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_organization_settings")),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response_status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'delivered', 'failed')", name=op.f("ck_webhook_deliveries_status")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "subscription_id"],
            ["webhook_subscriptions.organization_id", "webhook_subscriptions.id"],
            name=op.f("fk_webhook_deliveries_organization_id_subscription_id"),
        ),
        sa.UniqueConstraint(
            "organization_id",
            "subscription_id",
            "event_id",
            name=op.f("uq_webhook_deliveries_organization_id_subscription_id_event_id"),
        ),
    )
    op.create_primary_key("pk_webhook_deliveries", "webhook_deliveries", ["organization_id", "id"])
    op.create_index("ix_webhook_deliveries_created_at", "webhook_deliveries", ["created_at"])
    op.create_index(
        "ix_webhook_deliveries_list",
        "webhook_deliveries",
        ["subscription_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_webhook_deliveries_pending",
        "webhook_deliveries",
        ["subscription_id", "next_attempt_at", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_table(
        "webhook_notices",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'sending', 'sent', 'skipped', 'refused', 'unknown')",
            name=op.f("ck_webhook_notices_status"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "subscription_id"],
            ["webhook_subscriptions.organization_id", "webhook_subscriptions.id"],
            name=op.f("fk_webhook_notices_organization_id_subscription_id"),
        ),
    )
    op.create_index(
        "uq_webhook_notices_claim",
        "webhook_notices",
        ["organization_id", "subscription_id", "disabled_at", "user_id"],
        unique=True,
    )
    op.create_primary_key("pk_webhook_notices", "webhook_notices", ["organization_id", "id"])
    op.create_table(
        "assignment_rules",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("audience_filter", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("due_in_days", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("scheduled_on", sa.Date(), nullable=True),
        sa.Column("fired_on", sa.Date(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("reach", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("edited_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(trigger = 'scheduled_date') = (scheduled_on IS NOT NULL)",
            name=op.f("ck_assignment_rules_scheduled_on"),
        ),
        sa.CheckConstraint(
            "trigger IN ('membership_status_change', 'scheduled_date', 'manual')",
            name=op.f("ck_assignment_rules_trigger"),
        ),
        sa.CheckConstraint("due_in_days BETWEEN 1 AND 3650", name=op.f("ck_assignment_rules_due_in_days")),
        sa.CheckConstraint("due_in_days IS NULL OR due_on IS NULL", name=op.f("ck_assignment_rules_due")),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["courses.organization_id", "courses.id"],
            name=op.f("fk_assignment_rules_organization_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_assignment_rules_organization_id")
        ),
    )
    op.create_index(
        "ix_assignment_rules_organization",
        "assignment_rules",
        ["organization_id", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_primary_key("pk_assignment_rules", "assignment_rules", ["organization_id", "id"])
    op.create_index(
        "ix_assignment_rules_scheduled",
        "assignment_rules",
        ["scheduled_on"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL AND active AND scheduled_on IS NOT NULL"),
    )
    op.create_table(
        "content_keys",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["courses.organization_id", "courses.id"],
            name=op.f("fk_content_keys_organization_id_course_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "course_id", "key", name=op.f("pk_content_keys")),
    )
    op.create_table(
        "course_graders",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("designated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["courses.organization_id", "courses.id"],
            name=op.f("fk_course_graders_organization_id_course_id"),
        ),
    )
    op.create_index("ix_course_graders_user", "course_graders", ["organization_id", "user_id"])
    op.create_primary_key("pk_course_graders", "course_graders", ["organization_id", "course_id", "user_id"])
    op.create_table(
        "course_versions",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description_html", sa.Text(), nullable=False),
        sa.Column("pass_score", sa.Numeric(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "pass_score >= 0 AND pass_score <= 100", name=op.f("ck_course_versions_pass_score")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["courses.organization_id", "courses.id"],
            name=op.f("fk_course_versions_organization_id_course_id"),
        ),
        sa.UniqueConstraint(
            "organization_id",
            "course_id",
            "number",
            name=op.f("uq_course_versions_organization_id_course_id_number"),
        ),
    )
    op.create_index(
        "uq_course_versions_draft",
        "course_versions",
        ["organization_id", "course_id"],
        unique=True,
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_primary_key("pk_course_versions", "course_versions", ["organization_id", "id"])
    op.create_table(
        "members",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("chapter_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("custom_fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("offices", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clocks", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "chapter_id"],
            ["chapters.organization_id", "chapters.id"],
            name=op.f("fk_members_organization_id_chapter_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_members_organization_id")
        ),
    )
    op.create_index("ix_members_chapter", "members", ["organization_id", "chapter_id", "user_id"])
    op.create_index(
        "ix_members_national_admins",
        "members",
        ["organization_id", "user_id"],
        unique=False,
        postgresql_where=sa.text('offices @> \'[{"role": "national_admin"}]\'::jsonb'),
    )
    op.create_primary_key("pk_members", "members", ["organization_id", "user_id"])
    op.create_table(
        "assignment_runs",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=True),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("audience_filter", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reach", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("matches", sa.Integer(), nullable=False),
        sa.Column("assigned", sa.Integer(), nullable=False),
        sa.Column("already_enrolled", sa.Integer(), nullable=False),
        sa.Column("undone", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('running', 'done', 'stopped', 'undoing', 'undone')",
            name=op.f("ck_assignment_runs_status"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["courses.organization_id", "courses.id"],
            name=op.f("fk_assignment_runs_organization_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "rule_id"],
            ["assignment_rules.organization_id", "assignment_rules.id"],
            name=op.f("fk_assignment_runs_organization_id_rule_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_assignment_runs_organization_id")
        ),
    )
    op.create_index("ix_assignment_runs_rule", "assignment_runs", ["organization_id", "rule_id", "id"])
    op.create_primary_key("pk_assignment_runs", "assignment_runs", ["organization_id", "id"])
    op.create_table(
        "course_modules",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["course_versions.organization_id", "course_versions.id"],
            name=op.f("fk_course_modules_organization_id_version_id"),
        ),
        sa.UniqueConstraint(
            "organization_id",
            "version_id",
            "key",
            name=op.f("uq_course_modules_organization_id_version_id_key"),
        ),
    )
    op.create_primary_key("pk_course_modules", "course_modules", ["organization_id", "id"])
    op.create_table(
        "document_references",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "document_id"],
            ["documents.organization_id", "documents.id"],
            name="fk_document_references_document",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["course_versions.organization_id", "course_versions.id"],
            name=op.f("fk_document_references_organization_id_version_id"),
        ),
    )
    op.create_index(
        "ix_document_references_document",
        "document_references",
        ["organization_id", "document_id"],
        unique=False,
    )
    op.create_primary_key(
        "pk_document_references", "document_references", ["organization_id", "version_id", "document_id"]
    )
    op.create_table(
        "enrollments",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_because", sa.Text(), nullable=True),
        sa.Column("extra_time_seconds", sa.Integer(), server_default="0", nullable=False),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("awaiting_review", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("cause_kind", sa.Text(), nullable=False),
        sa.Column("cause_id", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(status = 'withdrawn') = (withdrawn_at IS NOT NULL AND withdrawn_because IS NOT NULL)",
            name=op.f("ck_enrollments_withdrawn"),
        ),
        sa.CheckConstraint(
            "source IN ('self', 'admin', 'rule', 'recertification')", name=op.f("ck_enrollments_source")
        ),
        sa.CheckConstraint(
            "status IN ('assigned', 'in_progress', 'completed', 'failed', 'withdrawn')",
            name=op.f("ck_enrollments_status"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["courses.organization_id", "courses.id"],
            name=op.f("fk_enrollments_organization_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["members.organization_id", "members.user_id"],
            name=op.f("fk_enrollments_organization_id_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["course_versions.organization_id", "course_versions.id"],
            name=op.f("fk_enrollments_organization_id_version_id"),
        ),
    )
    op.create_index("ix_enrollments_course", "enrollments", ["organization_id", "course_id", "id"])
    op.create_index(
        "uq_enrollments_open",
        "enrollments",
        ["organization_id", "user_id", "course_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('assigned', 'in_progress')"),
    )
    op.create_primary_key("pk_enrollments", "enrollments", ["organization_id", "id"])
    op.create_index(
        "ix_enrollments_due",
        "enrollments",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('assigned', 'in_progress') AND due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_enrollments_member",
        "enrollments",
        ["organization_id", "user_id", "course_id", "id"],
        unique=False,
    )
    op.create_table(
        "mastered_skills",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("skill_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["course_versions.organization_id", "course_versions.id"],
            name=op.f("fk_mastered_skills_organization_id_version_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "version_id", "skill_id", name=op.f("pk_mastered_skills")),
    )
    op.create_table(
        "course_completions",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("requirement_id", sa.Text(), nullable=True),
        sa.Column("score", sa.Numeric(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("renewal_opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("score >= 0 AND score <= 100", name=op.f("ck_course_completions_score")),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["courses.organization_id", "courses.id"],
            name=op.f("fk_course_completions_organization_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "enrollment_id"],
            ["enrollments.organization_id", "enrollments.id"],
            name=op.f("fk_course_completions_organization_id_enrollment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["course_versions.organization_id", "course_versions.id"],
            name=op.f("fk_course_completions_organization_id_version_id"),
        ),
        sa.UniqueConstraint(
            "organization_id",
            "enrollment_id",
            name=op.f("uq_course_completions_organization_id_enrollment_id"),
        ),
    )
    op.create_index(
        "ix_course_completions_requirement",
        "course_completions",
        ["organization_id", "user_id", "requirement_id"],
        unique=False,
        postgresql_where=sa.text("requirement_id IS NOT NULL"),
    )
    op.create_primary_key("pk_course_completions", "course_completions", ["organization_id", "id"])
    op.create_index(
        "ix_course_completions_member",
        "course_completions",
        ["organization_id", "user_id", "course_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_course_completions_renewal",
        "course_completions",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text(
            "expires_at IS NOT NULL AND voided_at IS NULL AND renewal_opened_at IS NULL"
        ),
    )
    op.create_table(
        "enrollment_sources",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("cause_kind", sa.Text(), nullable=False),
        sa.Column("cause_id", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source IN ('admin', 'rule')", name=op.f("ck_enrollment_sources_source")),
        sa.ForeignKeyConstraint(
            ["organization_id", "enrollment_id"],
            ["enrollments.organization_id", "enrollments.id"],
            name=op.f("fk_enrollment_sources_organization_id_enrollment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "enrollment_id", "id", name=op.f("pk_enrollment_sources")),
    )
    op.create_table(
        "lessons",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("module_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("video_url", sa.Text(), nullable=True),
        sa.Column("document_url", sa.Text(), nullable=True),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "module_id"],
            ["course_modules.organization_id", "course_modules.id"],
            name=op.f("fk_lessons_organization_id_module_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["course_versions.organization_id", "course_versions.id"],
            name=op.f("fk_lessons_organization_id_version_id"),
        ),
        sa.UniqueConstraint(
            "organization_id", "version_id", "key", name=op.f("uq_lessons_organization_id_version_id_key")
        ),
    )
    op.create_primary_key("pk_lessons", "lessons", ["organization_id", "id"])
    op.create_index("ix_lessons_module_id", "lessons", ["module_id"])
    op.create_table(
        "quizzes",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("module_id", sa.Uuid(), nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("pass_score", sa.Numeric(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=True),
        sa.Column("time_limit_seconds", sa.Integer(), nullable=True),
        sa.Column("shuffle", sa.Boolean(), nullable=False),
        sa.Column("feedback", sa.Text(), nullable=False),
        sa.CheckConstraint("(kind = 'quiz') = (module_id IS NOT NULL)", name=op.f("ck_quizzes_module_id")),
        sa.CheckConstraint("pass_score >= 0 AND pass_score <= 100", name=op.f("ck_quizzes_pass_score")),
        sa.ForeignKeyConstraint(
            ["organization_id", "module_id"],
            ["course_modules.organization_id", "course_modules.id"],
            name=op.f("fk_quizzes_organization_id_module_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["course_versions.organization_id", "course_versions.id"],
            name=op.f("fk_quizzes_organization_id_version_id"),
        ),
        sa.UniqueConstraint(
            "organization_id", "version_id", "key", name=op.f("uq_quizzes_organization_id_version_id_key")
        ),
    )
    op.create_index(
        "uq_quizzes_assessment",
        "quizzes",
        ["organization_id", "version_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'assessment'"),
    )
    op.create_primary_key("pk_quizzes", "quizzes", ["organization_id", "id"])
    op.create_index("ix_quizzes_module_id", "quizzes", ["module_id"])
    op.create_table(
        "reminders",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("days_before", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'assigned') = (due_at IS NULL)", name=op.f("ck_reminders_due_at")),
        sa.CheckConstraint("(kind = 'due') = (days_before > 0)", name=op.f("ck_reminders_days_before")),
        sa.CheckConstraint("kind IN ('assigned', 'due', 'overdue')", name=op.f("ck_reminders_kind")),
        sa.CheckConstraint(
            "status IN ('pending', 'sending', 'sent', 'skipped', 'refused', 'unknown', 'told')",
            name=op.f("ck_reminders_status"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "enrollment_id"],
            ["enrollments.organization_id", "enrollments.id"],
            name=op.f("fk_reminders_organization_id_enrollment_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "uq_reminders_claim",
        "reminders",
        ["organization_id", "enrollment_id", "due_at", "days_before"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_primary_key("pk_reminders", "reminders", ["organization_id", "id"])
    op.create_table(
        "assessments",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "id"],
            ["quizzes.organization_id", "quizzes.id"],
            name=op.f("fk_assessments_organization_id_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_assessments")),
    )
    op.create_table(
        "certificates",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("completion_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_name", sa.Text(), nullable=True),
        sa.Column("course_title", sa.Text(), nullable=False),
        sa.Column("issuer_name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reissued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verification_url", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("paper", sa.Text(), nullable=False),
        sa.Column("orientation", sa.Text(), nullable=False),
        sa.Column("primary_color", sa.Text(), nullable=True),
        sa.Column("signatory_name", sa.Text(), nullable=True),
        sa.Column("signatory_title", sa.Text(), nullable=True),
        sa.Column("logo_key", sa.Text(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revocation_reason", sa.Text(), nullable=True),
        sa.Column("reissue_reason", sa.Text(), nullable=True),
        sa.Column("reissued_as", sa.Uuid(), nullable=True),
        sa.Column("renewed_by", sa.Uuid(), nullable=True),
        sa.Column("pdf_sha256", sa.Text(), nullable=True),
        sa.Column("pdf_ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pdf_erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pdf_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pdf_drift", sa.Text(), nullable=True),
        sa.Column("marked_sha256", sa.Text(), nullable=True),
        sa.Column("marked_as", sa.Text(), nullable=True),
        sa.CheckConstraint("marked_as IN ('revoked', 'superseded')", name=op.f("ck_certificates_marked_as")),
        sa.CheckConstraint(
            "orientation IN ('landscape', 'portrait')", name=op.f("ck_certificates_orientation")
        ),
        sa.CheckConstraint("paper IN ('a4', 'letter')", name=op.f("ck_certificates_paper")),
        sa.CheckConstraint("pdf_drift IN ('missing', 'changed')", name=op.f("ck_certificates_pdf_drift")),
        sa.ForeignKeyConstraint(
            ["organization_id", "completion_id"],
            ["course_completions.organization_id", "course_completions.id"],
            name=op.f("fk_certificates_organization_id_completion_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["courses.organization_id", "courses.id"],
            name=op.f("fk_certificates_organization_id_course_id"),
        ),
    )
    op.create_index("ix_certificates_course", "certificates", ["organization_id", "course_id", "id"])
    op.create_index("ix_certificates_issued", "certificates", ["organization_id", "issued_at", "id"])
    op.create_index("ix_certificates_member", "certificates", ["organization_id", "user_id", "id"])
    op.create_index(
        "uq_certificates_current",
        "certificates",
        ["organization_id", "completion_id"],
        unique=True,
        postgresql_where=sa.text("reissued_as IS NULL"),
    )
    op.create_primary_key("pk_certificates", "certificates", ["organization_id", "id"])
    op.create_foreign_key(
        "fk_certificates_organization_id_reissued_as",
        "certificates",
        "certificates",
        ["organization_id", "reissued_as"],
        ["organization_id", "id"],
        initially="DEFERRED",
        deferrable=True,
    )
    op.create_foreign_key(
        "fk_certificates_organization_id_renewed_by",
        "certificates",
        "certificates",
        ["organization_id", "renewed_by"],
        ["organization_id", "id"],
    )
    op.create_index(
        "ix_certificates_checked",
        "certificates",
        ["pdf_checked_at", "id"],
        unique=False,
        postgresql_where=sa.text("pdf_sha256 IS NOT NULL AND pdf_erased_at IS NULL"),
    )
    op.create_index(
        "ix_certificates_logo_key",
        "certificates",
        ["logo_key"],
        unique=False,
        postgresql_where=sa.text("logo_key IS NOT NULL"),
    )
    op.create_index(
        "ix_certificates_marked_sha256",
        "certificates",
        ["marked_sha256"],
        unique=False,
        postgresql_where=sa.text("marked_sha256 IS NOT NULL"),
    )
    op.create_index(
        "ix_certificates_pdf_sha256",
        "certificates",
        ["pdf_sha256"],
        unique=False,
        postgresql_where=sa.text("pdf_sha256 IS NOT NULL"),
    )
    op.create_index("ix_certificates_renewed_by", "certificates", ["renewed_by"])
    op.create_table(
        "chapter_compliance_statuses",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("requirement_id", sa.Text(), nullable=False),
        sa.Column("completion_id", sa.Uuid(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("announced_expiry", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "completion_id"],
            ["course_completions.organization_id", "course_completions.id"],
            name=op.f("fk_chapter_compliance_statuses_organization_id_completion_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "requirement_id"],
            ["compliance_requirements.organization_id", "compliance_requirements.id"],
            name=op.f("fk_chapter_compliance_statuses_organization_id_requirement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["members.organization_id", "members.user_id"],
            name=op.f("fk_chapter_compliance_statuses_organization_id_user_id"),
        ),
    )
    op.create_index(
        "ix_chapter_compliance_statuses_requirement",
        "chapter_compliance_statuses",
        ["organization_id", "requirement_id", "user_id"],
        unique=False,
    )
    op.create_primary_key(
        "pk_chapter_compliance_statuses",
        "chapter_compliance_statuses",
        ["organization_id", "user_id", "requirement_id"],
    )
    op.create_index(
        "ix_chapter_compliance_statuses_expiry",
        "chapter_compliance_statuses",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("expires_at IS NOT NULL AND announced_expiry IS DISTINCT FROM expires_at"),
    )
    op.create_table(
        "enrollment_grants",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("quiz_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'attempts') = (quiz_id IS NOT NULL)", name=op.f("ck_enrollment_grants_quiz_id")
        ),
        sa.CheckConstraint(
            "kind IN ('attempts', 'extra_time', 'due_at', 'withdrawal')",
            name=op.f("ck_enrollment_grants_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "enrollment_id"],
            ["enrollments.organization_id", "enrollments.id"],
            name=op.f("fk_enrollment_grants_organization_id_enrollment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "quiz_id"],
            ["quizzes.organization_id", "quizzes.id"],
            name=op.f("fk_enrollment_grants_organization_id_quiz_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "enrollment_id", "id", name=op.f("pk_enrollment_grants")),
    )
    op.create_table(
        "lesson_progress",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "enrollment_id"],
            ["enrollments.organization_id", "enrollments.id"],
            name=op.f("fk_lesson_progress_organization_id_enrollment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "lesson_id"],
            ["lessons.organization_id", "lessons.id"],
            name=op.f("fk_lesson_progress_organization_id_lesson_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "enrollment_id", "lesson_id", name=op.f("pk_lesson_progress")
        ),
    )
    op.create_index("ix_lesson_progress_lesson_id", "lesson_progress", ["lesson_id"])
    op.create_table(
        "member_skills",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("skill_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("acquired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("completion_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "completion_id"],
            ["course_completions.organization_id", "course_completions.id"],
            name=op.f("fk_member_skills_organization_id_completion_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["courses.organization_id", "courses.id"],
            name=op.f("fk_member_skills_organization_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["members.organization_id", "members.user_id"],
            name=op.f("fk_member_skills_organization_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "user_id", "skill_id", name=op.f("pk_member_skills")),
    )
    op.create_table(
        "questions",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("quiz_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("prompt_html", sa.Text(), nullable=False),
        sa.Column("points", sa.Numeric(), nullable=False),
        sa.Column("explanation_html", sa.Text(), nullable=True),
        sa.Column("correct", sa.Boolean(), nullable=True),
        sa.Column("scoring", sa.Text(), nullable=True),
        sa.Column(
            "accepted_answers", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("case_sensitive", sa.Boolean(), nullable=True),
        sa.Column("review", sa.Text(), nullable=True),
        sa.Column("rubric_html", sa.Text(), nullable=True),
        sa.CheckConstraint("points >= 0 AND points <= 1000000", name=op.f("ck_questions_points")),
        sa.ForeignKeyConstraint(
            ["organization_id", "quiz_id"],
            ["quizzes.organization_id", "quizzes.id"],
            name=op.f("fk_questions_organization_id_quiz_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["course_versions.organization_id", "course_versions.id"],
            name=op.f("fk_questions_organization_id_version_id"),
        ),
        sa.UniqueConstraint(
            "organization_id", "version_id", "key", name=op.f("uq_questions_organization_id_version_id_key")
        ),
    )
    op.create_primary_key("pk_questions", "questions", ["organization_id", "id"])
    op.create_index("ix_questions_quiz_id", "questions", ["quiz_id"])
    op.create_table(
        "quiz_attempts",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("quiz_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("layout", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("responses", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("marks", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("max_points", sa.Numeric(), nullable=False),
        sa.Column("points", sa.Numeric(), nullable=True),
        sa.Column("pending_points", sa.Numeric(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("closed_with", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('in_progress', 'pending_review', 'graded')", name=op.f("ck_quiz_attempts_status")
        ),
        sa.CheckConstraint(
            "max_points > 0 AND max_points <= 1000000000", name=op.f("ck_quiz_attempts_max_points")
        ),
        sa.CheckConstraint(
            "pending_points >= 0 AND pending_points <= max_points",
            name=op.f("ck_quiz_attempts_pending_points"),
        ),
        sa.CheckConstraint(
            "points >= 0 AND points + pending_points <= max_points", name=op.f("ck_quiz_attempts_points")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "enrollment_id"],
            ["enrollments.organization_id", "enrollments.id"],
            name=op.f("fk_quiz_attempts_organization_id_enrollment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "quiz_id"],
            ["quizzes.organization_id", "quizzes.id"],
            name=op.f("fk_quiz_attempts_organization_id_quiz_id"),
        ),
        sa.UniqueConstraint(
            "organization_id",
            "enrollment_id",
            "quiz_id",
            "number",
            name=op.f("uq_quiz_attempts_organization_id_enrollment_id_quiz_id_number"),
        ),
    )
    op.create_index(
        "uq_quiz_attempts_open",
        "quiz_attempts",
        ["organization_id", "enrollment_id", "quiz_id"],
        unique=True,
        postgresql_where=sa.text("status = 'in_progress'"),
    )
    op.create_primary_key("pk_quiz_attempts", "quiz_attempts", ["organization_id", "id"])
    op.create_index(
        "ix_quiz_attempts_closed_with",
        "quiz_attempts",
        ["quiz_id", "enrollment_id", "closed_with"],
        unique=False,
    )
    op.create_index(
        "ix_quiz_attempts_deadline",
        "quiz_attempts",
        ["deadline_at"],
        unique=False,
        postgresql_where=sa.text("status = 'in_progress'"),
    )
    op.create_table(
        "quiz_progress",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("quiz_id", sa.Uuid(), nullable=False),
        sa.Column("attempts_used", sa.Integer(), nullable=False),
        sa.Column("attempts_allowed", sa.Integer(), nullable=True),
        sa.Column("best_points", sa.Numeric(), nullable=True),
        sa.Column("possible_points", sa.Numeric(), nullable=True),
        sa.Column("max_points", sa.Numeric(), nullable=True),
        sa.Column("held_points", sa.Numeric(), nullable=True),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "attempts_used >= 0 AND attempts_used <= attempts_allowed",
            name=op.f("ck_quiz_progress_attempts_used"),
        ),
        sa.CheckConstraint(
            "best_points >= 0 AND best_points <= possible_points", name=op.f("ck_quiz_progress_best_points")
        ),
        sa.CheckConstraint(
            "held_points >= 0 AND held_points <= best_points", name=op.f("ck_quiz_progress_held_points")
        ),
        sa.CheckConstraint(
            "possible_points <= max_points AND max_points <= 1000000000",
            name=op.f("ck_quiz_progress_possible_points"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "enrollment_id"],
            ["enrollments.organization_id", "enrollments.id"],
            name=op.f("fk_quiz_progress_organization_id_enrollment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "quiz_id"],
            ["quizzes.organization_id", "quizzes.id"],
            name=op.f("fk_quiz_progress_organization_id_quiz_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "enrollment_id", "quiz_id", name=op.f("pk_quiz_progress")),
    )
    op.create_index("ix_quiz_progress_quiz_id", "quiz_progress", ["quiz_id"])
    op.create_table(
        "assessment_results",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("points", sa.Numeric(), nullable=False),
        sa.Column("max_points", sa.Numeric(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "max_points > 0 AND max_points <= 1000000000", name=op.f("ck_assessment_results_max_points")
        ),
        sa.CheckConstraint("points >= 0 AND points <= max_points", name=op.f("ck_assessment_results_points")),
        sa.ForeignKeyConstraint(
            ["organization_id", "assessment_id"],
            ["assessments.organization_id", "assessments.id"],
            name=op.f("fk_assessment_results_organization_id_assessment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "attempt_id"],
            ["quiz_attempts.organization_id", "quiz_attempts.id"],
            name=op.f("fk_assessment_results_organization_id_attempt_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "enrollment_id"],
            ["enrollments.organization_id", "enrollments.id"],
            name=op.f("fk_assessment_results_organization_id_enrollment_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "attempt_id", name=op.f("pk_assessment_results")),
    )
    op.create_index("ix_assessment_results_assessment_id", "assessment_results", ["assessment_id"])
    op.create_index("ix_assessment_results_enrollment_id", "assessment_results", ["enrollment_id"])
    op.create_table(
        "pending_responses",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("max_points", sa.Numeric(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("points", sa.Numeric(), nullable=True),
        sa.Column("feedback_html", sa.Text(), nullable=True),
        sa.Column("graded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("graded_by", sa.Text(), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("points >= 0 AND points <= max_points", name=op.f("ck_pending_responses_points")),
        sa.ForeignKeyConstraint(
            ["organization_id", "attempt_id"],
            ["quiz_attempts.organization_id", "quiz_attempts.id"],
            name=op.f("fk_pending_responses_organization_id_attempt_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["courses.organization_id", "courses.id"],
            name=op.f("fk_pending_responses_organization_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "question_id"],
            ["questions.organization_id", "questions.id"],
            name=op.f("fk_pending_responses_organization_id_question_id"),
        ),
        sa.UniqueConstraint(
            "organization_id",
            "attempt_id",
            "question_id",
            name=op.f("uq_pending_responses_organization_id_attempt_id_question_id"),
        ),
    )
    op.create_index(
        "ix_pending_responses_queue",
        "pending_responses",
        ["organization_id", "submitted_at", "id"],
        unique=False,
        postgresql_where=sa.text("graded_at IS NULL"),
    )
    op.create_primary_key("pk_pending_responses", "pending_responses", ["organization_id", "id"])
    op.create_index("ix_pending_responses_question_id", "pending_responses", ["question_id"])
    op.create_table(
        "quiz_answers",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_correct", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "question_id"],
            ["questions.organization_id", "questions.id"],
            name=op.f("fk_quiz_answers_organization_id_question_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["course_versions.organization_id", "course_versions.id"],
            name=op.f("fk_quiz_answers_organization_id_version_id"),
        ),
        sa.UniqueConstraint(
            "organization_id",
            "version_id",
            "key",
            name=op.f("uq_quiz_answers_organization_id_version_id_key"),
        ),
    )
    op.create_primary_key("pk_quiz_answers", "quiz_answers", ["organization_id", "id"])
    op.create_index("ix_quiz_answers_question_id", "quiz_answers", ["question_id"])
    op.create_table(
        "lost_passes",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("completion_id", sa.Uuid(), nullable=True),
        sa.Column("quiz_id", sa.Uuid(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("corrected_by", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("decision IN ('keep', 'revoke')", name=op.f("ck_lost_passes_decision")),
        sa.ForeignKeyConstraint(
            ["organization_id", "completion_id"],
            ["course_completions.organization_id", "course_completions.id"],
            name=op.f("fk_lost_passes_organization_id_completion_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["courses.organization_id", "courses.id"],
            name=op.f("fk_lost_passes_organization_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "enrollment_id"],
            ["enrollments.organization_id", "enrollments.id"],
            name=op.f("fk_lost_passes_organization_id_enrollment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "quiz_id"],
            ["quizzes.organization_id", "quizzes.id"],
            name=op.f("fk_lost_passes_organization_id_quiz_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "response_id"],
            ["pending_responses.organization_id", "pending_responses.id"],
            name=op.f("fk_lost_passes_organization_id_response_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_lost_passes_list",
        "lost_passes",
        ["organization_id", "id"],
        unique=False,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_index(
        "uq_lost_passes_open",
        "lost_passes",
        ["organization_id", "enrollment_id", "quiz_id"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_primary_key("pk_lost_passes", "lost_passes", ["organization_id", "id"])
    op.create_table(
        "response_grades",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("response_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.Numeric(), nullable=False),
        sa.Column("feedback_html", sa.Text(), nullable=True),
        sa.Column("graded_by", sa.Text(), nullable=False),
        sa.Column("graded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_correction", sa.Boolean(), nullable=False),
        sa.CheckConstraint("points >= 0 AND points <= 1000000", name=op.f("ck_response_grades_points")),
        sa.ForeignKeyConstraint(
            ["organization_id", "response_id"],
            ["pending_responses.organization_id", "pending_responses.id"],
            name=op.f("fk_response_grades_organization_id_response_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "response_id", "id", name=op.f("pk_response_grades")),
    )

    op.create_foreign_key(
        "fk_courses_published_version_id",
        "courses",
        "course_versions",
        ["organization_id", "published_version_id"],
        ["organization_id", "id"],
    )


def downgrade() -> None:
    for table in ("organizations", *TENANT_TABLES, *PROCESS_TABLES):
        op.execute(f"DROP TABLE {table} CASCADE")
    for function in re.findall(r"^CREATE OR REPLACE FUNCTION (\w+)", FUNCTIONS.read_text(), re.MULTILINE):
        op.execute(f"DROP FUNCTION {function}")
