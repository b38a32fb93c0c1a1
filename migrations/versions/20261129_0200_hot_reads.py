"""Contract: hot reads are made from the statements of the ordinary routes; what was written by hand goes.

Nothing runs yet that reads it: there was no release. Whether a submission repeats another one is now part of what is
read of the position, so that closing asks for the revision alone.
"""

from collections.abc import Sequence
from pathlib import Path

from alembic import op
from database_functions import install_functions

revision: str = "0761"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTIONS = Path(__file__).with_suffix(".sql")
BEFORE = Path(__file__).with_name("20261128_2300_baseline.sql")
GONE = (
    "courses_of_member",
    "finish_of_enrollment",
    "position_at_quiz",
    "position_of_member",
    "public_certificates",
)
MADE = ("hot_courses", "hot_finishes", "hot_position", "hot_position_at_quiz")
REPLACED = ("close_attempt", "close_attempt_in")


def upgrade() -> None:
    """Make and replace functions, and drop those that have no caller."""
    install_functions(FUNCTIONS)
    for function in GONE:
        op.execute(f"DROP FUNCTION {function}")


def downgrade() -> None:
    """Back to the functions of the baseline."""
    install_functions(BEFORE, *GONE, *REPLACED)
    for function in MADE:
        op.execute(f"DROP FUNCTION {function}")
