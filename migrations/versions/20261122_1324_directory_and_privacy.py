"""Directory in bulk and membership events; erasure."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from tenancy import protect

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "members",
        sa.Column("clocks", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
    )
    op.create_table(
        "membership_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_membership_events_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership_events")),
    )
    op.create_index(
        "uq_membership_events_event",
        "membership_events",
        ["organization_id", "source", "event_id"],
        unique=True,
    )
    op.create_index("ix_membership_events_member", "membership_events", ["organization_id", "user_id"])
    op.create_index(
        "ix_membership_events_parked",
        "membership_events",
        ["received_at"],
        postgresql_where=sa.text("data IS NOT NULL"),
    )
    op.create_table(
        "erased_members",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_erased_members_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "record_id", name=op.f("pk_erased_members")),
    )
    op.create_index("ix_erased_members_user", "erased_members", ["organization_id", "user_id"])
    protect("membership_events")
    protect("erased_members")


def downgrade() -> None:
    op.drop_table("erased_members")
    op.drop_table("membership_events")
    op.drop_column("members", "clocks")
