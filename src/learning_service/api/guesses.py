"""Guessing at what only a random id tells is counted, and refused when it is too much."""

from fastapi import Request

from learning_service.context import Context
from learning_service.domain.kernel.errors import RateLimited


def count_unknown(request: Request, context: Context, amount: int = 1) -> None:
    """Note that this address requested certificates that do not exist. Raises RateLimited for guessing.

    To be called only where something was unknown: a known certificate is always answered.
    """
    peer = request.client.host if request.client is not None else None
    wait = context.limits.count_guess(peer, request.headers.getlist("x-forwarded-for"), amount)
    if wait:
        raise RateLimited("This address has requested too many unknown certificates.", retry_after=wait)
