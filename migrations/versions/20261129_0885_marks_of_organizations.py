"""An organization has a signature, a seal and a website."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0885"
down_revision: str | None = "0910"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS = (("signature_image_id", sa.Uuid()), ("seal_id", sa.Uuid()), ("website", sa.Text()))


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("organization_settings", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name, _ in COLUMNS:
        op.drop_column("organization_settings", name)
