"""Jobs: scheduled periods, workers' signs of life, counted failures, and figures for metrics."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from tenancy import API, WORKER

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Counts and ages over all organizations, for /metrics, whose role sees no tenant's rows. It tells nothing of any
# one of them. Each part reads a partial index, so that a week of finished jobs costs nothing.
JOB_FIGURES = """
CREATE FUNCTION job_figures() RETURNS TABLE (figure text, queue text, job text, status text, value float8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT 'rows', o.queue, o.job, o.status, count(*)::float8
    FROM public.outbox o WHERE o.status IN ('queued', 'leased') GROUP BY o.queue, o.job, o.status
    UNION ALL
    SELECT 'rows', o.queue, o.job, 'dead', count(*)::float8
    FROM public.outbox o WHERE o.status = 'dead' GROUP BY o.queue, o.job
    UNION ALL
    SELECT 'retrying', o.queue, o.job, '', count(*)::float8
    FROM public.outbox o WHERE o.status IN ('queued', 'leased') AND o.failures > 0 GROUP BY o.queue, o.job
    UNION ALL
    SELECT 'age', o.queue, '', '', greatest(0, extract(epoch FROM clock_timestamp() - min(o.run_at)))::float8
    FROM public.outbox o WHERE o.status IN ('queued', 'leased') GROUP BY o.queue
    UNION ALL
    SELECT 'finished', o.queue, o.job, o.status, count(*)::float8
    FROM public.outbox o
    WHERE o.status IN ('done', 'dead') AND o.finished_at > clock_timestamp() - interval '1 hour'
    GROUP BY o.queue, o.job, o.status
    UNION ALL
    SELECT 'workers', w.queue, '', '', count(*)::float8
    FROM public.workers w WHERE w.seen_at > clock_timestamp() - interval '30 seconds' GROUP BY w.queue
    UNION ALL
    SELECT 'scheduled', '', s.job, '', extract(epoch FROM clock_timestamp() - s.claimed_at)::float8
    FROM public.schedules s
$$
"""


def upgrade() -> None:
    """No tenant has a part in the new tables; the API may not read them at all."""
    op.create_table(
        "schedules",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("period", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_schedules")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    for table in ("schedules", "workers"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {WORKER}")
    op.add_column("outbox", sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
    op.create_index(
        "ix_outbox_dead", "outbox", ["finished_at"], unique=False, postgresql_where=sa.text("status = 'dead'")
    )
    op.execute(JOB_FIGURES)
    op.execute("REVOKE ALL ON FUNCTION job_figures() FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION job_figures() TO {API}, {WORKER}")


def downgrade() -> None:
    op.execute("DROP FUNCTION job_figures()")
    op.drop_index("ix_outbox_dead", table_name="outbox", postgresql_where=sa.text("status = 'dead'"))
    op.drop_column("outbox", "failures")
    op.drop_table("workers")
    op.drop_table("schedules")
