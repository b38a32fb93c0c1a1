"""Files that questions show: found beside them or inside them, within bounds, and told apart by their content.

Until such a file is a document, its questions name it by an id that comes from its content. So the same question with
the same picture reads the same wherever it comes from.
"""

import base64
import binascii
import hashlib
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import unescape
from urllib.parse import unquote

from learning_service.domain.documents.rules import (
    HEAD_BYTES,
    PICTURES,
    UnusableDocument,
    media_type_of,
    reference_to,
)

MAX_BYTES = 10 * 1024 * 1024
"""Of one picture."""
MAX_ENCLOSURES = 1000
"""In one file of questions."""
_REFERENCE = re.compile("document:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_DATA = re.compile(r"data:image/[a-z]{1,10};base64,", re.IGNORECASE)
_SOURCE = re.compile(r"(<img\s[^<>]*?\bsrc\s*=\s*)(\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that questions show. `id`: stands for it until it is a document."""

    id: uuid.UUID
    name: str
    content: bytes
    sha256: str
    media_type: str
    hidden_slides: bool = False


Found = tuple[str, bytes | None]
"""A file's name and what is in it; None: it is not what it says."""
Find = Callable[[str], Found | None]
"""The file that an address in a text stands for; None: it stands for none."""


def nowhere(_address: str) -> None:
    """Where there are no files beside the questions."""


class NotTaken(Exception):
    """Why a file is not kept, as its author reads it."""


def enclose(name: str, content: bytes, *, hidden_slides: bool = False) -> Enclosure:
    """The file, known by its content. Raises NotTaken for what no document can be."""
    try:
        media_type = media_type_of(content[:HEAD_BYTES])
    except UnusableDocument as error:
        raise NotTaken(f"The file {name[:100]!r} {error.faults[0].detail}.") from None
    digest = hashlib.sha256(content).hexdigest()
    return Enclosure(content_id(digest, hidden_slides), name, content, digest, media_type, hidden_slides)


def content_id(sha256: str, hidden_slides: bool) -> uuid.UUID:
    """The id by which a file of this content, shown like this, is named until it is a document."""
    digest = hashlib.sha256(f"{sha256} with hidden slides".encode()).hexdigest() if hidden_slides else sha256
    return uuid.UUID(digest[:32])


def from_base64(text: str) -> bytes | None:
    """What the text says in base64; None: it is none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def each_source(html: str, other: Callable[[str], str | None]) -> str:
    """A text with other addresses of its images; None: it stays."""

    def changed(found: re.Match[str]) -> str:
        new = other(unescape(found[2].strip("\"'")))
        return found[0] if new is None else f'{found[1]}"{new}"'

    return _SOURCE.sub(changed, html)


def picture_of(address: str, find: Find) -> Enclosure | None:
    """The picture that an address stands for, where `find` finds it or in the address itself; None: for none.

    Raises NotTaken for a file that is none, or too large.
    """
    data = _DATA.match(address)
    file = (
        find(unquote(address.partition("?")[0]))
        if data is None
        else ("picture", from_base64(address[data.end() :]))
    )
    if file is None:
        return None
    name, content = file
    if content is None:
        raise NotTaken(f"The file {name[:100]!r} is no base64.")
    if len(content) > MAX_BYTES:
        raise NotTaken(f"The picture {name[:100]!r} has more than {MAX_BYTES >> 20} MiB.")
    enclosure = enclose(name, content)
    if enclosure.media_type not in PICTURES:
        raise NotTaken(f"The file {name[:100]!r} is no picture.")
    return enclosure


def named_in(text: str) -> frozenset[uuid.UUID]:
    """The ids of documents in a text, JSON or HTML."""
    if "document:" not in text:
        return frozenset()
    return frozenset(map(uuid.UUID, _REFERENCE.findall(text)))


def renamed(text: str, ids: Mapping[uuid.UUID, uuid.UUID]) -> str:
    """A text, JSON or HTML, in which documents are named by these other ids. Others stay."""
    if not ids or "document:" not in text:
        return text

    def other(found: re.Match[str]) -> str:
        new = ids.get(uuid.UUID(found[1]))
        return found[0] if new is None else reference_to(new)

    return _REFERENCE.sub(other, text)
