"""Functions for two more hot paths: a save in one round trip, and how far a member is."""

from collections.abc import Sequence
from pathlib import Path

from alembic import op
from database_functions import install_functions

revision: str = "0903"
down_revision: str | None = "0916"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MADE = ("save_responses_in", "hot_own_progress", "hot_own_paper")


def upgrade() -> None:
    install_functions(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    for function in MADE:
        op.execute(f"DROP FUNCTION {function}")
