"""Each attempt and each certificate has one mail: the index that claims them also has what they are about."""

from collections.abc import Sequence

from alembic import op
from indexes import create_concurrently, drop_concurrently

revision: str = "0743"
down_revision: str | None = "0742"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CLAIM = ["organization_id", "enrollment_id", "due_at", "days_before"]


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name in ("kind", "due_at"):
            op.execute(f"ALTER TABLE reminders VALIDATE CONSTRAINT ck_reminders_{name}")
        create_concurrently(
            "uq_reminders_each",
            "reminders",
            [*CLAIM, "subject_id"],
            unique=True,
            postgresql_nulls_not_distinct=True,
        )
        drop_concurrently("uq_reminders_claim", "reminders")


def downgrade() -> None:
    op.execute("DELETE FROM reminders WHERE subject_id IS NOT NULL")
    with op.get_context().autocommit_block():
        create_concurrently(
            "uq_reminders_claim", "reminders", CLAIM, unique=True, postgresql_nulls_not_distinct=True
        )
        drop_concurrently("uq_reminders_each", "reminders")
