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
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: Literal["application/json"]
    data: JsonObject


class FeedOut(Out):
    """Events in their one order; `next_cursor` is always given."""

    items: list[CloudEventOut]
    next_cursor: str


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

    secret: str

    @classmethod
    def of(cls, webhook: object, secret: str) -> Self:
        """The subscription as stored, with the secret that is stored sealed."""
        return cls(**WebhookOut.model_validate(webhook).model_dump(), secret=secret)


class DeliveryOut(Out):
    """One event on its way to one receiver."""

    id: UUID
    event_id: UUID
    event_type: str
    status: Literal["pending", "delivered", "failed"]
    attempts: int
    created_at: datetime
    last_attempt_at: datetime | None
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    response_status: int | None
    error: str | None
