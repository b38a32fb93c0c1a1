"""Programs are courses whose versions hold steps in place of content."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from database_functions import install_functions

revision: str = "0851"
down_revision: str | None = "0843"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTIONS = Path(__file__).with_suffix(".sql")
BEFORE = Path(__file__).with_name("20261129_0851_before.sql")


def upgrade() -> None:
    op.add_column("courses", sa.Column("kind", sa.Text(), server_default="course", nullable=False))
    op.create_check_constraint(
        op.f("ck_courses_kind"), "courses", "kind IN ('course', 'program')", postgresql_not_valid=True
    )
    op.execute("ALTER TABLE courses VALIDATE CONSTRAINT ck_courses_kind")
    install_functions(FUNCTIONS)


def downgrade() -> None:
    install_functions(BEFORE)
    op.drop_column("courses", "kind")
