"""Mails of results and certificates: a reminder names the attempt or the certificate that it is about."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0742"
down_revision: str | None = "0741"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHECKS = {
    "kind": "kind IN ('assigned', 'due', 'overdue', 'result', 'certificate')",
    "due_at": "(kind IN ('due', 'overdue')) = (due_at IS NOT NULL)",
}
BEFORE = {
    "kind": "kind IN ('assigned', 'due', 'overdue')",
    "due_at": "(kind = 'assigned') = (due_at IS NULL)",
}


def upgrade() -> None:
    op.add_column("reminders", sa.Column("subject_id", sa.Uuid(), nullable=True))
    _replace(CHECKS)


def downgrade() -> None:
    op.execute("DELETE FROM reminders WHERE kind IN ('result', 'certificate')")
    _replace(BEFORE)
    op.drop_column("reminders", "subject_id")


def _replace(checks: dict[str, str]) -> None:
    for name, condition in checks.items():
        op.drop_constraint(op.f(f"ck_reminders_{name}"), "reminders")
        op.create_check_constraint(
            op.f(f"ck_reminders_{name}"), "reminders", condition, postgresql_not_valid=True
        )
