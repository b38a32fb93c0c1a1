"""Sending mail: to an SMTP server, or into a directory as `.eml` files.

What went wrong matters more than that it did: a mail that the server never took may be tried again, one that it
refused never, and whether one whose connection broke after its text has arrived cannot be known.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import unquote, urlsplit

import aiosmtplib

from learning_service.adapters.letter import Letter
from learning_service.core.settings import Settings

SMTP_SECONDS = 30
_PORTS = {"smtp": 25, "smtps": 465}


class MailNotTaken(Exception):
    """The server is away or busy and has taken nothing; worth trying again."""


class MailRefused(Exception):
    """The server will never take this mail."""


class MailInDoubt(Exception):
    """The connection broke after the text was sent; it may have arrived."""


class Mailer(Protocol):
    """Somewhere that takes mails."""

    async def send(self, letter: Letter) -> None:
        """Hand over one mail. Raises MailNotTaken, MailRefused, MailInDoubt."""


class SmtpMailer:
    """One connection to an SMTP server, opened when first needed and again when it broke."""

    def __init__(self, url: str, *, timeout: float = SMTP_SECONDS) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("smtp_url must be smtp://host:port or smtps://host:port")
        self._tls = parts.scheme == "smtps"
        self._host, self._port = parts.hostname, parts.port or _PORTS[parts.scheme]
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._timeout = timeout
        self._client: aiosmtplib.SMTP | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drop()

    async def try_login(self) -> None:
        """Connect and log in, and send nothing. Raises MailNotTaken."""
        await self._connected()

    async def send(self, letter: Letter) -> None:
        """Hand over one mail. Raises MailNotTaken, MailRefused, MailInDoubt."""
        client = await self._connected()
        wide = not (letter.recipient.isascii() and letter.sender.isascii())
        options = ["SMTPUTF8", "BODY=8BITMIME"] if wide else []
        if wide and not client.supports_extension("smtputf8"):
            raise MailRefused("the server takes no addresses beyond ASCII")
        await self._envelope(client, letter.sender, letter.recipient, options)
        try:
            await client.data(letter.content)
        except aiosmtplib.SMTPDataError as error:
            raise _judged(error.code) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            self._drop()
            raise MailInDoubt(type(error).__name__) from error

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client is not None and self._client.is_connected:
            return self._client
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            use_tls=self._tls,
            timeout=self._timeout,
        )
        try:
            await client.connect()
            if not client.is_ehlo_or_helo_needed:
                await client.ehlo()
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            client.close()
            raise MailNotTaken(type(error).__name__) from error
        self._client = client
        return client

    async def _envelope(
        self, client: aiosmtplib.SMTP, sender: str, recipient: str, options: list[str]
    ) -> None:
        encoding = "utf-8" if options else "ascii"
        try:
            await client.mail(sender, options=options, encoding=encoding)
            await client.rcpt(recipient, encoding=encoding)
        except aiosmtplib.SMTPResponseException as error:
            refusal = _judged(error.code)
            try:
                await client.rset()
            except (aiosmtplib.SMTPException, OSError, TimeoutError):
                self._drop()
            raise refusal from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            self._drop()
            raise MailNotTaken(type(error).__name__) from error

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


class DirectoryMailer:
    """Writes each mail as a file, for development."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def send(self, letter: Letter) -> None:
        """Write one mail, whole or not at all. Raises MailNotTaken."""
        try:
            await asyncio.to_thread(self._write, letter)
        except OSError as error:
            raise MailNotTaken(type(error).__name__) from error

    def _write(self, letter: Letter) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        unfinished = self._directory / f".{letter.id}.part"
        unfinished.write_bytes(letter.content)
        unfinished.replace(self._directory / f"{letter.id}.eml")


@asynccontextmanager
async def open_mailer(settings: Settings) -> AsyncIterator[Mailer | None]:
    """Where the settings say that mail goes; None: nowhere."""
    if settings.mail_directory is not None:
        yield DirectoryMailer(settings.mail_directory)
    elif settings.smtp_url is not None:
        async with SmtpMailer(settings.smtp_url.get_secret_value()) as mailer:
            yield mailer
    else:
        yield None


def _judged(code: int) -> MailNotTaken | MailRefused:
    return MailNotTaken(f"SMTP {code}") if 400 <= code < 500 else MailRefused(f"SMTP {code}")
