"""Headers that every answer has, wherever it is made: by a route, by the server's protocol, or after an accident."""

from collections.abc import Sequence

CACHE_CONTROL = b"cache-control"
NO_STORE = (CACHE_CONTROL, b"no-store")
_POLICY = b"content-security-policy"
# What is no page loads nothing and stands in no frame, even where a browser is made to show it.
NO_PAGE = (_POLICY, b"default-src 'none'; frame-ancestors 'none'")
ALWAYS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))


def with_always(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """An answer's headers and those of every answer. A page has a policy of its own."""
    if _POLICY in [name for name, _ in headers]:
        return [*headers, *ALWAYS]
    return [*headers, *ALWAYS, NO_PAGE]
