"""Foundation: directory, courses, learning, certificates, jobs; the roles and what they may see."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from tenancy import API, WORKER, protect

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


TENANT_TABLES = (
    "assessment_results",
    "assessments",
    "audit_entries",
    "certificates",
    "chapter_compliance_statuses",
    "chapters",
    "compliance_requirements",
    "content_keys",
    "course_completions",
    "course_modules",
    "course_versions",
    "courses",
    "enrollments",
    "events",
    "lesson_progress",
    "lessons",
    "mastered_skills",
    "member_skills",
    "members",
    "outbox",
    "pending_responses",
    "questions",
    "quiz_answers",
    "quiz_attempts",
    "quiz_progress",
    "quizzes",
    "regions",
)
CONTENT_TABLES = (
    "mastered_skills",
    "course_modules",
    "lessons",
    "quizzes",
    "questions",
    "quiz_answers",
)
APPEND_ONLY = ("audit_entries",)

# The version row is read FOR SHARE: an edit in flight then waits for, or is refused by, a publish in flight.
# A missing version is let through: its rows go with it. See decision 6.
REFUSE_PUBLISHED = """
CREATE FUNCTION refuse_change_of_published_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    published timestamptz;
    version uuid;
BEGIN
    FOREACH version IN ARRAY CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.version_id]
        WHEN 'DELETE' THEN ARRAY[OLD.version_id]
        ELSE ARRAY[OLD.version_id, NEW.version_id] END
    LOOP
        SELECT published_at INTO published FROM course_versions WHERE id = version FOR SHARE;
        IF published IS NOT NULL THEN
            RAISE EXCEPTION 'version % is published and cannot change', version USING ERRCODE = 'LS001';
        END IF;
    END LOOP;
    RETURN COALESCE(NEW, OLD);
END $$
"""
REFUSE_PUBLISHED_VERSION = """
CREATE FUNCTION refuse_change_of_published_version_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL THEN
        RAISE EXCEPTION 'version % is published and cannot change', OLD.id USING ERRCODE = 'LS001';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$
