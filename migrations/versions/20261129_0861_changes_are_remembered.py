"""Triggers keep what a change of the rows that compliance follows from took away.

Each is made in a transaction of its own, which holds one table for a moment, and can be made again.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0861"
down_revision: str | None = "0860"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ENDED = """OLD.{0} IS NOT NULL AND OLD.{0} IS DISTINCT FROM NEW.{0}"""
CHANGED = """OLD.{0} IS DISTINCT FROM NEW.{0}"""
REMEMBERED = {
    "organization_settings": (
        "settings, organization_id, active_statuses",
        CHANGED.format("active_statuses"),
    ),
    "chapters": (
        "chapter, id, region_id, closed_at",
        f"{CHANGED.format('region_id')} OR {CHANGED.format('closed_at')}",
    ),
    "compliance_requirements": (
        "requirement, id, audience_filter, closed_at",
        f"{CHANGED.format('audience_filter')} OR {CHANGED.format('closed_at')}",
    ),
    "courses": (
        "course, id, linked_compliance_requirement",
        CHANGED.format("linked_compliance_requirement"),
    ),
    "course_completions": (
        "completion, id, requirement_id, expires_at, voided_at",
        f"{CHANGED.format('requirement_id')} OR {CHANGED.format('expires_at')} OR {ENDED.format('voided_at')}",
    ),
    "enrollments": (
        "enrollment, id, status, due_at, awaiting_review, ended_at, withdrawn_at",
        f"{CHANGED.format('due_at')} OR {CHANGED.format('awaiting_review')}"
        f" OR {ENDED.format('ended_at')} OR {ENDED.format('withdrawn_at')}",
    ),
}
"""By table: the kind, the column that names the row and those kept, and when they are."""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for table, (kept, condition) in REMEMBERED.items():
            op.execute(
                f"CREATE OR REPLACE TRIGGER remember_past_values AFTER UPDATE ON {table} FOR EACH ROW"
                f" WHEN ({condition}) EXECUTE FUNCTION remember_past_values({kept})"
            )
        # An organization without settings had none; only what a row begins with is kept.
        op.execute(
            "CREATE OR REPLACE TRIGGER remember_no_settings AFTER INSERT ON organization_settings FOR EACH ROW"
            " WHEN (NEW.active_statuses IS NOT NULL)"
            " EXECUTE FUNCTION remember_past_values(settings, organization_id, active_statuses)"
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP TRIGGER IF EXISTS remember_no_settings ON organization_settings")
        for table in REMEMBERED:
            op.execute(f"DROP TRIGGER IF EXISTS remember_past_values ON {table}")
