"""Anyone may know the website and the colour of who issued a certificate."""

from collections.abc import Sequence
from pathlib import Path

from alembic import op
from database_functions import install_functions

revision: str = "0887"
down_revision: str | None = "0886"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    install_functions(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("DROP FUNCTION issuer_of_certificate")
