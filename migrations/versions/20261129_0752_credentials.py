"""Certificates have credentials: keys that sign, status lists, and what is said of a version of a course."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from database_functions import install_functions
from tenancy import API, WORKER, protect

revision: str = "0752"
down_revision: str | None = "0722"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    _make_keys_and_lists()
    op.create_table(
        "certificate_credentials",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("jwt", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "certificate_id"],
            ["certificates.organization_id", "certificates.id"],
            name=op.f("fk_certificate_credentials_organization_id_certificate_id"),
        ),
        sa.PrimaryKeyConstraint("organization_id", "certificate_id", name=op.f("pk_certificate_credentials")),
    )
    op.create_table(
        "achievements",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("issuer_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("course_id", "number", name=op.f("pk_achievements")),
    )
    protect("certificate_credentials")
    protect("achievements", rights="SELECT, INSERT")
    op.add_column("certificate_organizations", sa.Column("status_place", sa.Integer(), nullable=True))
    op.execute(f"GRANT UPDATE (status_place) ON certificate_organizations TO {WORKER}")
    install_functions(Path(__file__).with_suffix(".sql"))


def _make_keys_and_lists() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('ed25519', 'rs256')", name=op.f("ck_signing_keys_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_keys")),
    )
    op.create_index(
        "uq_signing_keys_active",
        "signing_keys",
        ["kind"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "status_lists",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("signing_key", sa.Text(), nullable=False),
        sa.Column("bits", sa.LargeBinary(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_status_lists")),
    )
    # The secret halves are the worker's alone, sealed or not.
    op.execute(f"GRANT SELECT (id, kind, public_key, created_at, retired_at) ON signing_keys TO {API}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON signing_keys, status_lists TO {WORKER}")
    op.execute(f"GRANT SELECT ON status_lists TO {API}")


def downgrade() -> None:
    op.execute("DROP FUNCTION public_achievement")
    op.execute("DROP FUNCTION public_credential")
    op.drop_column("certificate_organizations", "status_place")
    for table in ("achievements", "certificate_credentials", "status_lists", "signing_keys"):
        op.drop_table(table)
