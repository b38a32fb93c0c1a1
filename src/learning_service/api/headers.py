"""A request's headers as the server gives them, and those that every reply has, wherever it is made: by a route, by
the server's protocol, or after an accident.
"""

from collections.abc import Sequence

from starlette.types import Scope

Header = tuple[bytes, bytes]

_CACHE_CONTROL = b"cache-control"
_NO_STORE = (_CACHE_CONTROL, b"no-store")
_POLICY = b"content-security-policy"
# What is no page loads nothing and stands in no frame, even where a browser is made to show it.
_NO_PAGE = (_POLICY, b"default-src 'none'; frame-ancestors 'none'")
_ALWAYS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))


def with_always(headers: Sequence[Header], *further: Header, private: bool = False) -> list[Header]:
    """A reply's headers, those of every reply, and further ones. A page has a policy of its own.

    One that is `private` to its caller is stored nowhere.
    """
    names = dict(headers)
    if private and _CACHE_CONTROL in names:
        headers = [pair for pair in headers if pair[0] != _CACHE_CONTROL]
    if _POLICY in names:
        return [*headers, *_ALWAYS, *((_NO_STORE,) if private else ()), *further]
    if private:
        return [*headers, *_ALWAYS, _NO_PAGE, _NO_STORE, *further]
    return [*headers, *_ALWAYS, _NO_PAGE, *further]


def values_of(scope: Scope, name: bytes) -> list[str]:
    """What a request's headers of this name (in small letters) say, in their order.

    Starlette's mapping of headers takes 5 µs of a call that asks for one.
    """
    return [value.decode("latin-1") for given, value in scope["headers"] if given == name]
