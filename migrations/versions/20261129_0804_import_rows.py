"""The rows of a file wait until an import's run does them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from tenancy import protect

revision: str = "0804"
down_revision: str | None = "0803"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "import_rows",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("score", sa.Numeric(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "run_id"],
            ["enrollment_runs.organization_id", "enrollment_runs.id"],
            name=op.f("fk_import_rows_organization_id_run_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "run_id", "line", name=op.f("pk_import_rows")),
    )
    protect("import_rows")


def downgrade() -> None:
    op.drop_table("import_rows")
