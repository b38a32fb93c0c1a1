"""Which marks a person gave: those and the words with them reach the learner, whatever else is kept back.

An attempt that code from before this one grades meanwhile gets the mark when it is graded again.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0417"
down_revision: str | None = "0119"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MARK = """
UPDATE quiz_attempts a SET marks = a.marks || graded.marks
FROM (
    SELECT r.attempt_id, jsonb_object_agg(CAST(r.question_id AS text),
        (b.marks -> CAST(r.question_id AS text)) || '{"by_person": true}') AS marks
    FROM pending_responses r JOIN quiz_attempts b ON b.id = r.attempt_id
    WHERE r.graded_at IS NOT NULL AND b.marks ? CAST(r.question_id AS text)
    GROUP BY r.attempt_id
) AS graded
WHERE a.id = graded.attempt_id
"""


def upgrade() -> None:
    """Mark them."""
    op.execute(MARK)


def downgrade() -> None:
    """Nobody reads it."""
