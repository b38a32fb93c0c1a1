"""Indexes on tables in use: made and dropped beside their readers and writers, in an autocommit block.

Such a step is not undone when a later one fails, so it can be taken again: an index that is there and valid stays,
and what an interrupted try left, which is not valid, is made anew.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

_NEWEST = sa.text("SELECT CAST(to_regclass(:key) AS oid) > CAST(to_regclass(:name) AS oid)")
_VALID = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")


def create_concurrently(
    name: str, table: str, columns: Sequence[str | sa.TextClause], **options: Any
) -> None:
    """Make an index unless it is there.

    Of two indexes that cost the same the planner takes the newer one. Of those that begin with the organization this
    is to be the primary key, so it is made anew after another one.
    """
    valid = op.get_bind().scalar(_VALID, {"name": name})
    if valid is False:
        drop_concurrently(name, table)
    if not valid:
        op.create_index(name, table, columns, postgresql_concurrently=True, **options)
    key = f"pk_{table}"
    if str(columns[0]) == "organization_id" and not op.get_bind().scalar(_NEWEST, {"key": key, "name": name}):
        op.execute(f"REINDEX INDEX CONCURRENTLY {key}")


def drop_concurrently(name: str, table: str) -> None:
    """Drop an index if it is there."""
    op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
