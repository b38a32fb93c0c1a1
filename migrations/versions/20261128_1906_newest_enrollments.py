"""An organization's enrollments by their age: for administrators' lists, without sorting all of them."""

from collections.abc import Sequence

from alembic import op
from indexes import create_concurrently, drop_concurrently

revision: str = "0016"
down_revision: str | None = "0317"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the index beside readers and writers."""
    with op.get_context().autocommit_block():
        create_concurrently("ix_enrollments_newest", "enrollments", ["organization_id", "id"])


def downgrade() -> None:
    """As it was."""
    with op.get_context().autocommit_block():
        drop_concurrently("ix_enrollments_newest", "enrollments")
