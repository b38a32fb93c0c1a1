"""An attempt says after how many corrections of its version it was marked."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from database_functions import install_functions

revision: str = "0766"
down_revision: str | None = "0765"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTIONS = Path(__file__).with_suffix(".sql")
BEFORE = Path(__file__).with_name("20261129_0763_groups_of_answers.sql")


def upgrade() -> None:
    op.add_column(
        "quiz_attempts", sa.Column("correction", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    install_functions(FUNCTIONS)


def downgrade() -> None:
    install_functions(BEFORE, "close_attempt")
    op.drop_column("quiz_attempts", "correction")
