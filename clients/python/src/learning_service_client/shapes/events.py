"""The feed of events, and webhooks."""

from typing import Literal, NotRequired, TypedDict


class CloudEventOut(TypedDict):
    """A CloudEvents 1.0 event: ids, times and numbers, never names or addresses."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: Literal["application/json"]
    data: dict[str, object]


class DeliveryOut(TypedDict):
    """One event on its way to one receiver."""

    id: str
    event_id: str
    event_type: str
    status: Literal["pending", "delivered", "failed"]
    attempts: int
    created_at: str
    last_attempt_at: str | None
    next_attempt_at: str | None
    delivered_at: str | None
    response_status: int | None
    error: str | None


class FeedOut(TypedDict):
    """Events in their one order; `next_cursor` is always given."""

    items: list[CloudEventOut]
    next_cursor: str


class WebhookOut(TypedDict):
    """A subscription."""

    id: str
    url: str
    event_types: list[str]
    created_at: str
    disabled_at: str | None
    reason: Literal["gone", "failing"] | None
    failing_since: str | None


class WebhookSecretOut(TypedDict):
    """A subscription with its secret, which is shown this once."""

    id: str
    url: str
    event_types: list[str]
    created_at: str
    disabled_at: str | None
    reason: Literal["gone", "failing"] | None
    failing_since: str | None
    secret: NotRequired[str]
