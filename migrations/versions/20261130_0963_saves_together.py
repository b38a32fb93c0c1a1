"""Saves of one moment are written together: one transaction and one round trip for all of them."""

from collections.abc import Sequence
from pathlib import Path

from alembic import op
from database_functions import install_functions

revision: str = "0963"
down_revision: str | None = "0962"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    install_functions(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("DROP FUNCTION save_responses_together_in")
