"""Members are found by what a person types: their name and address without accents and case, kept by a trigger.

The view is what searches read. Under row-level security `LIKE` uses no index, because it is not leakproof; a view
belongs to the owner of the tables, for whom no policy holds, and keeps the organization by itself.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from tenancy import API, WORKER

revision: str = "0711"
down_revision: str | None = "0761"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FOLDED = """
CREATE OR REPLACE FUNCTION folded(words text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT lower(public.unaccent('public.unaccent'::regdictionary, normalize(words, NFKD)))
$$
"""
FOLD_MEMBER = """
CREATE OR REPLACE FUNCTION fold_member() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.search_text := ' ' || left(folded(NEW.display_name), 200)
        || COALESCE(' ' || left(folded(NEW.email), 320), '');
    RETURN NEW;
END $$
"""
VIEW = """
CREATE VIEW found_members AS
    SELECT m.organization_id, m.user_id, m.chapter_id, m.status, m.search_text FROM members m
    WHERE m.organization_id = current_setting('app.organization_id', true) AND m.erased_at IS NULL
"""


def upgrade() -> None:
    for extension in ("unaccent", "pg_trgm", "btree_gin"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension} SCHEMA public")
    op.execute(FOLDED)
    op.execute(FOLD_MEMBER)
    op.execute("REVOKE ALL ON FUNCTION folded FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION folded TO {API}, {WORKER}")
    op.add_column("members", sa.Column("search_text", sa.Text(collation="C"), nullable=True))
    op.execute(
        "CREATE TRIGGER member_is_found BEFORE INSERT OR UPDATE OF display_name, email ON members"
        " FOR EACH ROW EXECUTE FUNCTION fold_member()"
    )
    op.execute(VIEW)
    op.execute(f"GRANT SELECT ON found_members TO {API}, {WORKER}")


def downgrade() -> None:
    op.execute("DROP VIEW found_members")
    op.execute("DROP TRIGGER member_is_found ON members")
    op.drop_column("members", "search_text")
    op.execute("DROP FUNCTION fold_member")
    op.execute("DROP FUNCTION folded")
    for extension in ("btree_gin", "pg_trgm", "unaccent"):
        op.execute(f"DROP EXTENSION {extension}")
