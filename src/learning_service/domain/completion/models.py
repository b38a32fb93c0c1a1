"""The table of runs that change many enrollments."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id
from learning_service.domain.kernel.values import JsonObject


class EnrollmentRun(Base):
    """One change of all enrollments that a filter finds, done step by step, newest first."""

    __tablename__ = "enrollment_runs"
    __table_args__ = (
        CheckConstraint("action IN ('extend', 'remind', 'withdraw', 'grant_attempts')", name="action"),
        CheckConstraint("status IN ('running', 'done', 'failed')", name="status"),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    action: Mapped[str]
    started_by: Mapped[str]
    roles: Mapped[list[str]] = mapped_column(JSONB)
    """What the person who started it was: the run reaches no further."""
    wanted: Mapped[JsonObject]
    """The filter; empty once the run has ended, for it may hold a name."""
    due_at: Mapped[datetime | None]
    extra: Mapped[int]
    reason: Mapped[str | None]
    """Gone once the run has ended; each enrollment keeps it."""
    status: Mapped[str]
    cursor: Mapped[uuid.UUID | None]
    """The last enrollment that was looked at."""
    total: Mapped[int]
    done: Mapped[int]
    skipped: Mapped[int]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]
    """Why it failed: a code."""
