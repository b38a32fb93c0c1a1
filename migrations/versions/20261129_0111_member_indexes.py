"""Members of before are made findable, and lists of members have their indexes."""

from collections.abc import Sequence

from alembic import op
from indexes import create_concurrently, drop_concurrently

revision: str = "0712"
down_revision: str | None = "0711"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# The trigger folds what it is given anew; a few at a time, so that nobody waits for long.
FOLD = """
DO $$ BEGIN
    LOOP
        UPDATE members SET display_name = display_name WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM members WHERE search_text IS NULL AND display_name IS NOT NULL LIMIT 2000));
        EXIT WHEN NOT FOUND;
        COMMIT;
    END LOOP;
END $$
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(FOLD)
        create_concurrently(
            "ix_members_search",
            "members",
            ["organization_id", "search_text"],
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        )
        create_concurrently("ix_members_name", "members", ["organization_id", "search_text", "user_id"])
        create_concurrently("ix_members_status", "members", ["organization_id", "status", "user_id"])


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in ("ix_members_status", "ix_members_name", "ix_members_search"):
            drop_concurrently(name, "members")
