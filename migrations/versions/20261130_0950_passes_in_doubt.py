"""A pass in doubt stays so by an attempt of fewer points, which was refused by the check of `held_points`."""

from collections.abc import Sequence
from pathlib import Path

from database_functions import install_functions

revision: str = "0950"
down_revision: str | None = "0924"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTIONS = Path(__file__).with_suffix(".sql")
BEFORE = Path(__file__).with_name("20261130_0950_before.sql")


def upgrade() -> None:
    install_functions(FUNCTIONS)


def downgrade() -> None:
    install_functions(BEFORE)
