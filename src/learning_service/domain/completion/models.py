"""The tables of runs that go through many enrollments: changes, files that make them, regrades, and moves."""

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id, reference
from learning_service.domain.kernel.values import JsonObject


class EnrollmentRun(Base):
    """One change of all enrollments that a filter finds or a file names, done step by step."""

    __tablename__ = "enrollment_runs"
    __table_args__ = (
        CheckConstraint(
            "action IN ('extend', 'remind', 'withdraw', 'grant_attempts',"
            " 'import_assignments', 'import_extensions', 'import_completions')",
            name="action",
        ),
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


class ImportRow(Base):
    """A row of a file that an import has still to do; gone once it is done."""

    __tablename__ = "import_rows"
    __table_args__ = (reference("run_id", "enrollment_runs"),)

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    course_id: Mapped[uuid.UUID]
    due_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    completed_on: Mapped[date | None]
    score: Mapped[Decimal | None]


class Regrade(Base):
    """A correction of a version's keys: its preview, and once it is applied the run that grades anew."""

    __tablename__ = "regrades"
    __table_args__ = (
        reference("version_id", "course_versions"),
        CheckConstraint("policy IN ('either', 'new_only', 'full_credit', 'drop')", name="policy"),
        CheckConstraint("status IN ('preview', 'applying', 'applied', 'failed')", name="status"),
        Index("ix_regrades_version", "organization_id", "version_id", "id"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    version_id: Mapped[uuid.UUID]
    base: Mapped[int]
    """After how many corrections it was previewed. Applied, it is the next one."""
    status: Mapped[str]
    policy: Mapped[str]
    changes: Mapped[list[Any]] = mapped_column(JSONB)
    lower: Mapped[bool]
    note: Mapped[str]
    previewed_by: Mapped[str]
    previewed_at: Mapped[datetime]
    applied_by: Mapped[str | None]
    applied_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cursor: Mapped[uuid.UUID | None]
    """The last enrollment that was graded anew."""
    total: Mapped[int]
    """Enrollments to go through."""
    done: Mapped[int]
    attempts: Mapped[int]
    """Attempts that were looked at. The counts are of the preview, and once it is applied of what it did."""
    attempts_up: Mapped[int]
    attempts_down: Mapped[int]
    passes_won: Mapped[int]
    passes_lost: Mapped[int]
    certificates_touched: Mapped[int]
    compliance_touched: Mapped[int]
    sample: Mapped[list[Any]] = mapped_column(JSONB)
    """Some of the attempts that change, without their learners."""
    error: Mapped[str | None]
    """Why it failed: a code."""


class VersionMigration(Base):
    """A run that moves open enrollments of a course to another of its versions."""

    __tablename__ = "version_migrations"
    __table_args__ = (
        reference("course_id", "courses"),
        reference("version_id", "course_versions"),
        CheckConstraint("status IN ('running', 'done', 'failed')", name="status"),
        Index(
            "uq_version_migrations_running",
            "organization_id",
            "course_id",
            unique=True,
            postgresql_where=text("status = 'running'"),
        ),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    course_id: Mapped[uuid.UUID]
    version_id: Mapped[uuid.UUID]
    """Where they move to."""
    started_by: Mapped[str]
    from_versions: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Ids of the versions that are left; None: every other one."""
    enrollment_ids: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Which enrollments; None: all."""
    status: Mapped[str]
    cursor: Mapped[uuid.UUID | None]
    """The last enrollment that was looked at."""
    apart: Mapped[uuid.UUID | None]
    """The last of those that wait that was looked at; None until all others are moved."""
    total: Mapped[int]
    done: Mapped[int]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]
    """Why it failed: a code."""


class WaitingMove(Base):
    """An enrollment that is moved by itself: it is completed by that, or an attempt of it is under way."""

    __tablename__ = "waiting_moves"
    __table_args__ = (
        reference("enrollment_id", "enrollments", ondelete="CASCADE"),
        reference("migration_id", "version_migrations"),
        Index("ix_waiting_moves_migration", "organization_id", "migration_id", "enrollment_id"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    enrollment_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    migration_id: Mapped[uuid.UUID]


class EnrollmentMove(Base):
    """That an enrollment was moved, and how much of what its learner had done was kept."""

    __tablename__ = "enrollment_moves"
    __table_args__ = (reference("enrollment_id", "enrollments", ondelete="CASCADE"),)

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    enrollment_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    from_version: Mapped[int]
    """The number of the version, as of `to_version`."""
    to_version: Mapped[int]
    moved_at: Mapped[datetime]
    kept: Mapped[int]
    """Items that the learner had done or tried, and that are the same."""
    lost: Mapped[int]
    """Those that are to be done again, or are no more."""
