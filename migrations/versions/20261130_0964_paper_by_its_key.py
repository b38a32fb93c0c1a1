"""A learner's attempt is found by its key when a save reads what it asks.

Where the plan was made while there were few attempts, all attempts at its quiz were gone through for it.
"""

from collections.abc import Sequence
from pathlib import Path

from database_functions import install_functions

revision: str = "0964"
down_revision: str | None = "0963"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTIONS = Path(__file__).with_suffix(".sql")
BEFORE = Path(__file__).with_name("20261130_0964_before.sql")


def upgrade() -> None:
    install_functions(FUNCTIONS)


def downgrade() -> None:
    install_functions(BEFORE)
