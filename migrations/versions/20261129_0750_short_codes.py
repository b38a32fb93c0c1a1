"""Each certificate has a short code, random and printed: the database makes it, for those of before, too."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from database_functions import install_functions

revision: str = "0750"
down_revision: str | None = "0770"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# The first six bytes of such a UUID are random throughout.
RANDOM = " || ".join(f"substring(uuid_send(gen_random_uuid()) FROM 1 FOR {n})" for n in (6, 4))


def upgrade() -> None:
    op.add_column("certificate_organizations", sa.Column("code", sa.LargeBinary(), nullable=True))
    op.alter_column("certificate_organizations", "code", server_default=sa.text(RANDOM))
    op.create_check_constraint(
        op.f("ck_certificate_organizations_code"),
        "certificate_organizations",
        "code IS NOT NULL AND octet_length(code) = 10",
        postgresql_not_valid=True,
    )
    install_functions(Path(__file__).with_suffix(".sql"))


def downgrade() -> None:
    op.execute("DROP FUNCTION certificate_of_code")
    op.execute("DROP FUNCTION code_of_certificate")
    op.drop_column("certificate_organizations", "code")
