"""A course may ask for other courses first, and for its items in their order."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from database_functions import install_functions
from sqlalchemy.dialects.postgresql import ARRAY

revision: str = "0850"
down_revision: str | None = "0813"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTIONS = Path(__file__).with_suffix(".sql")
BEFORE = Path(__file__).with_name("20261129_0850_before.sql")


def upgrade() -> None:
    op.add_column(
        "courses", sa.Column("prerequisites", ARRAY(sa.Uuid()), server_default="{}", nullable=False)
    )
    op.add_column("courses", sa.Column("sequence", sa.Text(), server_default="free", nullable=False))
    op.create_check_constraint(
        op.f("ck_courses_sequence"), "courses", "sequence IN ('free', 'ordered')", postgresql_not_valid=True
    )
    op.execute("ALTER TABLE courses VALIDATE CONSTRAINT ck_courses_sequence")
    install_functions(FUNCTIONS)


def downgrade() -> None:
    install_functions(BEFORE)
    op.drop_column("courses", "sequence")
    op.drop_column("courses", "prerequisites")
