"""Hot paths ask for their role before they set it, and a page of courses has a mark by which a process knows it."""

from collections.abc import Sequence
from pathlib import Path

from alembic import op
from database_functions import install_functions

revision: str = "0888"
down_revision: str | None = "0926"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTIONS = Path(__file__).with_suffix(".sql")
BEFORE = Path(__file__).with_name("20261130_0888_before.sql")
MADE = ("hot_marked_courses", "hot_mark_of_courses")


def upgrade() -> None:
    install_functions(FUNCTIONS)


def downgrade() -> None:
    for function in MADE:
        op.execute(f"DROP FUNCTION {function}")
    install_functions(BEFORE)
