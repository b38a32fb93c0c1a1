"""What remembers past values of an enrollment looks at changes of the columns that it keeps, and at no others.

Each save and submission raises an enrollment's revision. For that PostgreSQL read the condition of the trigger anew
each time, a twentieth of what a save takes.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0962"
down_revision: str | None = "0961"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS = "due_at, awaiting_review, ended_at, withdrawn_at"
TRIGGER = """
CREATE OR REPLACE TRIGGER remember_past_values AFTER UPDATE{columns} ON enrollments FOR EACH ROW
WHEN (
    OLD.due_at IS DISTINCT FROM NEW.due_at OR OLD.awaiting_review IS DISTINCT FROM NEW.awaiting_review
    OR OLD.ended_at IS NOT NULL AND OLD.ended_at IS DISTINCT FROM NEW.ended_at
    OR OLD.withdrawn_at IS NOT NULL AND OLD.withdrawn_at IS DISTINCT FROM NEW.withdrawn_at
)
EXECUTE FUNCTION
    remember_past_values(enrollment, id, status, due_at, awaiting_review, ended_at, withdrawn_at)
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(TRIGGER.format(columns=f" OF {COLUMNS}"))


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(TRIGGER.format(columns=""))
