"""Why an enrollment was withdrawn is kept beside what else administrators did to it."""

from collections.abc import Sequence

from alembic import op

revision: str = "0115"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NAME = "ck_enrollment_grants_kind"
BEFORE = "kind IN ('attempts', 'extra_time', 'due_at')"
KIND = "kind IN ('attempts', 'extra_time', 'due_at', 'withdrawal')"


def upgrade() -> None:
    """What 0015 said of enrollments is checked now, without a lock that anybody waits for."""
    op.drop_constraint(op.f(NAME), "enrollment_grants")
    op.create_check_constraint(op.f(NAME), "enrollment_grants", KIND, postgresql_not_valid=True)
    for check in ("ck_enrollments_status", "ck_enrollments_withdrawn"):
        op.execute(f"ALTER TABLE enrollments VALIDATE CONSTRAINT {check}")


def downgrade() -> None:
    """Without the reasons of withdrawals."""
    op.drop_constraint(op.f(NAME), "enrollment_grants")
    op.execute("DELETE FROM enrollment_grants WHERE kind = 'withdrawal'")
    op.create_check_constraint(op.f(NAME), "enrollment_grants", BEFORE)
