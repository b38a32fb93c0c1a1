"""A program may assign again what is open."""

from collections.abc import Sequence

from alembic import op

revision: str = "0854"
down_revision: str | None = "0853"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = "source IN ('admin', 'rule')"
NOW = "source IN ('admin', 'rule', 'program')"


def upgrade() -> None:
    _replace(NOW)


def downgrade() -> None:
    _replace(BEFORE)


def _replace(condition: str) -> None:
    op.drop_constraint(op.f("ck_enrollment_sources_source"), "enrollment_sources")
    op.create_check_constraint(
        op.f("ck_enrollment_sources_source"), "enrollment_sources", condition, postgresql_not_valid=True
    )
