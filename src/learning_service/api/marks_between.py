"""Calls that the service makes once more by itself, when large answers have been marked for them."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from learning_service.api.problems import domain_problem
from learning_service.domain.completion.actions.marking import with_marks
from learning_service.domain.kernel.errors import Unavailable


class MarksBetween:
    """Pure ASGI: marks what a call found unmarked, and makes the call again.

    By then its first transaction is over, with nothing done. What has been received is kept with the request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            await with_marks(lambda: self.app(scope, receive, send))
        except Unavailable as refusal:
            await domain_problem(Request(scope), refusal)(scope, receive, send)
