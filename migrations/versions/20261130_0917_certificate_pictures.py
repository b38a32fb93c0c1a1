"""Of which PDF a certificate's stored picture is."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from database_functions import install_functions

revision: str = "0917"
down_revision: str | None = "0903"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("certificates", sa.Column("pictured_sha256", sa.Text(), nullable=True))
    op.add_column("certificates", sa.Column("marked_pictured_sha256", sa.Text(), nullable=True))
    install_functions(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("DROP FUNCTION pictures_of_certificate")
    op.drop_column("certificates", "marked_pictured_sha256")
    op.drop_column("certificates", "pictured_sha256")
