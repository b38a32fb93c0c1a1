"""Every enrollment has one of the sources."""

from collections.abc import Sequence

from alembic import op

revision: str = "0802"
down_revision: str | None = "0801"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE enrollments VALIDATE CONSTRAINT ck_enrollments_source")


def downgrade() -> None:
    pass
