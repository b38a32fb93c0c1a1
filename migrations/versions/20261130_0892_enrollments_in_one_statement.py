"""The list of enrollments is one statement, whose planning is that of its page alone."""

from collections.abc import Sequence
from pathlib import Path

from alembic import op
from database_functions import install_functions

revision: str = "0892"
down_revision: str | None = "0951"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    install_functions(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("DROP FUNCTION hot_enrollments, page_of_ids")
