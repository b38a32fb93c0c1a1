"""A grade may say why it was given: a person's word over a mark that the key gave has a reason."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from tenancy import API, WORKER

revision: str = "0760"
down_revision: str | None = "0744"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("response_grades", sa.Column("reason", sa.Text(), nullable=True))
    # Append-only, but for what erasure empties.
    op.execute(f"GRANT UPDATE (reason) ON response_grades TO {API}, {WORKER}")


def downgrade() -> None:
    op.drop_column("response_grades", "reason")