"""
REFUSE_AUDIT_CHANGE = """
CREATE FUNCTION refuse_change_of_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'LS002';
END $$
"""
# Anyone may verify, whatever organization issued it: the one read without an organization. It returns
# what the page shows and nothing else.
VERIFY = """
CREATE FUNCTION verify_certificates(ids uuid[]) RETURNS TABLE (
    id uuid, recipient_name text, course_title text, issuer_name text, issued_at timestamptz,
    expires_at timestamptz, revoked_at timestamptz, reissued_as uuid, renewed_by uuid, timezone text
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT c.id, c.recipient_name, c.course_title, c.issuer_name, c.issued_at,
           c.expires_at, c.revoked_at, c.reissued_as, c.renewed_by, c.timezone
    FROM public.certificates c WHERE c.id = ANY (ids)
$$
"""


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
        rights = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        protect(table, rights=rights)
    # A certificate's id is never reused and never deleted.
    op.execute(f"REVOKE DELETE ON certificates FROM {API}, {WORKER}")


def _guard_published_versions() -> None:
    op.execute(REFUSE_PUBLISHED)
    op.execute(REFUSE_PUBLISHED_VERSION)
    for table in CONTENT_TABLES:
        op.execute(
            f"CREATE TRIGGER published_version_is_final BEFORE INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change_of_published_version()"
        )
    op.execute(
        "CREATE TRIGGER published_version_is_final BEFORE UPDATE OR DELETE ON course_versions"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change_of_published_version_row()"
    )


def _guard_audit_trail() -> None:
    op.execute(REFUSE_AUDIT_CHANGE)
    op.execute(
        "CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_entry()"
    )


def _open_verification() -> None:
    op.execute(VERIFY)
    op.execute("REVOKE ALL ON FUNCTION verify_certificates(uuid[]) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION verify_certificates(uuid[]) TO {API}, {WORKER}")


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index(
        "ix_audit_entries_subject",
        "audit_entries",
        ["organization_id", "subject_kind", "subject_id", "id"],
        unique=False,
    )
    op.create_index("ix_audit_entries_time", "audit_entries", ["organization_id", "id"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_at", "events", ["at"], unique=False)
    op.create_index(
        "ix_events_unnumbered",
        "events",
        ["organization_id", "id"],
        unique=False,
        postgresql_where=sa.text("position IS NULL"),
    )
    op.create_index("uq_events_position", "events", ["organization_id", "position"], unique=True)
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
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("status IN ('queued', 'leased', 'done', 'dead')", name=op.f("ck_outbox_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
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
        "compliance_requirements",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_compliance_requirements_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_compliance_requirements")),
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
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_chapters")),
    )
    op.create_index("ix_chapters_region", "chapters", ["organization_id", "region_id"], unique=False)
    op.create_table(
        "courses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
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
            ["organization_id"], ["organizations.id"], name=op.f("fk_courses_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courses")),
    )
    op.create_index("ix_courses_organization", "courses", ["organization_id", "id"], unique=False)
    op.create_index(
        "ix_courses_requirement",
        "courses",
        ["organization_id", "linked_compliance_requirement"],
        unique=False,
        postgresql_where=sa.text("linked_compliance_requirement IS NOT NULL"),
    )
    op.create_table(
        "content_keys",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_content_keys_course_id")),
        sa.PrimaryKeyConstraint("course_id", "key", name=op.f("pk_content_keys")),
    )
    op.create_table(
        "course_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
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
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_course_versions_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_versions")),
        sa.UniqueConstraint("course_id", "number", name=op.f("uq_course_versions_course_id_number")),
    )
    op.create_index(
        "uq_course_versions_draft",
        "course_versions",
        ["course_id"],
        unique=True,
        postgresql_where=sa.text("published_at IS NULL"),
    )
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
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "chapter_id"],
            ["chapters.organization_id", "chapters.id"],
            name=op.f("fk_members_organization_id_chapter_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_members_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "user_id", name=op.f("pk_members")),
    )
    op.create_index(
        "ix_members_chapter", "members", ["organization_id", "chapter_id", "user_id"], unique=False
    )
    op.create_table(
        "course_modules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["course_versions.id"], name=op.f("fk_course_modules_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_modules")),
        sa.UniqueConstraint("version_id", "key", name=op.f("uq_course_modules_version_id_key")),
    )
    op.create_table(
        "enrollments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extra_time_seconds", sa.Integer(), server_default="0", nullable=False),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cause_kind", sa.Text(), nullable=False),
        sa.Column("cause_id", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "source IN ('self', 'admin', 'rule', 'recertification')", name=op.f("ck_enrollments_source")
        ),
        sa.CheckConstraint(
            "status IN ('assigned', 'in_progress', 'completed', 'failed')", name=op.f("ck_enrollments_status")
        ),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_enrollments_course_id")),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["members.organization_id", "members.user_id"],
            name=op.f("fk_enrollments_organization_id_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["course_versions.id"], name=op.f("fk_enrollments_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrollments")),
    )
    op.create_index(
        "ix_enrollments_course", "enrollments", ["organization_id", "course_id", "id"], unique=False
    )
    op.create_index(
        "ix_enrollments_member", "enrollments", ["organization_id", "user_id", "id"], unique=False
    )
    op.create_index(
        "uq_enrollments_open",
        "enrollments",
        ["organization_id", "user_id", "course_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('assigned', 'in_progress')"),
    )
    op.create_table(
        "mastered_skills",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("skill_id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["course_versions.id"], name=op.f("fk_mastered_skills_version_id")
        ),
        sa.PrimaryKeyConstraint("version_id", "skill_id", name=op.f("pk_mastered_skills")),
    )
    op.create_table(
        "course_completions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("requirement_id", sa.Text(), nullable=True),
        sa.Column("score", sa.Numeric(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("score >= 0 AND score <= 100", name=op.f("ck_course_completions_score")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_course_completions_course_id")),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollments.id"], name=op.f("fk_course_completions_enrollment_id")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["course_versions.id"], name=op.f("fk_course_completions_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_completions")),
        sa.UniqueConstraint("enrollment_id", name=op.f("uq_course_completions_enrollment_id")),
    )
    op.create_index(
        "ix_course_completions_member",
        "course_completions",
        ["organization_id", "user_id", "course_id"],
        unique=False,
    )
    op.create_index(
        "ix_course_completions_requirement",
        "course_completions",
        ["organization_id", "user_id", "requirement_id"],
        unique=False,
        postgresql_where=sa.text("requirement_id IS NOT NULL"),
    )
    op.create_table(
        "lessons",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
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
            ["module_id"], ["course_modules.id"], name=op.f("fk_lessons_module_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["version_id"], ["course_versions.id"], name=op.f("fk_lessons_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lessons")),
        sa.UniqueConstraint("version_id", "key", name=op.f("uq_lessons_version_id_key")),
    )
    op.create_index("ix_lessons_module_id", "lessons", ["module_id"], unique=False)
    op.create_table(
        "quizzes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
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
            ["module_id"], ["course_modules.id"], name=op.f("fk_quizzes_module_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["version_id"], ["course_versions.id"], name=op.f("fk_quizzes_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quizzes")),
        sa.UniqueConstraint("version_id", "key", name=op.f("uq_quizzes_version_id_key")),
    )
    op.create_index("ix_quizzes_module_id", "quizzes", ["module_id"], unique=False)
    op.create_index(
        "uq_quizzes_assessment",
        "quizzes",
        ["version_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'assessment'"),
    )
    op.create_table(
        "assessments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["quizzes.id"], name=op.f("fk_assessments_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessments")),
    )
    op.create_table(
        "certificates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("completion_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_name", sa.Text(), nullable=True),
        sa.Column("course_title", sa.Text(), nullable=False),
        sa.Column("issuer_name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verification_url", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reissued_as", sa.Uuid(), nullable=True),
        sa.Column("renewed_by", sa.Uuid(), nullable=True),
        sa.Column("pdf_sha256", sa.Text(), nullable=True),
        sa.Column("pdf_ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pdf_erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["completion_id"], ["course_completions.id"], name=op.f("fk_certificates_completion_id")
        ),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_certificates_course_id")),
        sa.ForeignKeyConstraint(
            ["reissued_as"], ["certificates.id"], name=op.f("fk_certificates_reissued_as")
        ),
        sa.ForeignKeyConstraint(["renewed_by"], ["certificates.id"], name=op.f("fk_certificates_renewed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificates")),
    )
    op.create_index(
        "ix_certificates_course", "certificates", ["organization_id", "course_id", "id"], unique=False
    )
    op.create_index(
        "ix_certificates_member", "certificates", ["organization_id", "user_id", "id"], unique=False
    )
    op.create_index(
        "uq_certificates_current",
        "certificates",
        ["completion_id"],
        unique=True,
        postgresql_where=sa.text("reissued_as IS NULL"),
    )
    op.create_table(
        "chapter_compliance_statuses",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("requirement_id", sa.Text(), nullable=False),
        sa.Column("completion_id", sa.Uuid(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["completion_id"],
            ["course_completions.id"],
            name=op.f("fk_chapter_compliance_statuses_completion_id"),
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
        sa.PrimaryKeyConstraint(
            "organization_id", "user_id", "requirement_id", name=op.f("pk_chapter_compliance_statuses")
        ),
    )
    op.create_index(
        "ix_chapter_compliance_statuses_requirement",
        "chapter_compliance_statuses",
        ["organization_id", "requirement_id", "user_id"],
        unique=False,
    )
    op.create_table(
        "lesson_progress",
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrollment_id"],
            ["enrollments.id"],
            name=op.f("fk_lesson_progress_enrollment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["lesson_id"], ["lessons.id"], name=op.f("fk_lesson_progress_lesson_id")),
        sa.PrimaryKeyConstraint("enrollment_id", "lesson_id", name=op.f("pk_lesson_progress")),
    )
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
            ["completion_id"], ["course_completions.id"], name=op.f("fk_member_skills_completion_id")
        ),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_member_skills_course_id")),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["members.organization_id", "members.user_id"],
            name=op.f("fk_member_skills_organization_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "user_id", "skill_id", name=op.f("pk_member_skills")),
    )
    op.create_table(
        "questions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
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
            ["quiz_id"], ["quizzes.id"], name=op.f("fk_questions_quiz_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["version_id"], ["course_versions.id"], name=op.f("fk_questions_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        sa.UniqueConstraint("version_id", "key", name=op.f("uq_questions_version_id_key")),
    )
    op.create_index("ix_questions_quiz_id", "questions", ["quiz_id"], unique=False)
    op.create_table(
        "quiz_attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
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
        sa.CheckConstraint(
            "status IN ('in_progress', 'pending_review', 'graded')", name=op.f("ck_quiz_attempts_status")
        ),
        sa.CheckConstraint(
            "max_points > 0 AND max_points <= 1000000000", name=op.f("ck_quiz_attempts_max_points")
        ),
        sa.CheckConstraint(
            "points >= 0 AND points + pending_points <= max_points", name=op.f("ck_quiz_attempts_points")
        ),
        sa.CheckConstraint(
            "pending_points >= 0 AND pending_points <= max_points",
            name=op.f("ck_quiz_attempts_pending_points"),
        ),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollments.id"], name=op.f("fk_quiz_attempts_enrollment_id")
        ),
        sa.ForeignKeyConstraint(["quiz_id"], ["quizzes.id"], name=op.f("fk_quiz_attempts_quiz_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_attempts")),
        sa.UniqueConstraint(
            "enrollment_id", "quiz_id", "number", name=op.f("uq_quiz_attempts_enrollment_id_quiz_id_number")
        ),
    )
    op.create_index(
        "ix_quiz_attempts_deadline",
        "quiz_attempts",
        ["deadline_at"],
        unique=False,
        postgresql_where=sa.text("status = 'in_progress'"),
    )
    op.create_index(
        "uq_quiz_attempts_open",
        "quiz_attempts",
        ["enrollment_id", "quiz_id"],
        unique=True,
        postgresql_where=sa.text("status = 'in_progress'"),
    )
    op.create_table(
        "quiz_progress",
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("quiz_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("attempts_used", sa.Integer(), nullable=False),
        sa.Column("attempts_allowed", sa.Integer(), nullable=True),
        sa.Column("best_points", sa.Numeric(), nullable=True),
        sa.Column("possible_points", sa.Numeric(), nullable=True),
        sa.Column("max_points", sa.Numeric(), nullable=True),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "attempts_used >= 0 AND attempts_used <= attempts_allowed",
            name=op.f("ck_quiz_progress_attempts_used"),
        ),
        sa.CheckConstraint(
            "best_points >= 0 AND best_points <= possible_points", name=op.f("ck_quiz_progress_best_points")
        ),
        sa.CheckConstraint(
            "possible_points <= max_points AND max_points <= 1000000000",
            name=op.f("ck_quiz_progress_possible_points"),
        ),
        sa.ForeignKeyConstraint(
            ["enrollment_id"],
            ["enrollments.id"],
            name=op.f("fk_quiz_progress_enrollment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["quiz_id"], ["quizzes.id"], name=op.f("fk_quiz_progress_quiz_id")),
        sa.PrimaryKeyConstraint("enrollment_id", "quiz_id", name=op.f("pk_quiz_progress")),
    )
    op.create_table(
        "assessment_results",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
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
            ["assessment_id"], ["assessments.id"], name=op.f("fk_assessment_results_assessment_id")
        ),
        sa.ForeignKeyConstraint(
            ["attempt_id"],
            ["quiz_attempts.id"],
            name=op.f("fk_assessment_results_attempt_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollments.id"], name=op.f("fk_assessment_results_enrollment_id")
        ),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_assessment_results")),
    )
    op.create_index(
        "ix_assessment_results_enrollment_id", "assessment_results", ["enrollment_id"], unique=False
    )
    op.create_table(
        "pending_responses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("max_points", sa.Numeric(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("points", sa.Numeric(), nullable=True),
        sa.Column("graded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("graded_by", sa.Text(), nullable=True),
        sa.CheckConstraint("points >= 0 AND points <= max_points", name=op.f("ck_pending_responses_points")),
        sa.ForeignKeyConstraint(
            ["attempt_id"],
            ["quiz_attempts.id"],
            name=op.f("fk_pending_responses_attempt_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_pending_responses_course_id")),
        sa.ForeignKeyConstraint(
            ["question_id"], ["questions.id"], name=op.f("fk_pending_responses_question_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_responses")),
        sa.UniqueConstraint(
            "attempt_id", "question_id", name=op.f("uq_pending_responses_attempt_id_question_id")
        ),
    )
    op.create_index(
        "ix_pending_responses_queue",
        "pending_responses",
        ["organization_id", "submitted_at", "id"],
        unique=False,
        postgresql_where=sa.text("graded_at IS NULL"),
    )
    op.create_table(
        "quiz_answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_correct", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"], ["questions.id"], name=op.f("fk_quiz_answers_question_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["course_versions.id"], name=op.f("fk_quiz_answers_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_answers")),
        sa.UniqueConstraint("version_id", "key", name=op.f("uq_quiz_answers_version_id_key")),
    )
    op.create_index("ix_quiz_answers_question_id", "quiz_answers", ["question_id"], unique=False)
    op.create_foreign_key(
        "fk_courses_published_version_id", "courses", "course_versions", ["published_version_id"], ["id"]
    )
    _make_roles()
    _protect_tables()
    _guard_published_versions()
    _guard_audit_trail()
    _open_verification()


def downgrade() -> None:
    op.execute("DROP FUNCTION verify_certificates(uuid[])")
    op.execute("ALTER TABLE courses DROP CONSTRAINT fk_courses_published_version_id")
    op.drop_index("ix_quiz_answers_question_id", table_name="quiz_answers")
    op.drop_table("quiz_answers")
    op.drop_index(
        "ix_pending_responses_queue",
        table_name="pending_responses",
        postgresql_where=sa.text("graded_at IS NULL"),
    )
    op.drop_table("pending_responses")
    op.drop_index("ix_assessment_results_enrollment_id", table_name="assessment_results")
    op.drop_table("assessment_results")
    op.drop_table("quiz_progress")
    op.drop_index(
        "uq_quiz_attempts_open",
        table_name="quiz_attempts",
        postgresql_where=sa.text("status = 'in_progress'"),
    )
    op.drop_index(
        "ix_quiz_attempts_deadline",
        table_name="quiz_attempts",
        postgresql_where=sa.text("status = 'in_progress'"),
    )
    op.drop_table("quiz_attempts")
    op.drop_index("ix_questions_quiz_id", table_name="questions")
    op.drop_table("questions")
    op.drop_table("member_skills")
    op.drop_table("lesson_progress")
    op.drop_index("ix_chapter_compliance_statuses_requirement", table_name="chapter_compliance_statuses")
    op.drop_table("chapter_compliance_statuses")
    op.drop_index(
        "uq_certificates_current", table_name="certificates", postgresql_where=sa.text("reissued_as IS NULL")
    )
    op.drop_index("ix_certificates_member", table_name="certificates")
    op.drop_index("ix_certificates_course", table_name="certificates")
    op.drop_table("certificates")
    op.drop_table("assessments")
    op.drop_index(
        "uq_quizzes_assessment", table_name="quizzes", postgresql_where=sa.text("kind = 'assessment'")
    )
    op.drop_index("ix_quizzes_module_id", table_name="quizzes")
    op.drop_table("quizzes")
    op.drop_index("ix_lessons_module_id", table_name="lessons")
    op.drop_table("lessons")
    op.drop_index(
        "ix_course_completions_requirement",
        table_name="course_completions",
        postgresql_where=sa.text("requirement_id IS NOT NULL"),
    )
    op.drop_index("ix_course_completions_member", table_name="course_completions")
    op.drop_table("course_completions")
    op.drop_table("mastered_skills")
    op.drop_index(
        "uq_enrollments_open",
        table_name="enrollments",
        postgresql_where=sa.text("status IN ('assigned', 'in_progress')"),
    )
    op.drop_index("ix_enrollments_member", table_name="enrollments")
    op.drop_index("ix_enrollments_course", table_name="enrollments")
    op.drop_table("enrollments")
    op.drop_table("course_modules")
    op.drop_index("ix_members_chapter", table_name="members")
    op.drop_table("members")
    op.drop_index(
        "uq_course_versions_draft",
        table_name="course_versions",
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.drop_table("course_versions")
    op.drop_table("content_keys")
    op.drop_index(
        "ix_courses_requirement",
        table_name="courses",
        postgresql_where=sa.text("linked_compliance_requirement IS NOT NULL"),
    )
    op.drop_index("ix_courses_organization", table_name="courses")
    op.drop_table("courses")
    op.drop_index("ix_chapters_region", table_name="chapters")
    op.drop_table("chapters")
    op.drop_table("regions")
    op.drop_table("compliance_requirements")
    op.drop_index("uq_outbox_unique_key", table_name="outbox")
    op.drop_index(
        "ix_outbox_finished", table_name="outbox", postgresql_where=sa.text("status IN ('done', 'dead')")
    )
    op.drop_index(
        "ix_outbox_due", table_name="outbox", postgresql_where=sa.text("status IN ('queued', 'leased')")
    )
    op.drop_table("outbox")
    op.drop_table("organizations")
    op.drop_index("uq_events_position", table_name="events")
    op.drop_index("ix_events_unnumbered", table_name="events", postgresql_where=sa.text("position IS NULL"))
    op.drop_index("ix_events_at", table_name="events")
    op.drop_table("events")
    op.drop_index("ix_audit_entries_time", table_name="audit_entries")
    op.drop_index("ix_audit_entries_subject", table_name="audit_entries")
    op.drop_table("audit_entries")
    for name in (
        "refuse_change_of_published_version()",
        "refuse_change_of_published_version_row()",
        "refuse_change_of_audit_entry()",
    ):
        op.execute(f"DROP FUNCTION {name}")
