"""Calls that the service makes once more by itself, when large responses have been marked for them."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from learning_service.api.problems import domain_problem
from learning_service.domain.completion.actions.marking import Unmarked, work_again
from learning_service.domain.kernel.errors import Unavailable


async def call_again(app: ASGIApp, unmarked: Unmarked, scope: Scope, receive: Receive, send: Send) -> None:
    """Mark what a call found unmarked, and make the call again.

    By now its first transaction is over, with nothing done. What has been received is kept with the request.
    """
    try:
        await work_again(lambda: app(scope, receive, send), unmarked)
    except Unavailable as refusal:
        await domain_problem(Request(scope), refusal)(scope, receive, send)
