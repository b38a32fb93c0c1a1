"""Enrollments may be a step of a program."""

from collections.abc import Sequence

from alembic import op

revision: str = "0853"
down_revision: str | None = "0852"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = "source IN ('self', 'admin', 'rule', 'recertification', 'imported')"
NOW = "source IN ('self', 'admin', 'rule', 'recertification', 'imported', 'program')"


def upgrade() -> None:
    _replace(NOW)


def downgrade() -> None:
    _replace(BEFORE)


def _replace(condition: str) -> None:
    op.drop_constraint(op.f("ck_enrollments_source"), "enrollments")
    op.create_check_constraint(
        op.f("ck_enrollments_source"), "enrollments", condition, postgresql_not_valid=True
    )
