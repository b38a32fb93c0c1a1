"""Subscriptions of receivers, and what became of their deliveries."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from learning_service.adapters.webhook_http import UnsafeReceiver, vetted_address
from learning_service.api.idempotency import KeyedRoute, shown_once
from learning_service.api.parameters import NoBody, body, page, path_id
from learning_service.api.permissions import HasScope
from learning_service.api.requests import ContextOf, Received, Session
from learning_service.context import Context
from learning_service.domain.kernel.errors import Invalid, Unavailable
from learning_service.domain.kernel.paging import PageRequest, page_of
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.webhooks.actions import subscriptions as actions
from learning_service.domain.webhooks.queries import access_webhook, list_deliveries, list_webhooks
from learning_service.domain.webhooks.rules.events import WebhookIn
from learning_service.schemas.common import PageOut
from learning_service.schemas.webhooks import DeliveryOut, WebhookOut, WebhookSecretOut

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"], route_class=KeyedRoute)
Manager = Annotated[Principal, Depends(HasScope("webhooks:manage", or_admin=True))]
STATUSES = ("pending", "delivered", "failed")


async def _safe(
    caller: Manager, context: ContextOf, received: Received, new: Annotated[WebhookIn, body(WebhookIn)]
) -> WebhookIn:
    """Looked up before the transaction opens, so that no transaction waits for a name server."""
    await refuse_unsafe(context, new.url)
    return new


async def refuse_unsafe(context: Context, url: str) -> None:
    """Raises Invalid where the address, or what its name leads to now, is not public.

    A name that cannot be looked up yet is let through: every delivery looks again.
    """
    try:
        await vetted_address(url, development=context.settings.environment == "development")
    except UnsafeReceiver as error:
        raise Invalid.at("/url", str(error), "not-allowed") from None
    except Unavailable:
        return


@router.get("/")
async def list_webhooks_(
    caller: Manager, session: Session, asked: Annotated[PageRequest, page("webhooks")]
) -> PageOut[WebhookOut]:
    """The organization's subscriptions, newest first."""
    rows = await list_webhooks(session, caller, asked)
    return PageOut[WebhookOut](
        **page_of(rows, asked, key=lambda row: (row.id,), item=WebhookOut.model_validate)
    )


@router.post("/", status_code=201, openapi_extra=shown_once("secret"))
async def create_webhook_(
    caller: Manager, context: ContextOf, new: Annotated[WebhookIn, Depends(_safe)], session: Session
) -> WebhookSecretOut:
    """Subscribe a receiver. The secret, which signs every delivery, is shown this once."""
    webhook, secret = await actions.create_webhook(
        session,
        new,
        actor=caller,
        development=context.settings.environment == "development",
        seal=context.seal,
    )
    return WebhookSecretOut.of(webhook, secret)


@router.delete("/{webhook_id}/", status_code=204)
async def delete_webhook_(webhook_id: str, caller: Manager, session: Session) -> Response:
    """Unsubscribe."""
    webhook = await access_webhook(session, caller, path_id(webhook_id))
    await actions.delete_webhook(session, webhook, actor=caller)
    return Response(status_code=204)


@router.get("/{webhook_id}/deliveries/")
async def list_deliveries_(
    webhook_id: str,
    caller: Manager,
    session: Session,
    asked: Annotated[PageRequest, page("deliveries", status=STATUSES, key_parts=2)],
) -> PageOut[DeliveryOut]:
    """What became of each event for this receiver, newest first; kept for 30 days."""
    rows = await list_deliveries(session, caller, path_id(webhook_id), asked)
    return PageOut[DeliveryOut](
        **page_of(rows, asked, key=lambda row: (row.created_at, row.id), item=DeliveryOut.model_validate)
    )


@router.post("/{webhook_id}/deliveries/{delivery_id}/replay/", status_code=202)
async def replay_delivery_(
    webhook_id: str, delivery_id: str, caller: Manager, session: Session, nothing: NoBody
) -> DeliveryOut:
    """Send a delivery again, under the same event id."""
    webhook = await access_webhook(session, caller, path_id(webhook_id))
    delivery = await actions.replay_delivery(session, webhook, path_id(delivery_id), actor=caller)
    return DeliveryOut.model_validate(delivery)


@router.post("/{webhook_id}/enable/")
async def enable_webhook_(webhook_id: str, caller: Manager, session: Session, nothing: NoBody) -> WebhookOut:
    """Send to a receiver again that was disabled, from the next event on. What it missed is in the feed."""
    webhook = await access_webhook(session, caller, path_id(webhook_id))
    await actions.enable_webhook(session, webhook, actor=caller)
    return WebhookOut.model_validate(webhook)


@router.post("/{webhook_id}/rotate-secret/", openapi_extra=shown_once("secret"))
async def rotate_webhook_secret(
    webhook_id: str, caller: Manager, context: ContextOf, session: Session, nothing: NoBody
) -> WebhookSecretOut:
    """A new secret, shown this once. For 24 hours the old one signs beside it."""
    webhook = await access_webhook(session, caller, path_id(webhook_id))
    secret = await actions.rotate_secret(session, webhook, actor=caller, seal=context.seal)
    return WebhookSecretOut.of(webhook, secret)
