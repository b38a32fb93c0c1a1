"""The audit trail and a grader's history are read newest first, by each filter.

Every index ends with the id, which follows the time.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from alembic import op
from indexes import create_concurrently, drop_concurrently

revision: str = "0732"
down_revision: str | None = "0731"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEXES: Mapping[str, tuple[str, Sequence[Any]]] = MappingProxyType(
    {
        "ix_audit_entries_actor": ("audit_entries", ["organization_id", "actor", "id"]),
        "ix_audit_entries_action": ("audit_entries", ["organization_id", "action", "id"]),
        "ix_audit_entries_course": ("audit_entries", ["organization_id", "course_id", "id"]),
        "ix_audit_entries_whom": (
            "audit_entries",
            ["organization_id", sa.text("coalesce(person, subject_id)"), "id"],
        ),
        "ix_audit_entries_at": ("audit_entries", ["organization_id", "at"]),
        "ix_response_grades_graded_by": ("response_grades", ["organization_id", "graded_by", "id"]),
    }
)


def upgrade() -> None:
    """Beside readers and writers."""
    with op.get_context().autocommit_block():
        for name, (table, columns) in INDEXES.items():
            create_concurrently(name, table, columns)


def downgrade() -> None:
    """As it was."""
    with op.get_context().autocommit_block():
        for name, (table, _) in INDEXES.items():
            drop_concurrently(name, table)
