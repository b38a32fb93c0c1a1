"""Tables of webhooks and of the feed's numbering."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id, reference


class EventFeed(Base):
    """How far an organization's events are numbered. Positions are never given twice, also after a purge."""

    __tablename__ = "event_feeds"

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    last_position: Mapped[int] = mapped_column(BigInteger)
    published_position: Mapped[int | None] = mapped_column(BigInteger)
    """How far it has been handed on to the stream outside; null: not at all."""
    publishing_until: Mapped[datetime | None]
    """Until when a worker has the turn to hand it on; null: none has."""


class WebhookSubscription(Base):
    """A receiver and the types of events it wants."""

    __tablename__ = "webhook_subscriptions"
    __table_args__ = (
        CheckConstraint(
            "disabled_reason IS NULL OR disabled_at IS NOT NULL AND disabled_reason IN ('gone', 'failing')",
            name="disabled_reason",
        ),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    url: Mapped[str]
    event_types: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    secret: Mapped[str]
    """Signs deliveries; shown once, when it is made, and stored sealed."""
    previous_secret: Mapped[str | None]
    """Signs too until `previous_secret_until`, so that a receiver can change over."""
    previous_secret_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    disabled_at: Mapped[datetime | None]
    """Since when nothing is sent, until it is enabled again."""
    disabled_reason: Mapped[str | None]
    """`gone`: the receiver answered 410. `failing`: nothing came through for days."""
    failing_since: Mapped[datetime | None]
    """When a batch failed and none has brought anything through since."""
    paused_until: Mapped[datetime | None]
    """While a receiver fails, everything for it waits together, so that it delays no other receiver."""
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many batches failed since one last brought something through."""
    sender_id: Mapped[uuid.UUID | None]
    """The job that sends for it, now or next. One at a time, so that a receiver has one hand of a worker."""
    deleted_at: Mapped[datetime | None]


class WebhookDelivery(Base):
    """One event for one receiver."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        reference("subscription_id", "webhook_subscriptions"),
        CheckConstraint("status IN ('pending', 'delivered', 'failed')", name="status"),
        UniqueConstraint("organization_id", "subscription_id", "event_id"),
        Index("ix_webhook_deliveries_created_at", "created_at"),
        Index("ix_webhook_deliveries_list", "subscription_id", "created_at", "id"),
        Index(
            "ix_webhook_deliveries_pending",
            "subscription_id",
            "next_attempt_at",
            "id",
            postgresql_where=text("status = 'pending'"),
        ),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    subscription_id: Mapped[uuid.UUID]
    event_id: Mapped[uuid.UUID]
    """No foreign key: events are purged later than deliveries, and deliveries may be replayed no longer."""
    event_type: Mapped[str]
    status: Mapped[str]
    attempts: Mapped[int]
    created_at: Mapped[datetime]
    last_attempt_at: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    response_status: Mapped[int | None]
    error: Mapped[str | None]
