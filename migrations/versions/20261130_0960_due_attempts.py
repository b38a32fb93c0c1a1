"""Only who looks for deadlines goes by the index of deadlines.

It held every attempt under way, so that a plan made while those were few found a learner's own by reading all of it:
in the last minute of an assessment each start, save and submission read the attempts of everybody.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from indexes import create_concurrently, drop_concurrently

revision: str = "0960"
down_revision: str | None = "0893"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLE, COLUMNS = "quiz_attempts", ["deadline_at"]
BEFORE, AFTER = "ix_quiz_attempts_deadline", "ix_quiz_attempts_due"
OPEN = "status = 'in_progress'"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        create_concurrently(
            AFTER, TABLE, COLUMNS, postgresql_where=sa.text(f"{OPEN} AND deadline_at IS NOT NULL")
        )
        drop_concurrently(BEFORE, TABLE)
        # Where two indexes cost the same the newer one is taken, and of an empty table all cost the same.
        op.execute("REINDEX INDEX CONCURRENTLY pk_quiz_attempts")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        create_concurrently(BEFORE, TABLE, COLUMNS, postgresql_where=sa.text(OPEN))
        drop_concurrently(AFTER, TABLE)
