"""A credential baked into a picture, as Open Badges 3.0 (5.3.1) has it: one iTXt chunk behind the PNG's head."""

import hashlib
import zlib
from typing import NamedTuple

KEYWORD = b"openbadgecredential"
STYLE = 1
"""Raised where pictures are drawn otherwise: then the same course gets a new one."""
_HEAD = 33
"""Bytes of a PNG's signature and first chunk."""
_BEFORE_TEXT = KEYWORD + bytes(5)
"""Keyword, its end, not packed, no language and no translated keyword."""


def picture_id(title: str, color: str | None, logo_key: str | None) -> str:
    """The id of the picture that shows this: a digest of what it is drawn from."""
    return hashlib.sha256(repr((STYLE, title, color, logo_key)).encode()).hexdigest()


def bake(picture: bytes, credential: str) -> bytes:
    """The picture with the credential in it; always the same bytes."""
    body = b"iTXt" + _BEFORE_TEXT + credential.encode()
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return picture[:_HEAD] + chunk + picture[_HEAD:]


class Baked(NamedTuple):
    """What was baked, and into what."""

    picture: bytes
    credential: str


def unbake(badge: bytes) -> Baked | None:
    """What `bake` put together; None for what it did not."""
    size = int.from_bytes(badge[_HEAD : _HEAD + 4], "big")
    start = _HEAD + 8
    text = badge[start + len(_BEFORE_TEXT) : start + size]
    found = Baked(badge[:_HEAD] + badge[start + size + 4 :], text.decode("utf-8", "replace"))
    return found if bake(*found) == badge else None
