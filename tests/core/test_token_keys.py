"""Issuers' keys and remembered tokens: rotation, outages, several issuers, and when things are forgotten."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.kit.waiting import PATIENCE_SECONDS

from learning_devstack.tokens import make_development_key, mint_token
from learning_service.adapters.http import HttpClient
from learning_service.core import tokens as auth
from learning_service.core.settings import Issuer, Settings
from learning_service.core.tokens import TokenVerifier
from learning_service.domain.kernel.errors import Unauthenticated, Unavailable
from learning_service.domain.kernel.principal import Principal

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ISSUER = "https://id.example.org"
URL = "https://id.example.org/keys"
PEM, JWKS_TEXT, KID = make_development_key()
JWKS = json.loads(JWKS_TEXT)


def token(
    user: str = "u1",
    *,
    kid: str = KID,
    pem: str = PEM,
    issuer: str = ISSUER,
    organization: str = "acme",
    ttl: int = 3600,
    now: datetime = NOW,
) -> str:
    return mint_token(
        pem, issuer=issuer, audience="learning-service", key_id=kid,
        organization_id=organization, user_id=user, ttl=ttl, now=now,
    )  # fmt: skip


GOOD = token()


class Source:
    """An issuer's key server in this process, which can be broken, slow or changed."""

    def __init__(self, document: object = JWKS) -> None:
        self.document = document
        self.error: Exception | None = None
        self.wait: asyncio.Event | None = None
        self.calls: list[str] = []

    async def __call__(self, url: str) -> object:
        self.calls.append(url)
        if self.wait is not None:
            await self.wait.wait()
        if self.error is not None:
            raise self.error
        return self.document


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def config(*issuers: Issuer, **values: Any) -> Settings:
    chosen = list(issuers) or [Issuer(issuer=ISSUER, jwks_url=URL)]
    return Settings(
        database_url="postgresql://unused", environment="development", auth_issuers=chosen, **values
    )


def verifier(source: Source, clock: Clock | None = None, *issuers: Issuer, **values: Any) -> TokenVerifier:
    return TokenVerifier(config(*issuers, **values), fetch=source, clock=clock or Clock())


async def settle() -> None:
    """Let tasks in the background finish."""
    for _ in range(5):
        await asyncio.sleep(0)


# Several issuers


async def test_an_issuer_speaks_for_its_own_organizations_only() -> None:
    other, jwks, kid = make_development_key()
    urls = {"https://a.example/keys": JWKS, "https://b.example/keys": json.loads(jwks)}

    async def fetch(url: str) -> object:
        return urls[url]

    a = Issuer(issuer="a", jwks_url="https://a.example/keys", organizations=["acme"])
    b = Issuer(issuer="b", jwks_url="https://b.example/keys", organizations=["beta", "gamma"])
    judge = TokenVerifier(config(a, b), fetch=fetch)

    def of_b(organization: str, issuer: str = "b") -> str:
        return token(pem=other, kid=kid, issuer=issuer, organization=organization)

    assert (await judge.verify(token(issuer="a"), now=NOW)).organization_id == "acme"
    assert (await judge.verify(of_b("gamma"), now=NOW)).organization_id == "gamma"
    with pytest.raises(Unauthenticated, match="may not speak"):
        await judge.verify(of_b("acme"), now=NOW)
    with pytest.raises(Unauthenticated, match="not among"):
        await judge.verify(of_b("acme", issuer="a"), now=NOW)


def test_an_issuer_configured_twice_is_refused() -> None:
    twice = [Issuer(issuer="a", jwks_url=URL, organizations=[o]) for o in ("x", "y")]
    with pytest.raises(ValueError, match="twice"):
        verifier(Source(), None, *twice)


async def test_without_issuers_nobody_is_known() -> None:
    settings = Settings(database_url="postgresql://unused", auth_issuers=[])
    with pytest.raises(Unauthenticated, match="issuer"):
        await TokenVerifier(settings, fetch=Source()).verify(GOOD, now=NOW)


# Verified tokens are remembered


async def test_a_remembered_token_ends_with_its_expiry() -> None:
    judge = verifier(Source())
    short = token(ttl=30)
    for seconds in (0, 29):
        await judge.verify(short, now=NOW + timedelta(seconds=seconds))
    with pytest.raises(Unauthenticated, match="expired"):
        await judge.verify(short, now=NOW + timedelta(seconds=30))


async def test_a_remembered_token_ends_with_its_key() -> None:
    source, clock = Source(), Clock()
    judge = verifier(source, clock)
    await judge.verify(GOOD, now=NOW)
    source.document = json.loads(make_development_key()[1])
    clock.seconds += 601
    with pytest.raises(Unauthenticated, match="not among"):
        await judge.verify(token(kid="gone"), now=NOW)
    with pytest.raises(Unauthenticated, match="not among"):
        await judge.verify(GOOD, now=NOW)


