"""Tables of reminders: which mails are due to whom, each claimed once, and how fast an organization's leave."""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id, reference


class Reminder(Base):
    """A mail about an enrollment, or that it became overdue. Making the row claims it: the second makes none."""

    __tablename__ = "reminders"
    __table_args__ = (
        reference("enrollment_id", "enrollments", ondelete="CASCADE"),
        CheckConstraint("kind IN ('assigned', 'due', 'overdue', 'result', 'certificate')", name="kind"),
        CheckConstraint("(kind = 'due') = (days_before > 0)", name="days_before"),
        CheckConstraint("(kind IN ('due', 'overdue')) = (due_at IS NOT NULL)", name="due_at"),
        CheckConstraint(
            "status IN ('pending', 'sending', 'sent', 'skipped', 'refused', 'unknown', 'told')",
            name="status",
        ),
        Index(
            "uq_reminders_each",
            "organization_id",
            "enrollment_id",
            "due_at",
            "days_before",
            "subject_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    enrollment_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    days_before: Mapped[int]
    """How many days before the due time it reminds, or, negative, after it; 0: that it was assigned, or has become
    overdue."""
    due_at: Mapped[datetime | None]
    """The due time that it reminds of; when that moves, there are others."""
    subject_id: Mapped[uuid.UUID | None]
    """The attempt whose result it tells, the certificate that is ready, or the call or run that reminds by hand."""
    status: Mapped[str]
    """`sending` that never became `sent`: the connection broke after the text; it may have arrived. `told`: an event
    of it was written, and no mail belongs to it."""
    reason: Mapped[str | None]
    """Why it was skipped or refused; no addresses."""
    claimed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class WebhookNotice(Base):
    """A mail to an administrator that a webhook was disabled. Making the row claims it, once for each disabling."""

    __tablename__ = "webhook_notices"
    __table_args__ = (
        reference("subscription_id", "webhook_subscriptions"),
        CheckConstraint(
            "status IN ('pending', 'sending', 'sent', 'skipped', 'refused', 'unknown')", name="status"
        ),
        Index(
            "uq_webhook_notices_claim",
            "organization_id",
            "subscription_id",
            "disabled_at",
            "user_id",
            unique=True,
        ),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    subscription_id: Mapped[uuid.UUID]
    user_id: Mapped[str]
    """Whom it is for."""
    disabled_at: Mapped[datetime]
    """The disabling that it tells of; a webhook can be enabled, and disabled again."""
    status: Mapped[str]
    """As a reminder's."""
    reason: Mapped[str | None]
    """Why it was skipped or refused; no addresses."""
    claimed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class EvidenceMail(Base):
    """A mail to a member about a decision on their evidence. Making the row claims it, once for each decision."""

    __tablename__ = "evidence_mails"
    __table_args__ = (
        reference("evidence_id", "evidence"),
        CheckConstraint(
            "status IN ('pending', 'sending', 'sent', 'skipped', 'refused', 'unknown')", name="status"
        ),
        Index("uq_evidence_mails_claim", "organization_id", "evidence_id", "decided_at", unique=True),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    evidence_id: Mapped[uuid.UUID]
    decided_at: Mapped[datetime]
    """The decision that it tells of; an approval may be taken back later, which is another."""
    status: Mapped[str]
    """As a reminder's."""
    reason: Mapped[str | None]
    """Why it was skipped or refused; no addresses."""
    claimed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class OfficerDigest(Base):
    """A week's mail to a chapter's or a region's administrator. Making the row claims it: one a week."""

    __tablename__ = "officer_digests"
    __table_args__ = (
        CheckConstraint(
            "status IN ('pending', 'sending', 'sent', 'skipped', 'refused', 'unknown')", name="status"
        ),
        Index("uq_officer_digests_week", "organization_id", "week", "user_id", unique=True),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[str]
    """Whom it is for."""
    week: Mapped[date]
    """The Monday with which the week begins where the organization is."""
    status: Mapped[str]
    """As a reminder's."""
    reason: Mapped[str | None]
    """Why it was skipped or refused; no addresses."""
    claimed_at: Mapped[datetime]
    """The instant that it tells of, too."""
    ended_at: Mapped[datetime | None]


class MailPace(Base):
    """When an organization's next mail may leave, over all workers."""

    __tablename__ = "mail_paces"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    next_at: Mapped[datetime]
    """Nothing leaves before."""
    planned_until: Mapped[datetime]
    """Until when the mails planned so far will take."""
