"""Open enrollments move to another version of their course: the run, what waits for it, and what was moved."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from database_functions import install_functions
from sqlalchemy.dialects.postgresql import JSONB
from tenancy import protect

revision: str = "0910"
down_revision: str | None = "0854"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "version_migrations",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("from_versions", JSONB(), nullable=True),
        sa.Column("enrollment_ids", JSONB(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Uuid(), nullable=True),
        sa.Column("apart", sa.Uuid(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('running', 'done', 'failed')", name=op.f("ck_version_migrations_status")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_version_migrations_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["courses.organization_id", "courses.id"],
            name=op.f("fk_version_migrations_organization_id_course_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "version_id"],
            ["course_versions.organization_id", "course_versions.id"],
            name=op.f("fk_version_migrations_organization_id_version_id"),
        ),
    )
    op.create_index(
        "uq_version_migrations_running",
        "version_migrations",
        ["organization_id", "course_id"],
        unique=True,
        postgresql_where=sa.text("status = 'running'"),
    )
    # The primary key last: where statistics know nothing, the planner takes the newest index.
    op.create_primary_key("pk_version_migrations", "version_migrations", ["organization_id", "id"])
    protect("version_migrations")
    op.create_table(
        "waiting_moves",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("migration_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "enrollment_id"],
            ["enrollments.organization_id", "enrollments.id"],
            name=op.f("fk_waiting_moves_organization_id_enrollment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "migration_id"],
            ["version_migrations.organization_id", "version_migrations.id"],
            name=op.f("fk_waiting_moves_organization_id_migration_id"),
        ),
    )
    op.create_index(
        "ix_waiting_moves_migration", "waiting_moves", ["organization_id", "migration_id", "enrollment_id"]
    )
    op.create_primary_key("pk_waiting_moves", "waiting_moves", ["organization_id", "enrollment_id"])
    protect("waiting_moves")
    op.create_table(
        "enrollment_moves",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("from_version", sa.Integer(), nullable=False),
        sa.Column("to_version", sa.Integer(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "enrollment_id"],
            ["enrollments.organization_id", "enrollments.id"],
            name=op.f("fk_enrollment_moves_organization_id_enrollment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "enrollment_id", "id", name=op.f("pk_enrollment_moves")),
    )
    protect("enrollment_moves")
    install_functions(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("DROP FUNCTION with_new_ids")
    op.drop_table("enrollment_moves")
    op.drop_table("waiting_moves")
    op.drop_table("version_migrations")
