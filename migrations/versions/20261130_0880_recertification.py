"""A course may ask those who renew only for what changed since they passed it."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from database_functions import install_functions

revision: str = "0880"
down_revision: str | None = "0911"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTIONS = Path(__file__).with_suffix(".sql")
BEFORE = Path(__file__).with_name("20261130_0880_before.sql")


def upgrade() -> None:
    op.add_column("courses", sa.Column("recertification", sa.Text(), server_default="full", nullable=False))
    op.create_check_constraint(
        op.f("ck_courses_recertification"),
        "courses",
        "recertification IN ('full', 'delta')",
        postgresql_not_valid=True,
    )
    op.execute("ALTER TABLE courses VALIDATE CONSTRAINT ck_courses_recertification")
    install_functions(FUNCTIONS)


def downgrade() -> None:
    install_functions(BEFORE)
    op.drop_column("courses", "recertification")
