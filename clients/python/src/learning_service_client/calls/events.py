"""The feed of events, and webhooks."""

from collections.abc import AsyncIterator, Sequence
from typing import Literal

from learning_service_client.parts import Id, given, uuid_of
from learning_service_client.shapes.events import DeliveryOut, FeedOut, WebhookOut, WebhookSecretOut
from learning_service_client.transport import Transport


class EventCalls(Transport):
    """The feed of events, and webhooks."""

    async def list_events(
        self, *, after: str | None = None, wait: float | None = None, limit: int | None = None
    ) -> FeedOut:
        """Events after a cursor, oldest first; with `wait`, up to so many seconds until there is one."""
        return await self._get(FeedOut, "/api/events/", after=after, wait=wait, limit=limit)

    def list_webhooks(self, *, limit: int | None = None) -> AsyncIterator[WebhookOut]:
        """The organization's subscriptions, newest first."""
        return self._pages(WebhookOut, "/api/webhooks/", limit=limit)

    async def create_webhook(self, *, url: str, event_types: Sequence[str]) -> WebhookSecretOut:
        """Subscribe a receiver."""
        return await self._post(
            WebhookSecretOut, "/api/webhooks/", given(url=url, event_types=list(event_types))
        )

    async def delete_webhook(self, webhook_id: Id) -> None:
        """Unsubscribe."""
        await self._send("DELETE", f"/api/webhooks/{uuid_of(webhook_id)}/")

    def list_deliveries(
        self,
        webhook_id: Id,
        *,
        limit: int | None = None,
        status: Literal["pending", "delivered", "failed"] | None = None,
    ) -> AsyncIterator[DeliveryOut]:
        """What became of each event for this receiver, newest first; kept for 30 days."""
        return self._pages(
            DeliveryOut, f"/api/webhooks/{uuid_of(webhook_id)}/deliveries/", limit=limit, status=status
        )

    async def replay_delivery(self, webhook_id: Id, delivery_id: Id) -> DeliveryOut:
        """Send a delivery again, under the same event id."""
        return await self._post(
            DeliveryOut, f"/api/webhooks/{uuid_of(webhook_id)}/deliveries/{uuid_of(delivery_id)}/replay/"
        )

    async def enable_webhook(self, webhook_id: Id) -> WebhookOut:
        """Send to a receiver again that was disabled, from the next event on."""
        return await self._post(WebhookOut, f"/api/webhooks/{uuid_of(webhook_id)}/enable/")

    async def rotate_webhook_secret(self, webhook_id: Id) -> WebhookSecretOut:
        """A new secret, shown this once."""
        return await self._post(WebhookSecretOut, f"/api/webhooks/{uuid_of(webhook_id)}/rotate-secret/")
