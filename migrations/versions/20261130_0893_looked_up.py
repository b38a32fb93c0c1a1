"""Certificates are looked up by their completions, and what a page costs is the entries of indexes, not their pages.

Right after a load, before ANALYZE, each completed enrollment of a page went through all certificates.
"""

from collections.abc import Sequence
from pathlib import Path

from database_functions import install_functions

revision: str = "0893"
down_revision: str | None = "0888"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTIONS = Path(__file__).with_suffix(".sql")
BEFORE = Path(__file__).with_name("20261130_0893_before.sql")


def upgrade() -> None:
    install_functions(FUNCTIONS)


def downgrade() -> None:
    install_functions(BEFORE)
