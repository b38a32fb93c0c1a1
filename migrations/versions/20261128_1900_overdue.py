"""That an enrollment became overdue is claimed as a reminder is: once for each due time, and told to other services.

The checks that replace the old ones are validated by the next step.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0020"
down_revision: str | None = "0115"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NEW = {
    "kind": "kind IN ('assigned', 'due', 'overdue')",
    "due_at": "(kind = 'assigned') = (due_at IS NULL)",
    "status": "status IN ('pending', 'sending', 'sent', 'skipped', 'refused', 'unknown', 'told')",
}
OLD = {
    "kind": "kind IN ('assigned', 'due')",
    "due_at": "(kind = 'due') = (due_at IS NOT NULL)",
    "status": "status IN ('pending', 'sending', 'sent', 'skipped', 'refused', 'unknown')",
}


def upgrade() -> None:
    """Wider checks in place of the old ones."""
    for name, condition in NEW.items():
        op.drop_constraint(op.f(f"ck_reminders_{name}"), "reminders", type_="check")
        op.create_check_constraint(
            op.f(f"ck_reminders_{name}"), "reminders", condition, postgresql_not_valid=True
        )


def downgrade() -> None:
    """As it was; what was claimed as overdue is forgotten."""
    op.execute("DELETE FROM reminders WHERE kind = 'overdue'")
    for name, condition in OLD.items():
        op.drop_constraint(op.f(f"ck_reminders_{name}"), "reminders", type_="check")
        op.create_check_constraint(op.f(f"ck_reminders_{name}"), "reminders", condition)