async def test_a_signature_is_judged_once_while_its_key_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    judge = verifier(Source(), clock)
    first = await judge.verify(GOOD, now=NOW)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("judged again")

    monkeypatch.setattr(auth._JWS, "decode", refuse)
    clock.seconds += 590
    assert await judge.verify(GOOD, now=NOW + timedelta(seconds=590)) is first
    with pytest.raises(AssertionError):
        await judge.verify(token("u2"), now=NOW)


async def test_a_remembered_token_does_not_hold_before_it_was_judged() -> None:
    judge = verifier(Source())
    await judge.verify(GOOD, now=NOW)
    with pytest.raises(Unauthenticated, match="in the future"):
        await judge.verify(GOOD, now=NOW - timedelta(hours=1))


def test_only_so_many_tokens_are_remembered() -> None:
    remembered = auth._VerifiedTokens()
    principal: Any = Principal(organization_id="acme", user_id="u1")
    held: Any = None
    one = auth._Verified(principal, held, "kid", held, 0, 100)
    names = [str(n).encode() for n in range(10_001)]
    for name in names[:-1]:
        remembered.put(name, one)
    assert remembered.get(names[0], 1) is one
    remembered.put(names[-1], one)
    assert remembered.get(names[0], 1) is one, "used lately"
    assert remembered.get(names[1], 1) is None, "the least recently used"
    assert len(remembered._entries) == 10_000


# Keys


async def test_without_keys_the_service_is_unavailable_and_recovers() -> None:
    source, clock = Source(), Clock()
    source.error = Unavailable("https://internal.example answered 500")
    judge = verifier(source, clock)
    for _ in range(3):
        with pytest.raises(Unavailable, match="cannot be loaded") as caught:
            await judge.verify(GOOD, now=NOW)
        assert "internal" not in caught.value.detail
    assert len(source.calls) == 1, "a source that is down is not asked by every request"
    source.error = None
    clock.seconds += caught.value.retry_after
    await judge.verify(GOOD, now=NOW)


@pytest.mark.parametrize("document", [None, [], {}, {"keys": None}, {"keys": []}, {"keys": [{"kty": "oct"}]}])
async def test_a_set_without_usable_keys_is_no_set(document: object) -> None:
    with pytest.raises(Unavailable):
        await verifier(Source(document)).verify(GOOD, now=NOW)


async def test_a_refused_token_costs_no_fetch() -> None:
    source = Source()
    for bad in (token(ttl=0), token(issuer="x"), token(now=NOW + timedelta(minutes=1)), "rubbish"):
        with pytest.raises(Unauthenticated):
            await verifier(source).verify(bad, now=NOW)
    assert source.calls == []


async def test_a_source_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert auth.FETCH_SECONDS == 2
    monkeypatch.setattr(auth, "FETCH_SECONDS", 0.05)
    source = Source()
    source.wait = asyncio.Event()
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(Unavailable):
            await verifier(source).verify(GOOD, now=NOW)


@pytest.mark.parametrize("rotated", [False, True])
async def test_callers_share_one_fetch_and_cannot_cancel_it(rotated: bool) -> None:
    pem, jwks, kid = make_development_key()
    source = Source()
    judge = verifier(source)
    if rotated:
        await judge.verify(GOOD, now=NOW)
    source.calls.clear()
    source.document = json.loads(jwks)
    source.wait = asyncio.Event()
    tokens = [token(f"u{n}", pem=pem, kid=kid) for n in range(20)]
    callers = [asyncio.create_task(judge.verify(each, now=NOW)) for each in tokens]
    await settle()
    callers[0].cancel()
    await settle()
    source.wait.set()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert all(isinstance(result, Principal) for result in results[1:])
    assert len(source.calls) == 1


async def test_unknown_key_ids_ask_the_source_once_a_minute() -> None:
    source, clock = Source(), Clock()
    judge = verifier(source, clock)
    await judge.verify(GOOD, now=NOW)
    counts = []
    for step in (0, 1, 58, 1, 1):
        clock.seconds += step
        with pytest.raises(Unauthenticated):
            await judge.verify(token(kid=f"x{clock.seconds}"), now=NOW)
        counts.append(len(source.calls))
    assert counts == [2, 2, 2, 3, 3]


