"""Keyset pages: opaque cursors that name the last row seen, of one list of one organization. Pure."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from learning_service.domain.errors import Fault, Invalid

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
T = TypeVar("T")


@dataclass(frozen=True)
class PageRequest:
    """What a caller asks of a list: how many, after which row (the row's sort key), and which filters."""

    limit: int
    after: tuple[str, ...] | None
    filters: dict[str, str]
    scope: str
    """The list and the organization that its cursors are for."""


def _digest(scope: str, payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=6, key=scope.encode()[:64]).digest()


def encode_cursor(scope: str, key: Sequence[object]) -> str:
    """A cursor for the row with this sort key."""
    payload = json.dumps([str(part) for part in key], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_digest(scope, payload) + payload).decode().rstrip("=")


def decode_cursor(scope: str, cursor: str, parts: int) -> tuple[str, ...]:
    """The sort key inside a cursor of ours. Raises Invalid for any other."""
    refused = Invalid.at("?cursor", "is not a cursor that this list gave out", "not-our-cursor")
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        if raw[:6] != _digest(scope, raw[6:]):
            raise refused
        key = json.loads(raw[6:])
    except (ValueError, binascii.Error):
        raise refused from None
    if not isinstance(key, list) or len(key) != parts:
        raise refused
    return tuple(map(str, key))


def read_page(query: dict[str, str], *, scope: str, filters: frozenset[str], key_parts: int) -> PageRequest:
    """Parse `limit`, `cursor` and the named filters. Raises Invalid naming every fault."""
    faults: list[Fault] = []
    limit = DEFAULT_LIMIT
    if "limit" in query:
        text = query["limit"]
        if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MAX_LIMIT:
            limit = int(text)
        else:
            faults.append(
                Fault(
                    "?limit",
                    f"must be a whole number from 1 to {MAX_LIMIT}",
                    "wrong-form",
                    {"least": 1, "most": MAX_LIMIT},
                )
            )
    if faults:
        raise Invalid(faults)
    after = decode_cursor(scope, query["cursor"], key_parts) if "cursor" in query else None
    return PageRequest(limit, after, {k: v for k, v in query.items() if k in filters}, scope)


def page_of(
    rows: Sequence[T], page: PageRequest, *, key: Callable[[T], Sequence[object]], item: Callable[[T], Any]
) -> dict[str, Any]:
    """The answer for a list: `rows` were read with a limit of one more than the page's."""
    shown = rows[: page.limit]
    more = len(rows) > page.limit
    cursor = encode_cursor(page.scope, key(shown[-1])) if more else None
    return {"items": [item(row) for row in shown], "next_cursor": cursor}
