"""From a bearer token to a Principal. Knows no web framework and makes no network call of its own.

A token is checked from cheap to dear: size, header, claims, times, and only then keys and signature, so
that rubbish costs neither a fetch nor cryptography. PyJWT does the signatures (RFC 7515); the claims are
checked here, because its own checks leave out a token's lifetime and type and take no moment as argument
(RFC 7519, RFC 8725).
"""

import asyncio
import hashlib
import json
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeAlias

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from learning_service.core.settings import Issuer, Settings
from learning_service.domain.kernel.errors import Unauthenticated, Unavailable
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.values import Name, OpaqueId, StrictModel

ALGORITHMS = ("RS256", "ES256", "EdDSA")
TOKEN_TYPES = frozenset({"jwt", "at+jwt"})
MAX_TOKEN_BYTES = 8 * 1024
MAXROLES = 200
MAX_EMAIL_LENGTH = 254
MIN_RSA_BITS = 2048

CACHED_TOKENS = 10_000

FETCH_SECONDS = 2.0
REFRESH_SECONDS = 600.0
STALE_SECONDS = 86_400.0
RECHECK_URL_SECONDS = 60.0
RECHECK_FILE_SECONDS = 1.0
RETRY_SECONDS = 5

ROLE = re.compile(
    r"(?:national_admin|grader|(?:regional_admin|chapter_admin):[A-Za-z0-9._:@-]{1,128})", re.ASCII
)
SCOPES = ("directory:write", "reports:read", "webhooks:manage", "events:read")
_NAME: TypeAdapter[str] = TypeAdapter(Name)
_JWS = jwt.PyJWS(algorithms=ALGORITHMS)
_log = structlog.get_logger(__name__)

Fetch: TypeAlias = Callable[[str], Awaitable[object]]
"""Gets the JSON at a URL, or raises. Its size limit is its own; its time is limited here."""

NumericDate: TypeAlias = Annotated[float, Field(gt=0)]
"""Seconds since 1970, finite (RFC 7519, section 2)."""


class _Claims(StrictModel):
    """What a token must and may say. Claims that we do not know are ignored (RFC 7519, section 4)."""

    model_config = ConfigDict(extra="ignore")

    iss: str
    aud: str | list[str]
    sub: OpaqueId
    iat: NumericDate
    exp: NumericDate
    org_id: OpaqueId
    nbf: NumericDate | None = None
    roles: Annotated[list[str], Field(max_length=MAXROLES)] | None = None
    scope: str | None = None
    name: str | None = None
    email: str | None = None


def bearer_token(authorization: Sequence[str]) -> str:
    """The token in the values of a request's `Authorization` headers (RFC 6750, section 2.1).

    Raises Unauthenticated unless there is exactly one, of the form `Bearer <token>`.
    """
    if not authorization:
        raise Unauthenticated("Send a token: Authorization: Bearer <token>.")
    if len(authorization) > 1:
        raise Unauthenticated("Send one Authorization header, not several.")
    scheme, _, token = authorization[0].strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or " " in token:
        raise Unauthenticated("The Authorization header must read: Bearer <token>.")
    return token


