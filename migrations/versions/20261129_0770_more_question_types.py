"""Questions may ask for a number, for pairs, and for an order."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0770"
down_revision: str | None = "0760"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "answer": sa.Numeric(),
    "tolerance": sa.Numeric(),
    "tolerance_percent": sa.Numeric(),
    "unit": sa.Text(),
    "pairs": JSONB(),
    "distractors": JSONB(),
    "items": JSONB(),
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("questions", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("questions", name)
