"""Guessing at what only a random id tells is counted, and refused when it is too much."""

from fastapi import Request

from learning_service.context import Context
from learning_service.domain.kernel.errors import RateLimited


def count_unknown(request: Request, context: Context, amount: int = 1) -> None:
    """Note that this address requested certificates that do not exist. Raises RateLimited for guessing.

    To be called only where something was unknown: a known certificate is always answered.
    """
    wait = context.limits.count_guess(*_hops(request), amount)
    if wait:
        raise RateLimited("This address has requested too many unknown certificates.", retry_after=wait)


def client_of(request: Request, context: Context) -> str:
    """Whose call it is, where no token says so: the address by which guesses are counted."""
    return context.limits.household_of(*_hops(request))


def _hops(request: Request) -> tuple[str | None, list[str]]:
    peer = request.client.host if request.client is not None else None
    return peer, request.headers.getlist("x-forwarded-for")
