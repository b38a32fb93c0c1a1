"""What members need at attempts; the hot reads of a position read it as well.

The functions have new names, because older code goes by the columns of the old ones.
"""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from database_functions import install_functions
from tenancy import protect

revision: str = "0841"
down_revision: str | None = "0840"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FUNCTIONS = Path(__file__).with_suffix(".sql")
MADE = ("hot_own_position", "hot_own_position_at_quiz")


def upgrade() -> None:
    op.create_table(
        "accommodations",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("time_multiplier", sa.Numeric(), nullable=False),
        sa.Column("extra_attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("time_multiplier BETWEEN 1 AND 5", name=op.f("ck_accommodations_time_multiplier")),
        sa.CheckConstraint("extra_attempts BETWEEN 0 AND 10", name=op.f("ck_accommodations_extra_attempts")),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["members.organization_id", "members.user_id"],
            name=op.f("fk_accommodations_organization_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "user_id", name=op.f("pk_accommodations")),
    )
    protect("accommodations")
    install_functions(FUNCTIONS)


def downgrade() -> None:
    for function in MADE:
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("accommodations")
