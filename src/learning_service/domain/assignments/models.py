"""Tables of assignment: rules, runs of rules or of large audiences, and whom a rule no longer means."""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id, reference
from learning_service.domain.kernel.values import JsonObject


class AssignmentRule(Base):
    """Whom a course is assigned to, and what sets that off. A deleted one stays, because enrollments name it."""

    __tablename__ = "assignment_rules"
    __table_args__ = (
        reference("course_id", "courses"),
        CheckConstraint(
            "trigger IN ('membership_status_change', 'scheduled_date', 'manual')", name="trigger"
        ),
        CheckConstraint("on_leaving IN ('keep', 'pause', 'withdraw')", name="on_leaving"),
        CheckConstraint("due_in_days BETWEEN 1 AND 3650", name="due_in_days"),
        CheckConstraint("due_in_days IS NULL OR due_on IS NULL", name="due"),
        CheckConstraint("(trigger = 'scheduled_date') = (scheduled_on IS NOT NULL)", name="scheduled_on"),
        Index(
            "ix_assignment_rules_organization",
            "organization_id",
            "id",
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(
            "ix_assignment_rules_scheduled",
            "scheduled_on",
            postgresql_where=text("deleted_at IS NULL AND active AND scheduled_on IS NOT NULL"),
        ),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    course_id: Mapped[uuid.UUID]
    trigger: Mapped[str]
    audience_filter: Mapped[JsonObject]
    due_in_days: Mapped[int | None]
    due_on: Mapped[date | None]
    due_from: Mapped[JsonObject | None] = mapped_column(JSONB(none_as_null=True))
    """The `field` of a member that holds a day, and how many `days` later it is due."""
    on_leaving: Mapped[str] = mapped_column(server_default="keep")
    """What becomes of the open enrollments that it alone has made, of members whom it no longer means."""
    scheduled_on: Mapped[date | None]
    fired_on: Mapped[date | None]
    """The `scheduled_on` that it has fired for; another day fires again."""
    repeat: Mapped[str | None]
    """`yearly`: once it has fired, `scheduled_on` is the day's next anniversary."""
    active: Mapped[bool]
    reach: Mapped[JsonObject]
    """Whose members the last editor administers; the rule reaches no others."""
    edited_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class AssignmentRun(Base):
    """One going through an audience, of a rule or of a person's large assignment. What it means stays as it was."""

    __tablename__ = "assignment_runs"
    __table_args__ = (
        reference("rule_id", "assignment_rules"),
        reference("course_id", "courses"),
        CheckConstraint("status IN ('running', 'done', 'stopped', 'undoing', 'undone')", name="status"),
        Index("ix_assignment_runs_rule", "organization_id", "rule_id", "id"),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    rule_id: Mapped[uuid.UUID | None]
    course_id: Mapped[uuid.UUID]
    trigger: Mapped[str]
    """`manual` (a rule's, by hand), `scheduled_date`, or `assignment` by a person without a rule."""
    started_by: Mapped[str]
    audience_filter: Mapped[JsonObject]
    reach: Mapped[JsonObject]
    due_at: Mapped[datetime | None]
    due_from: Mapped[JsonObject | None] = mapped_column(JSONB(none_as_null=True))
    status: Mapped[str]
    reason: Mapped[str | None]
    """Why it stopped."""
    cursor: Mapped[str]
    """The last member looked at; in the order of ids."""
    matches: Mapped[int]
    assigned: Mapped[int]
    already_enrolled: Mapped[int]
    undone: Mapped[int]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class RuleDeparture(Base):
    """An enrollment that a rule has paused or withdrawn, because its member no longer matches."""

    __tablename__ = "rule_departures"
    __table_args__ = (
        reference("enrollment_id", "enrollments", ondelete="CASCADE"),
        CheckConstraint("what IN ('pause', 'withdraw')", name="what"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    enrollment_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    rule_id: Mapped[uuid.UUID]
    what: Mapped[str]
    status: Mapped[str]
    """Of the enrollment until then."""
    due_at: Mapped[datetime | None]
    """Its due time until then."""
    left_at: Mapped[datetime]