class TokenVerifier:
    """Judges tokens by the issuers of the settings. Build it once per process: it holds the caches.

    `clock` measures ages of keys, in seconds; tests replace it.
    """

    def __init__(
        self, settings: Settings, *, fetch: Fetch, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._audience = settings.auth_audience
        self._leeway = settings.auth_leeway_seconds
        self._max_seconds = settings.auth_max_token_hours * 3600
        self._issuers = {i.issuer: _IssuerKeys(i, fetch, clock) for i in settings.auth_issuers}
        if len(self._issuers) < len(settings.auth_issuers):
            raise ValueError("an issuer is configured twice")
        self._verified = _VerifiedTokens()

    async def verify(self, token: str, *, now: datetime) -> Principal:
        """The caller whom the token names, at the moment `now`.

        Raises Unauthenticated when the token does not hold, and Unavailable when that cannot be known,
        because the issuer's keys could never be loaded, or not for a day.
        """
        instant = now.timestamp()
        if len(token) > MAX_TOKEN_BYTES:
            raise Unauthenticated(f"The token is longer than {MAX_TOKEN_BYTES} bytes.")
        if not token.isascii():
            raise Unauthenticated("The token is not a signed JWT.")
        digest = hashlib.blake2b(token.encode("ascii"), digest_size=32).digest()
        known = self._verified.get(digest, instant)
        if known is not None and await known.keys.find(known.kid) is known.key:
            return known.principal

        header, payload = _open(token)
        kid, algorithm = _check_header(header)
        claims = _parse_claims(payload)
        keys = self._check_claims(claims, instant)
        key = await keys.find(kid)
        if key is None:
            raise Unauthenticated("The token's key id (kid) is not among its issuer's keys.")
        if algorithm != key.algorithm_name:
            raise Unauthenticated("The token's alg is not that of its key.")
        try:
            _JWS.decode(token, key, algorithms=[algorithm])
        except jwt.PyJWTError as error:
            raise Unauthenticated("The token's signature does not hold.") from error

        principal = _principal(claims)
        self._verified.put(digest, _Verified(principal, keys, kid, key, instant, claims.exp))
        return principal

    def _check_claims(self, claims: _Claims, instant: float) -> "_IssuerKeys":
        """The keys of the issuer that may say this at this moment.

        The leeway is for what may not be in the future yet. An expiry gets none: a token ends when it says.
        """
        keys = self._issuers.get(claims.iss)
        if keys is None:
            raise Unauthenticated("The token's issuer (iss) is not one that this service trusts.")
        if self._audience not in ([claims.aud] if isinstance(claims.aud, str) else claims.aud):
            raise Unauthenticated(f"The token is not for this service: aud must contain {self._audience}.")
        if claims.exp <= instant:
            raise Unauthenticated("The token has expired.")
        if claims.iat > instant + self._leeway:
            raise Unauthenticated("The token was issued in the future (iat).")
        if claims.nbf is not None and claims.nbf > instant + self._leeway:
            raise Unauthenticated("The token does not hold yet (nbf).")
        if not 0 < claims.exp - claims.iat <= self._max_seconds:
            hours = self._max_seconds // 3600
            raise Unauthenticated(f"A token may hold for {hours} hours at most (iat to exp).")
        if keys.organizations is not None and claims.org_id not in keys.organizations:
            raise Unauthenticated("The token's issuer may not speak for that organization (org_id).")
        return keys


def _open(token: str) -> tuple[Mapping[str, object], bytes]:
    """Header and payload, not verified yet."""
    try:
        parts = _JWS.decode_complete(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise Unauthenticated("The token is not a signed JWT.") from error
    return parts["header"], parts["payload"]


def _check_header(header: Mapping[str, object]) -> tuple[str, str]:
    """Key id and algorithm. Headers that carry or point to keys (jwk, jku, x5c, x5u) are never looked at."""
    algorithm, kid, token_type = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise Unauthenticated(f"The token's alg must be one of {', '.join(ALGORITHMS)}.")
    if "crit" in header:
        raise Unauthenticated("The token demands extensions (crit) that this service does not know.")
    if not isinstance(token_type, str) or token_type.lower() not in TOKEN_TYPES:
        raise Unauthenticated("The token's typ must be JWT or at+jwt.")
    if not isinstance(kid, str) or not kid:
        raise Unauthenticated("The token names no key (kid).")
    return kid, algorithm


def _parse_claims(payload: bytes) -> _Claims:
    try:
        return _Claims.model_validate_json(payload)
    except ValidationError as error:
        place = error.errors(include_input=False, include_context=False, include_url=False)[0]["loc"]
        if not place:
            raise Unauthenticated("The token's payload is not a JSON object.") from error
        raise Unauthenticated(f"The token's claim {place[0]} is missing or malformed.") from error


def _principal(claims: _Claims) -> Principal:
    return Principal(
        organization_id=claims.org_id,
        user_id=claims.sub,
        roles=frozenset(role for role in claims.roles or () if ROLE.fullmatch(role)),
        scopes=frozenset((claims.scope or "").split(" ")) - {""},
        name=_usable_name(claims.name),
        email=_usable_email(claims.email),
    )


def _usable_name(text: str | None) -> str | None:
    """An odd display name is dropped: it must not lock its owner out, nor reach a column."""
    try:
        return None if text is None else _NAME.validate_python(text)
    except ValidationError:
        return None


def _usable_email(text: str | None) -> str | None:
    usable = text is not None and 0 < len(text) <= MAX_EMAIL_LENGTH and text.isprintable() and " " not in text
    return text if usable else None


@dataclass(frozen=True, slots=True)
class _Verified:
    """A token that held: until it expires, and as long as its issuer has the key that signed it."""

    principal: Principal
    keys: "_IssuerKeys"
    kid: str
    key: jwt.PyJWK
    since: float
    until: float


class _VerifiedTokens:
    """The last tokens that held, least recently used out first. Only their hashes are kept."""

    def __init__(self) -> None:
        self._entries: OrderedDict[bytes, _Verified] = OrderedDict()

    def get(self, digest: bytes, instant: float) -> _Verified | None:
        entry = self._entries.get(digest)
        if entry is None:
            return None
        if not entry.since <= instant < entry.until:
            del self._entries[digest]
            return None
        self._entries.move_to_end(digest)
        return entry

    def put(self, digest: bytes, verified: _Verified) -> None:
        self._entries[digest] = verified
        self._entries.move_to_end(digest)
        if len(self._entries) > CACHED_TOKENS:
            self._entries.popitem(last=False)


class _IssuerKeys:
    """One issuer's public keys, kept while their source is away.

    An unknown key id makes one look at the source, at most every `recheck` seconds; the first look after
    start is free, so that a rotation right after it is seen. Concurrent callers share one look; none of
    them can cancel it.
    """

    def __init__(self, issuer: Issuer, fetch: Fetch, clock: Callable[[], float]) -> None:
        self.organizations = None if issuer.organizations is None else frozenset(issuer.organizations)
        self._issuer = issuer
        self._fetch = fetch
        self._clock = clock
        self._recheck = RECHECK_URL_SECONDS if issuer.jwks_file is None else RECHECK_FILE_SECONDS
        self._keys: dict[str, jwt.PyJWK] = {}
        self._loaded_at = self._tried_at = self._rechecked_at = float("-inf")
        self._loading: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> jwt.PyJWK | None:
        """The key of that id, or None. Raises Unavailable when there are no keys to look among."""
        now = self._clock()
        if now - self._loaded_at >= STALE_SECONDS:
            await self._load_again(now)
            return self._keys.get(kid)
        if now - self._loaded_at >= REFRESH_SECONDS and now - self._tried_at >= RECHECK_URL_SECONDS:
            self._start()
        if kid not in self._keys and self._may_recheck(now):
            await asyncio.shield(self._start())
        return self._keys.get(kid)

    async def _load_again(self, now: float) -> None:
        if self._in_flight() or now - self._tried_at >= min(RETRY_SECONDS, self._recheck):
            await asyncio.shield(self._start())
        if self._clock() - self._loaded_at >= STALE_SECONDS:
            detail = "The keys of the token's issuer cannot be loaded now."
            raise Unavailable(detail, retry_after=RETRY_SECONDS)

    def _may_recheck(self, now: float) -> bool:
        if self._in_flight():
            return True
        if now - self._rechecked_at < self._recheck:
            return False
        self._rechecked_at = now
        return True

    def _in_flight(self) -> bool:
        return self._loading is not None and not self._loading.done()

    def _start(self) -> "asyncio.Task[None]":
        if self._loading is None or self._loading.done():
            self._tried_at = self._clock()
            self._loading = asyncio.create_task(self._replace_keys())
        return self._loading

    async def _load(self) -> object:
        if self._issuer.jwks_file is not None:
            return json.loads(await asyncio.to_thread(self._issuer.jwks_file.read_bytes))
        return await self._fetch(self._issuer.jwks_url or "")

    async def _replace_keys(self) -> None:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                document = await self._load()
            self._keys = _read_keys(document)
        # Whatever is wrong with the source, callers whose key is at hand must not notice.
        except Exception as error:
            _log.warning("issuer_keys_not_loaded", issuer=self._issuer.issuer, error=repr(error))
        else:
            self._loaded_at = self._clock()


def _read_keys(document: object) -> dict[str, jwt.PyJWK]:
    """The usable keys of a JWK set (RFC 7517) by id. Raises ValueError when there are none."""
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("not a JWK set")
    keys: dict[str, jwt.PyJWK] = {}
    for entry in entries:
        key = _read_key(entry)
        if key is not None and key.key_id is not None:
            keys.setdefault(key.key_id, key)
    if not keys:
        raise ValueError("the JWK set has no usable key")
    return keys


def _read_key(entry: object) -> jwt.PyJWK | None:
    """A public signing key of an allowed kind; None for other kinds and uses, which a set may hold."""
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
        return None
    if entry.get("use", "sig") != "sig":
        return None
    try:
        key = jwt.PyJWK(entry)
    except (jwt.PyJWTError, TypeError, ValueError):
        return None
    public = key.key
    allowed = {
        "RS256": isinstance(public, RSAPublicKey) and public.key_size >= MIN_RSA_BITS,
        "ES256": isinstance(public, EllipticCurvePublicKey) and isinstance(public.curve, SECP256R1),
        "EdDSA": isinstance(public, Ed25519PublicKey),
    }
    return key if allowed.get(key.algorithm_name, False) else None
