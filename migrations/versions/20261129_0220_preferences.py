"""Members choose their language and their mails, organizations require some, and notifications can be read."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from tenancy import protect

revision: str = "0703"
down_revision: str | None = "0702"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "member_preferences",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=True),
        *(
            sa.Column(f"mail_{topic}", sa.Boolean(), server_default="true", nullable=False)
            for topic in ("assigned", "reminders", "results", "digest")
        ),
        sa.Column("notifications_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_member_preferences_organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "user_id", name=op.f("pk_member_preferences")),
    )
    op.create_table(
        "notification_reads",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_notification_reads_organization_id")
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "user_id", "notification_id", name=op.f("pk_notification_reads")
        ),
    )
    for table in ("member_preferences", "notification_reads"):
        protect(table)
    op.add_column(
        "organization_settings",
        sa.Column("required_mails", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )


def downgrade() -> None:
    op.drop_column("organization_settings", "required_mails")
    op.drop_table("notification_reads")
    op.drop_table("member_preferences")
