"""What compliance follows from keeps what it was, so that a report can be as of any instant.

`past_values` has the values that a change took away, each with the time until which it held; triggers write it.
Of members each change is kept with the time at which it happened, for events come late. What a person had to meet is
written down when they are erased, because the fields that it followed from go.
"""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from database_functions import install_functions
from sqlalchemy.dialects.postgresql import JSONB
from tenancy import protect

revision: str = "0860"
down_revision: str | None = "0850"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "past_values",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("was", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "kind", "id", "until", name=op.f("pk_past_values")),
    )
    op.create_table(
        "member_changes",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("was", JSONB(), nullable=False),
        sa.Column("value", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["members.organization_id", "members.user_id"],
            name=op.f("fk_member_changes_organization_id_user_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "user_id", "field", "at", "id", name=op.f("pk_member_changes")
        ),
    )
    op.create_table(
        "erased_duties",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("requirement_id", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["members.organization_id", "members.user_id"],
            name=op.f("fk_erased_duties_organization_id_user_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "user_id", "requirement_id", "since", name=op.f("pk_erased_duties")
        ),
    )
    protect("past_values", rights="SELECT, INSERT")
    protect("member_changes")
    protect("erased_duties")
    install_functions(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("DROP FUNCTION remember_past_values")
    op.drop_table("erased_duties")
    op.drop_table("member_changes")
    op.drop_table("past_values")
