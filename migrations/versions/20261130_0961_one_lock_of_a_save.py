"""A save locks its enrollment and marks it in one statement, and looks at its attempt while it writes it."""

from collections.abc import Sequence
from pathlib import Path

from database_functions import install_functions

revision: str = "0961"
down_revision: str | None = "0960"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTIONS = Path(__file__).with_suffix(".sql")
BEFORE = Path(__file__).with_name("20261130_0961_before.sql")


def upgrade() -> None:
    install_functions(FUNCTIONS)


def downgrade() -> None:
    install_functions(BEFORE)
