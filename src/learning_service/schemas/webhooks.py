"""Wire types of events, subscriptions and deliveries."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AliasChoices, Field

from learning_service.domain.kernel.values import JsonObject
from learning_service.schemas.common import Out


class CloudEventOut(Out):
    """A CloudEvents 1.0 event: ids, times and numbers, never names or addresses."""

    specversion: Literal["1.0"]
    id: str
    """The event's, the same however often it is sent."""
    source: str
    """The service that sends it."""
    type: str
    """`learning.` and what happened."""
    subject: str
    time: str
    """When it happened, as RFC 3339."""
    datacontenttype: Literal["application/json"]
    data: JsonObject


class FeedOut(Out):
    """Events in their one order; `next_cursor` is always given."""

    items: list[CloudEventOut]
    """Events in the order in which they are numbered."""
    next_cursor: str
    """Send it as `after`; always given, also when nothing is new."""


class WebhookOut(Out):
    """A subscription."""

    id: UUID
    url: str
    event_types: list[str]
    created_at: datetime
    disabled_at: datetime | None
    """Since when nothing is sent to it."""
    reason: Annotated[
        Literal["gone", "failing"] | None, Field(validation_alias=AliasChoices("disabled_reason", "reason"))
    ]
    """Why it is disabled: its receiver answered 410 Gone, or took nothing for five days."""
    failing_since: datetime | None
    """Since when its receiver has taken nothing; null while it takes what it gets."""


class WebhookSecretOut(WebhookOut):
    """A subscription with its secret, which is shown this once."""

    secret: str = ""
    """With it each delivery is signed. Absent where the request was repeated with its `Idempotency-Key`."""

    @classmethod
    def of(cls, webhook: object, secret: str) -> Self:
        """The subscription as stored, with the secret that is stored sealed."""
        return cls(**WebhookOut.model_validate(webhook).model_dump(), secret=secret)


class DeliveryOut(Out):
    """One event on its way to one receiver."""

    id: UUID
    """Names the delivery where it is replayed."""
    event_id: UUID
    event_type: str
    """`learning.` and what happened."""
    status: Literal["pending", "delivered", "failed"]
    attempts: int
    """How often it has been sent."""
    created_at: datetime
    last_attempt_at: datetime | None
    """When it was sent last; null: not yet."""
    next_attempt_at: datetime | None
    """When it is sent next; null: it is not."""
    delivered_at: datetime | None
    """When the receiver took it; null: it did not."""
    response_status: int | None
    """What the receiver answered last; null: nothing came."""
    error: str | None
    """Why the last try failed; null: it did not."""
