"""A mail as it leaves. Its header is written here, byte for byte, and not by `email`.

What `email` makes of a value depends on the interpreter's patch level: it decodes encoded words in what it is given,
some versions then write the line breaks that were in them, and some lose the quotes of a name that they fold. So
whatever is not plain is written as base64, and a letter whose header reads otherwise than it was meant is none.
"""

import re
import unicodedata
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_string, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parseaddr
from textwrap import wrap

import idna

from learning_service.domain.kernel.characters import BIDI_CONTROLS

FOLD_AT, MAX_LINE = 68, 998
_PLAIN = re.compile(r"(?!.*=\?)[ -~]*\Z")
_DOT_ATOM = re.compile(r"[^\s\x00-\x20\x7f()<>\[\]:;@\\,\".]+(\.[^\s\x00-\x20\x7f()<>\[\]:;@\\,\".]+)*\Z")
_ASCII_DOMAIN = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\Z")
_WORD_BYTES = 45
"""As base64 and with what surrounds it, an encoded word of at most 75 characters."""
_LONE_BREAK = re.compile(rb"\r(?!\n)|(?<!\r)\n|\x00")


class UnsafeLetter(Exception):
    """The header does not read as it was meant; the letter must not leave."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail ready to leave. The envelope is what is said here, never what a header says."""

    id: str
    sender: str
    recipient: str
    content: bytes


def write_letter(
    *,
    id_: str,
    sender: str,
    name: str,
    address: str,
    subject: str,
    extra: Sequence[tuple[str, str]],
    body: EmailMessage,
) -> Letter:
    """The letter to one person. `body` has its MIME headers only; `extra` holds values of our own, in ASCII.

    Raises ValueError for an address that cannot stand in a header, UnsafeLetter when the header is not as meant.
    """
    sender_name, sender_address = parseaddr(sender)
    recipient = usable_address(address)
    domain = sender_address.rpartition("@")[2] or "localhost"
    header = [
        ("Subject", _text(in_header(subject))),
        ("From", _mailbox(in_header(sender_name), usable_address(sender_address))),
        ("To", _mailbox(in_header(name), recipient)),
        ("Message-ID", f"<{id_}@{domain}>"),
        *extra,
    ]
    head = "".join(f"{key}: {value}\r\n" for key, value in header)
    content = head.encode() + body.as_bytes(policy=policy.SMTP)
    _check(content, [*(key for key, _ in header), *body.keys()], recipient)
    return Letter(id_, sender_address, recipient, content)


def one_line(text: str) -> str:
    """The text without what breaks lines, changes direction or cannot be written; whatever was stored before."""
    kept = (_shown(character) for character in text if character not in BIDI_CONTROLS)
    return " ".join("".join(kept).split())


def in_header(text: str) -> str:
    """The same for a header, and without what a reader that decodes twice would take for an encoded word."""
    return one_line(text).replace("=?", "= ?")


def usable_address(address: str) -> str:
    """The address with its domain as DNS has it (IDNA 2008). Raises ValueError for one that cannot be."""
    local, _, domain = address.rpartition("@")
    if not _DOT_ATOM.match(local) or any(0xD800 <= ord(c) <= 0xDFFF for c in local):
        raise ValueError("the address has a local part that cannot be")
    try:
        name = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise ValueError("the address has a domain that cannot be") from error
    if not _ASCII_DOMAIN.match(name) or len(name) > 253:
        raise ValueError("the address has a domain that cannot be")
    return f"{local}@{name}"


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    return " " if category in ("Cc", "Zl", "Zp") else character


def _text(text: str) -> str:
    """Folded at spaces, where it is plain."""
    if not _PLAIN.match(text):
        return _encoded(text)
    return "\r\n ".join(wrap(text, FOLD_AT, break_long_words=False, break_on_hyphens=False))


def _mailbox(name: str, address: str) -> str:
    if not name:
        return address
    if not _PLAIN.match(name):
        return f"{_encoded(name)}\r\n <{address}>"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"\r\n <{address}>'


def _encoded(text: str) -> str:
    """As encoded words (RFC 2047), none of which splits a character."""
    words, word = [], b""
    for character in text:
        octets = character.encode()
        if len(word) + len(octets) > _WORD_BYTES:
            words.append(word)
            word = b""
        word += octets
    return "\r\n ".join(f"=?utf-8?b?{b64encode(one).decode()}?=" for one in [*words, word])


def _check(content: bytes, names: list[str], recipient: str) -> None:
    """Raises UnsafeLetter unless header and addressee read as meant, by the bytes and by a parser."""
    head = content.partition(b"\r\n\r\n")[0]
    lines = head.split(b"\r\n")
    begun = [line.partition(b":")[0].decode("ascii", "replace") for line in lines if line[:1] not in b" \t"]
    if begun != names or _LONE_BREAK.search(content) or max(map(len, lines)) > MAX_LINE:
        raise UnsafeLetter("the header has other lines than were written")
    try:
        parsed = message_from_string(head.decode(), policy=policy.default)
        told = [one.addr_spec for one in parsed["To"].addresses]
    except (MessageError, ValueError, LookupError, AttributeError, IndexError) as error:
        raise UnsafeLetter("the header cannot be read") from error
    if list(parsed.keys()) != names or told != [recipient]:
        raise UnsafeLetter("the header is read otherwise than it was written")
