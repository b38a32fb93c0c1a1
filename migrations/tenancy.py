"""What every migration that makes a tenant table calls: row-level security and the roles' rights.

This file is part of the landed migrations: add to it, never change what is here.
"""

from alembic import op

API, WORKER = "learning_api", "learning_worker"


def protect(
    table: str, *, key: str = "organization_id", rights: str = "SELECT, INSERT, UPDATE, DELETE"
) -> None:
    """Row-level security for a tenant table: the API sees its transaction's organization, the worker all."""
    own = f"{key} = current_setting('app.organization_id', true)"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {table}_api ON {table} TO {API} USING ({own}) WITH CHECK ({own})")
    op.execute(f"CREATE POLICY {table}_worker ON {table} TO {WORKER} USING (true) WITH CHECK (true)")
    op.execute(f"GRANT {rights} ON {table} TO {API}, {WORKER}")
