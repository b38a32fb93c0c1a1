"""Where the service's mails and webhooks arrive in the rig: a mail server, and receivers of events."""

import asyncio
import email
import email.policy
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session


class Inbox:
    """An SMTP server's hands: keeps the Message-ID of each mail that it took, as often as it took it."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a mail."""
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.taken[str(message["Message-ID"]).strip("<>").partition("@")[0]] += 1
        return "250 OK"


@asynccontextmanager
async def smtp_server(inbox: Inbox) -> AsyncIterator[int]:
    """The inbox behind a port."""
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(inbox, enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    yield server.sockets[0].getsockname()[1]
    server.close()
