"""Keyset pages: opaque cursors that name the last row seen, of one list with these filters. Pure.

A cursor is signed, so that a key in it is one that the list itself has given out: queries need not doubt its form.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from learning_service.domain.kernel.errors import Fault, Invalid

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
_SIGNATURE = 12
T = TypeVar("T")


@dataclass(frozen=True)
class Cursors:
    """The cursors of one list: `scope` is all that makes it this one (organization, path, filters).

    The first key signs; those after it are believed as well.
    """

    keys: tuple[bytes, ...]
    scope: str

    def encode(self, key: Sequence[object]) -> str:
        """A cursor for the row with this sort key."""
        payload = json.dumps([str(part) for part in key], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._sign(self.keys[0], payload) + payload).decode().rstrip("=")

    def decode(self, cursor: str, parts: int) -> tuple[str, ...]:
        """The sort key inside a cursor of this list. Raises Invalid for any other."""
        refused = Invalid.at("?cursor", "is not a cursor that this list gave out", "not-our-cursor")
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raise refused from None
        signature, payload = raw[:_SIGNATURE], raw[_SIGNATURE:]
        if not any(hmac.compare_digest(signature, self._sign(key, payload)) for key in self.keys):
            raise refused
        key = json.loads(payload)
        if len(key) != parts:
            raise refused
        return tuple(key)

    def _sign(self, key: bytes, payload: bytes) -> bytes:
        scope = self.scope.encode()
        return hmac.digest(key, len(scope).to_bytes(4, "big") + scope + payload, "sha256")[:_SIGNATURE]


@dataclass(frozen=True)
class PageRequest:
    """What a caller asks of a list: how many, after which row (the row's sort key), and which filters."""

    limit: int
    after: tuple[str, ...] | None
    filters: dict[str, str]
    cursors: Cursors


def read_limit(query: Mapping[str, str]) -> int:
    """How many items a page shall have. Raises Invalid."""
    text = query.get("limit")
    if text is None:
        return DEFAULT_LIMIT
    if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    detail = f"must be a whole number from 1 to {MAX_LIMIT}"
    raise Invalid([Fault("?limit", detail, "wrong-form", {"least": 1, "most": MAX_LIMIT})])


def read_page(
    query: Mapping[str, str], *, cursors: Cursors, filters: Mapping[str, str], key_parts: int
) -> PageRequest:
    """Parse `limit` and `cursor` of a list whose filters have been read. Raises Invalid."""
    limit = read_limit(query)
    after = cursors.decode(query["cursor"], key_parts) if "cursor" in query else None
    return PageRequest(limit, after, dict(filters), cursors)


def page_of(
    rows: Sequence[T], page: PageRequest, *, key: Callable[[T], Sequence[object]], item: Callable[[T], Any]
) -> dict[str, Any]:
    """The page of a list: `rows` were read with a limit of one more than the page's."""
    shown = rows[: page.limit]
    more = len(rows) > page.limit
    cursor = page.cursors.encode(key(shown[-1])) if more else None
    return {"items": [item(row) for row in shown], "next_cursor": cursor}


def first_page(limit: int) -> PageRequest:
    """The beginning of a list that is shown as part of something else, so that no cursor of it is given out."""
    return PageRequest(limit, None, {}, Cursors((), ""))
