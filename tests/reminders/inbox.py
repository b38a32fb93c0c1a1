"""A real SMTP server that keeps what it takes."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from time import monotonic

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Inbox:
    """What the server took, with the moment of each; `refuse` answers to recipients."""

    messages: list[EmailMessage] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    domain: str = ""
    """Mails to others are taken and forgotten: other tests' organizations share the worker."""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.refuse.get("*") or self.refuse.get(address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        if message["To"].addresses[0].domain.endswith(self.domain):
            self.messages.append(message)
            self.at.append(monotonic())
        if self.cut and server.transport is not None:
            server.transport.close()
        return "250 OK"

    def subjects(self) -> list[str]:
        """Subjects, by recipient. No property: the server looks at all attributes for each connection."""
        return sorted(f"{m['To'].addresses[0].addr_spec}: {m['Subject']}" for m in self.messages)


@asynccontextmanager
async def smtp_server(inbox: Inbox) -> AsyncIterator[int]:
    """The inbox behind a port."""
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(inbox, enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    yield server.sockets[0].getsockname()[1]
    server.close()