async def test_old_keys_are_refreshed_behind_a_request() -> None:
    source, clock = Source(), Clock()
    judge = verifier(source, clock)
    await judge.verify(GOOD, now=NOW)
    clock.seconds += 599
    await judge.verify(token("u2"), now=NOW)
    await settle()
    assert len(source.calls) == 1
    clock.seconds += 1
    source.wait = asyncio.Event()
    await judge.verify(token("u3"), now=NOW)
    await settle()
    assert len(source.calls) == 2, "refreshed, and the request did not wait"
    source.wait.set()
    await settle()


async def test_stale_keys_serve_for_a_day() -> None:
    source, clock = Source(), Clock()
    judge = verifier(source, clock)
    await judge.verify(GOOD, now=NOW)
    source.error = OSError("down")
    clock.seconds += 86_399
    await judge.verify(token("u2"), now=NOW)
    await settle()
    with pytest.raises(Unauthenticated, match="not among"):
        await judge.verify(token(kid="new"), now=NOW)
    clock.seconds += 6
    with pytest.raises(Unavailable):
        await judge.verify(token("u3"), now=NOW)


async def test_a_file_of_keys_is_read_again_for_an_unknown_key(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    clock = Clock()
    judge = verifier(Source(), clock, Issuer(issuer=ISSUER, jwks_file=path))

    def write() -> str:
        pem, jwks, kid = make_development_key()
        path.write_text(jwks)
        return token(pem=pem, kid=kid)

    with pytest.raises(Unavailable):
        await judge.verify(GOOD, now=NOW)
    clock.seconds += 1
    await judge.verify(write(), now=NOW)
    await judge.verify(write(), now=NOW)
    third = write()
    with pytest.raises(Unauthenticated, match="not among"):
        await judge.verify(third, now=NOW)
    clock.seconds += 1
    await judge.verify(third, now=NOW)


# A real key server


class KeyServer:
    def __init__(self) -> None:
        self.body = ""
        self.requests = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(self.body)}\r\nConnection: close\r\n\r\n"
        writer.write((head + self.body).encode())
        await writer.drain()
        writer.close()

    @asynccontextmanager
    async def listening(self, port: int) -> AsyncIterator[int]:
        listener = await asyncio.start_server(self.handle, "127.0.0.1", port)
        try:
            yield listener.sockets[0].getsockname()[1]
        finally:
            listener.close()
            await listener.wait_closed()


async def test_rotation_and_outage_with_a_real_server() -> None:
    (pem1, jwks1, kid1), (pem2, jwks2, kid2) = make_development_key(), make_development_key()
    server, client, clock = KeyServer(), HttpClient(), Clock()

    async with server.listening(0) as port:
        issuer = Issuer(issuer=ISSUER, jwks_url=f"http://127.0.0.1:{port}/keys")
        judge = TokenVerifier(config(issuer), fetch=client.get_json, clock=clock)
        server.body = jwks1
        await judge.verify(token("before", pem=pem1, kid=kid1), now=NOW)
        server.body = json.dumps({"keys": json.loads(jwks1)["keys"] + json.loads(jwks2)["keys"]})
        await judge.verify(token("rotated", pem=pem2, kid=kid2), now=NOW)
        await judge.verify(token("not-yet-expired", pem=pem1, kid=kid1), now=NOW)
        assert server.requests == 2

    clock.seconds += 3600
    await judge.verify(token("server-down-key-known", pem=pem2, kid=kid2), now=NOW)
    with pytest.raises(Unauthenticated, match="not among"):
        await judge.verify(token("server-down-key-unknown", pem=pem2, kid="new"), now=NOW)
    fresh = TokenVerifier(config(issuer), fetch=client.get_json, clock=clock)
    with pytest.raises(Unavailable):
        await fresh.verify(token("server-down-no-keys-yet", pem=pem1, kid=kid1), now=NOW)

    async with server.listening(port):
        clock.seconds += 60
        await fresh.verify(token("server-back", pem=pem1, kid=kid1), now=NOW)
    await client.close()


# Development tokens


async def test_minted_tokens_say_what_they_were_asked_to() -> None:
    pem, jwks, kid = make_development_key()
    assert '"d"' not in jwks
    minted = mint_token(
        pem, issuer=ISSUER, audience="learning-service", key_id=kid, organization_id="acme",
        user_id="svc", roles=["national_admin"], scopes=["reports:read", "events:read"],
        name="N", email="n@example.org", ttl=5, now=NOW,
    )  # fmt: skip
    judge = verifier(Source(json.loads(jwks)))
    principal = await judge.verify(minted, now=NOW)
    assert principal == Principal(
        "acme", "svc", frozenset({"national_admin"}), frozenset({"reports:read", "events:read"}),
        "N", "n@example.org",
    )  # fmt: skip
    with pytest.raises(Unauthenticated, match="expired"):
        await judge.verify(minted, now=NOW + timedelta(seconds=5))
