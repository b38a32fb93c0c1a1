"""A certificate keeps the score that it tells."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from database_functions import install_functions

revision: str = "0943"
down_revision: str | None = "0942"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("certificates", sa.Column("score", sa.Numeric(), nullable=True))
    install_functions(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("DROP FUNCTION score_of_certificate")
    op.drop_column("certificates", "score")
