"""More than a process can carry is refused at the door, before it costs anything.

A request counts once it is there. While its body is still on the way it takes none of the places in which requests
are worked on, so slow senders do not hold up others; the amount on the way is bounded for each sender.
"""

import math
import time

from prometheus_client import Gauge
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from learning_service.api.bodies import ARRIVAL, MIB
from learning_service.api.problems import domain_problem
from learning_service.core.rate_limits import Network, Shares, client_address, household, parse_networks
from learning_service.core.settings import Settings
from learning_service.domain.kernel.errors import DomainError, RateLimited, Unavailable
from learning_service.domain.kernel.principal import Principal

ALWAYS_SERVED = frozenset({"/healthz", "/readyz", "/metrics"})
PUBLIC = "/api/certificates/"
"""What a certificate is, anyone may ask, with any token."""
BYTES_AT_ONCE = 64 * MIB
"""What one sender's requests may hold of bodies together, from their first byte until they are answered."""
REMEMBERED_SPENT = 10_000
"""Tokens whose calls are spent."""


IN_FLIGHT = Gauge(
    "learning_requests_in_flight", "Requests that this process works on; MAX_CONCURRENT_REQUESTS bounds them."
)


class ConcurrencyLimit:
    """Pure ASGI: at most so many requests under way in this process; further ones are answered 503 at once.

    Unlike the server's own limit it counts requests, not connections that idle, and answers with a problem document.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.limit = settings.max_concurrent_requests
        self.under_way = 0
        IN_FLIGHT.set_function(lambda: self.under_way)
        self.callers = Shares(settings.max_requests_of_principal)
        self.arriving = Shares(settings.max_arriving_bodies)
        self.held = Shares(BYTES_AT_ONCE)
        self.trusted = parse_networks(settings.trusted_proxies)
        self._spent: dict[bytes, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http" or scope["path"] in ALWAYS_SERVED:
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await domain_problem(Request(scope), refusal)(scope, receive, send)
            return
        arrival = scope[ARRIVAL] = Arrival(self, scope, receive)
        self.under_way += 1
        try:
            await self.app(scope, arrival, send)
        finally:
            self.under_way -= 1
            # Each has the other, so that all of a request would stay until the next search for garbage.
            del scope[ARRIVAL]
            if arrival.has_place:
                self.callers.give_back(arrival.caller)
            if arrival.is_arriving or arrival.held:
                arrival.end()

    def remember_spent(self, scope: Scope, seconds: int) -> None:
        """For so long, refuse this request's token without asking who it is."""
        if len(self._spent) >= REMEMBERED_SPENT:
            self._spent.clear()
        self._spent[_authorization(scope)] = time.monotonic() + seconds

    def _refusal(self, scope: Scope) -> DomainError | None:
        if self.under_way >= self.limit:
            return _overloaded()
        if not self._spent or scope["path"].startswith(PUBLIC):
            return None
        if (until := self._spent.get(token := _authorization(scope))) is not None:
            left = until - time.monotonic()
            if left > 0:
                return calls_too_often(math.ceil(left))
            del self._spent[token]
        return None


class Arrival:
    """A request's body on its way in: counted for its sender until it is there, its bytes until it is answered.

    The sender is the caller, once the request has been authenticated, and before that an address. Most requests have
    no body, so what stands here for the class is each request's own only from its first change.
    """

    caller = ""
    has_place = False
    """Whether the request has one of its caller's places."""
    held = 0
    is_arriving = _is_there = False
    _sender = ""
    _is_kept = True
    _refusal: DomainError | None = None

    def __init__(self, door: ConcurrencyLimit, scope: Scope, receive: Receive) -> None:
        self._door = door
        self._scope = scope
        self._receive = receive

    async def __call__(self) -> Message:
        """The next message. Raises RateLimited for a sender with too much on the way, Unavailable when full.

        A refusal stays: asking again gives it again.
        """
        if self._refusal is not None:
            raise self._refusal
        if self._is_there:
            return await self._receive()
        if not self.is_arriving:
            self._begin()
        door = self._door
        door.under_way -= 1
        try:
            message = await self._receive()
        finally:
            door.under_way += 1
        size = len(message.get("body", b""))
        if size and self._is_kept:
            if not door.held.take(self._sender, size):
                raise self._refuse(_too_much())
            self.held += size
        if not message.get("more_body", False):
            self._is_there, self.is_arriving = True, False
            door.arriving.give_back(self._sender)
            if door.under_way > door.limit:
                raise self._refuse(_overloaded())
            if self.caller:
                self._step_in()
        return message

    def pass_on(self) -> None:
        """From here on nothing is kept in memory: the route streams it to somewhere else."""
        self._is_kept = False

    def is_of(self, caller: Principal) -> None:
        """Count the request as this caller's. Raises RateLimited for a caller with too many under way."""
        self.caller = caller.key
        self._step_in()

    def spent(self, seconds: int) -> RateLimited:
        """The refusal of a caller whose calls are spent; until there are new ones, the door refuses."""
        self._door.remember_spent(self._scope, seconds)
        return calls_too_often(seconds)

    def end(self) -> None:
        """The request is over: nothing of its body is on the way or held."""
        if self.is_arriving:
            self._door.arriving.give_back(self._sender)
        if self.held:
            self._door.held.give_back(self._sender, self.held)

    def _begin(self) -> None:
        door = self._door
        self._sender = self.caller or _address_of(self._scope, door.trusted)
        if not door.arriving.take(self._sender):
            raise self._refuse(_too_much())
        if self.has_place:
            door.callers.give_back(self.caller)
            self.has_place = False
        self.is_arriving = True

    def _step_in(self) -> None:
        """Take one of the caller's places."""
        if not self._door.callers.take(self.caller):
            raise self._refuse(RateLimited("Too many of your requests are under way.", retry_after=2))
        self.has_place = True

    def _refuse(self, refusal: DomainError) -> DomainError:
        self._refusal = refusal
        return refusal


def _address_of(scope: Scope, trusted: tuple[Network, ...]) -> str:
    peer = scope.get("client")
    forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return household(client_address(peer[0] if peer else None, forwarded, trusted))


def calls_too_often(seconds: int) -> RateLimited:
    """The refusal of a caller who may call again after so many seconds."""
    return RateLimited("You are calling too often; slow down.", retry_after=seconds)


def _authorization(scope: Scope) -> bytes:
    return next((value for name, value in scope["headers"] if name == b"authorization"), b"")


def _overloaded() -> Unavailable:
    return Unavailable("Too many requests are under way; try again shortly.", retry_after=2)


def _too_much() -> RateLimited:
    return RateLimited("Too many bodies from here are still on the way.", retry_after=2)
