"""An organization may name a second signatory."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0940"
down_revision: str | None = "0917"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS = (
    ("second_signatory_name", sa.Text()),
    ("second_signatory_title", sa.Text()),
    ("second_signature_image_id", sa.Uuid()),
)


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("organization_settings", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name, _ in COLUMNS:
        op.drop_column("organization_settings", name)
