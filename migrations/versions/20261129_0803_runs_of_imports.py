"""Runs also go through the rows of a file."""

from collections.abc import Sequence

from alembic import op

revision: str = "0803"
down_revision: str | None = "0802"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = "action IN ('extend', 'remind', 'withdraw', 'grant_attempts')"
NOW = (
    "action IN ('extend', 'remind', 'withdraw', 'grant_attempts',"
    " 'import_assignments', 'import_extensions', 'import_completions')"
)


def upgrade() -> None:
    _replace(NOW)
    op.execute("ALTER TABLE enrollment_runs VALIDATE CONSTRAINT ck_enrollment_runs_action")


def downgrade() -> None:
    op.execute("DELETE FROM enrollment_runs WHERE action LIKE 'import%'")
    _replace(BEFORE)


def _replace(condition: str) -> None:
    op.drop_constraint(op.f("ck_enrollment_runs_action"), "enrollment_runs")
    op.create_check_constraint(
        op.f("ck_enrollment_runs_action"), "enrollment_runs", condition, postgresql_not_valid=True
    )
