"""Sending a signed event to a receiver, at an address that was looked up and vetted just before."""

import asyncio
import ipaddress
import socket
from datetime import datetime
from urllib.parse import urlsplit

from standardwebhooks.webhooks import Webhook

from learning_service.adapters.http import HttpClient, Posted
from learning_service.domain.kernel.errors import Unavailable
from learning_service.domain.webhooks.rules.addresses import is_public
from learning_service.domain.webhooks.rules.events import url_fault

LOOKUP_SECONDS = 3
CONTENT_TYPE = "application/cloudevents+json"


class UnsafeReceiver(Exception):
    """The receiver's name leads inside; nothing was sent."""


async def vetted_address(url: str, *, development: bool) -> str:
    """An address of the receiver that may be connected to. Raises UnsafeReceiver, Unavailable.

    All addresses of the name must be public: one that leads inside is a reason for distrust, not for another
    try. The reply is what is connected to, so that a name which changes meanwhile gains nothing.
    """
    fault = url_fault(url, development=development)
    if fault is not None:
        raise UnsafeReceiver(fault)
    parts = urlsplit(url)
    host = parts.hostname or ""
    if development and host == "127.0.0.1":
        return host
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            found = await loop.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError) as error:
        raise Unavailable("the receiver's name cannot be looked up") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(is_public(ipaddress.ip_address(a.partition("%")[0])) for a in addresses):
        raise UnsafeReceiver("the receiver's name leads to an address that is not public")
    return addresses[0]


def signature(secrets: tuple[str, ...], event_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks; while a secret is being rotated, one signature for each."""
    signed = [Webhook(secret).sign(event_id, at, body.decode()) for secret in secrets]
    return {
        "Content-Type": CONTENT_TYPE,
        "User-Agent": "learning-service",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signed),
    }


async def send_event(
    http: HttpClient,
    url: str,
    body: bytes,
    *,
    event_id: str,
    secrets: tuple[str, ...],
    at: datetime,
    development: bool,
) -> Posted:
    """Deliver one event. Raises UnsafeReceiver, or Unavailable when no reply came."""
    address = await vetted_address(url, development=development)
    return await http.post(url, body, headers=signature(secrets, event_id, body, at), address=address)
