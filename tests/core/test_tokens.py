"""Tokens: who gets in, who does not, and what happens when the issuer's keys change or are away."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from tests.kit.drawn import some_of

from learning_service.core.settings import Issuer, Settings
from learning_service.core.tokens import TokenVerifier, bearer_token
from learning_service.domain.kernel.errors import Unauthenticated
from learning_service.domain.kernel.principal import Principal

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
T = int(NOW.timestamp())
ISSUER = "https://id.example.org"
URL = "https://id.example.org/keys"

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SMALL_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
P384_KEY = ec.generate_private_key(ec.SECP384R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
STRANGER = ed25519.Ed25519PrivateKey.generate()
RSA_PEM = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

JWKS: dict[str, Any] = {
    "keys": [
        {"kid": "rsa", **RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True)},
        {"kid": "ec", **ECAlgorithm.to_jwk(EC_KEY.public_key(), as_dict=True)},
        {"kid": "ed", **OKPAlgorithm.to_jwk(ED_KEY.public_key(), as_dict=True)},
        {"kid": "small", **RSAAlgorithm.to_jwk(SMALL_RSA_KEY.public_key(), as_dict=True)},
        {"kid": "p384", **ECAlgorithm.to_jwk(P384_KEY.public_key(), as_dict=True)},
        {"kid": "private", **OKPAlgorithm.to_jwk(ED_KEY, as_dict=True)},
        {"kid": "encrypt", "use": "enc", **OKPAlgorithm.to_jwk(ED_KEY.public_key(), as_dict=True)},
        {"kid": "secret", "kty": "oct", "k": "c2VjcmV0"},
        {"kid": "broken", "kty": "EC", "crv": "P-256"},
        {"kid": 7, "kty": "RSA"},
        "odd",
    ]
}
SIGNERS: dict[str, tuple[str, Any]] = {
    "RS256": ("rsa", RSA_KEY),
    "ES256": ("ec", EC_KEY),
    "EdDSA": ("ed", ED_KEY),
}
CLAIMS: dict[str, Any] = {
    "iss": ISSUER, "aud": "learning-service", "sub": "u1", "org_id": "acme", "iat": T, "exp": T + 3600,
}  # fmt: skip


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw(header: object, payload: bytes, sign: Callable[[bytes], bytes]) -> str:
    """A token as an attacker builds it, past every check of a library."""
    signed = f"{b64(json.dumps(header).encode())}.{b64(payload)}"
    return f"{signed}.{b64(sign(signed.encode()))}"


def token(
    claims: dict[str, Any] | None = None,
    *,
    drop: str | None = None,
    header: dict[str, Any] | None = None,
    key: ed25519.Ed25519PrivateKey = ED_KEY,
) -> str:
    """A token of the issuer's Ed25519 key with claims and headers changed."""
    merged = {k: v for k, v in {**CLAIMS, **(claims or {})}.items() if k != drop}
    headers = {"alg": "EdDSA", "kid": "ed", "typ": "JWT", **(header or {})}
    headers = {k: v for k, v in headers.items() if v is not ...}
    return raw(headers, json.dumps(merged).encode(), key.sign)


def payload(text: str | bytes) -> str:
    return raw({"alg": "EdDSA", "kid": "ed"}, text.encode() if isinstance(text, str) else text, ED_KEY.sign)


def hs256(secret: bytes, kid: str) -> str:
    header = {"alg": "HS256", "kid": kid, "typ": "JWT"}
    return raw(header, json.dumps(CLAIMS).encode(), lambda d: hmac.digest(secret, d, hashlib.sha256))


def edited(good: str, **claims: object) -> str:
    """The good token with its payload exchanged under the old signature."""
    head, _, signature = good.split(".")
    return f"{head}.{b64(json.dumps({**CLAIMS, **claims}).encode())}.{signature}"


async def fetch(url: str) -> object:
    assert url == URL
    return JWKS


def verifier(**values: Any) -> TokenVerifier:
    issuer = Issuer(issuer=ISSUER, jwks_url=URL)
    config = Settings(database_url="postgresql://unused", auth_issuers=[issuer], **values)
    return TokenVerifier(config, fetch=fetch)


# Accepted


@pytest.mark.parametrize("algorithm", SIGNERS)
async def test_each_algorithm_is_accepted(algorithm: str) -> None:
    kid, key = SIGNERS[algorithm]
    claims = {
        **CLAIMS, "roles": ["grader", "regional_admin:north", "chapter_admin:a.b:c@d-e"],
        "scope": "reports:read  directory:write", "name": "Zoë", "email": "z@example.org",
    }  # fmt: skip
    good = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})
    assert await verifier().verify(good, now=NOW) == Principal(
        organization_id="acme",
        user_id="u1",
        roles=frozenset({"grader", "regional_admin:north", "chapter_admin:a.b:c@d-e"}),
        scopes=frozenset({"reports:read", "directory:write"}),
        name="Zoë",
        email="z@example.org",
    )


ACCEPTED = {
    "at+jwt": token(header={"typ": "AT+JWT"}),
    "no typ": token(header={"typ": ...}),
    "several audiences": token({"aud": ["other", "learning-service"]}),
    "24 hours": token({"exp": T + 86_400}),
    "iat within leeway": token({"iat": T + 30}),
    "nbf within leeway": token({"nbf": T + 30}),
    "fractions": token({"iat": T - 0.5, "exp": T + 0.5}),
    "nulls": token({"roles": None, "scope": None, "name": None, "email": None, "nbf": None}),
    "unknown claims": token({"foo": {"bar": 1}}),
    "unknown roles": token({"roles": ["god", "regional_admin:", "chapter_admin:a b", "grader\n", "Grader"]}),
    "200 roles": token({"roles": ["x"] * 200}),
    "unusable name": token({"name": "a\u202eb", "email": "a\x00b"}),
    "foreign key headers": token(header={"jku": "https://evil.example", "x5u": "https://evil.example"}),
    "longest ids": token({"sub": "s" * 128}),
}


@pytest.mark.parametrize("case", ACCEPTED)
async def test_accepted(case: str) -> None:
    principal = await verifier().verify(ACCEPTED[case], now=NOW)
    user = "s" * 128 if case == "longest ids" else "u1"
    assert principal == Principal(organization_id="acme", user_id=user)


# Refused

GOOD = token()
REFUSED: dict[str, tuple[str, str]] = {
    "empty": ("", "not a signed JWT"),
    "rubbish": ("abc", "not a signed JWT"),
    "two parts": (GOOD.rpartition(".")[0], "not a signed JWT"),
    "four parts": (GOOD + ".x", "not a signed JWT"),
    "not ascii": (GOOD + "é", "not a signed JWT"),
    "lone surrogate": (GOOD + "\ud800", "not a signed JWT"),
    "header is a list": (raw([], b"{}", ED_KEY.sign), "not a signed JWT"),
    "deep header": (f"{b64(b'[' * 5000)}.e30.e30", "not a signed JWT"),
    "8 KiB and a byte": ("a" * 8193, "longer than 8192"),
    "a megabyte": (token({"x": "y" * 1_000_000}), "longer than 8192"),
    "alg none": (raw({"alg": "none", "kid": "ed"}, b"{}", lambda _: b""), "alg must be"),
    "alg missing": (token(header={"alg": ...}), "alg must be"),
    "alg a list": (token(header={"alg": ["EdDSA"]}), "alg must be"),
    "HS256 with the public key": (hs256(RSA_PEM, "rsa"), "alg must be"),
    "HS256 with a published secret": (hs256(b"secret", "secret"), "alg must be"),
    "ES384": (token(header={"alg": "ES384", "kid": "p384"}), "alg must be"),
    "alg of another key": (token(header={"alg": "RS256"}), "alg is not that of its key"),
    "EdDSA by the RSA key": (token(header={"kid": "rsa"}), "alg is not that of its key"),
    "kid missing": (token(header={"kid": ...}), "names no key"),
    "kid empty": (token(header={"kid": ""}), "names no key"),
    "kid a number": (token(header={"kid": 7}), "not a signed JWT"),
    "kid unknown": (token(header={"kid": "other"}), "not among"),
    "kid a path": (token(header={"kid": "../../etc/passwd"}), "not among"),
    "small RSA key": (
        jwt.encode(CLAIMS, ED_KEY, algorithm="EdDSA", headers={"kid": "small"}), "not among"),
    "P-384 key": (token(header={"kid": "p384"}), "not among"),
    "private key in the set": (token(header={"kid": "private"}), "not among"),
    "encryption key": (token(header={"kid": "encrypt"}), "not among"),
    "typ logout": (token(header={"typ": "logout+jwt"}), "typ must be"),
    "typ a number": (token(header={"typ": 1}), "typ must be"),
    "typ null": (token(header={"typ": None}), "typ must be"),
    "crit unknown": (token(header={"crit": ["x"], "x": 1}), "not a signed JWT"),
    "crit known": (token(header={"crit": ["b64"], "b64": True}), "crit"),
    "b64 false": (token(header={"crit": ["b64"], "b64": False}), "not a signed JWT"),
    "own jwk": (
        token(header={"jwk": OKPAlgorithm.to_jwk(STRANGER.public_key(), as_dict=True)}, key=STRANGER),
        "signature"),
    "foreign jku": (token(header={"jku": "https://evil.example/keys"}, key=STRANGER), "signature"),
    "altered payload": (edited(GOOD, sub="u2"), "signature"),
    "signature missing": (GOOD.rpartition(".")[0] + ".", "signature"),
    "signature of another": (token(key=STRANGER), "signature"),
    "payload a list": (payload("[]"), "not a JSON object"),
    "payload not json": (payload("{"), "not a JSON object"),
    "payload not utf-8": (payload(b'{"iss": "\xff"}'), "not a JSON object"),
    "payload deep": (payload("[" * 5000), "not a JSON object"),
    "payload lone surrogate": (payload('{"iss": "\\ud800"}'), "not a JSON object"),
    **{f"no {c}": (token(drop=c), f"claim {c} is") for c in ("iss", "aud", "sub", "iat", "exp", "org_id")},
    "iss unknown": (token({"iss": ISSUER + "/"}), "issuer"),
    "iss a list": (token({"iss": [ISSUER]}), "claim iss"),
    "aud of another": (token({"aud": "other"}), "aud must contain"),
    "aud only contains the word": (token({"aud": "learning-service-2"}), "aud must contain"),
    "aud list without ours": (token({"aud": ["other"]}), "aud must contain"),
    "aud empty": (token({"aud": []}), "aud must contain"),
    "aud mixed": (token({"aud": ["learning-service", 1]}), "claim aud"),
    "sub a number": (token({"sub": 7}), "claim sub"),
    "sub empty": (token({"sub": ""}), "claim sub"),
    "sub with a space": (token({"sub": "a b"}), "claim sub"),
    "sub with a line end": (token({"sub": "a\n"}), "claim sub"),
    "sub not ascii": (token({"sub": "é"}), "claim sub"),
    "sub too long": (token({"sub": "s" * 129}), "claim sub"),
    "org_id null": (token({"org_id": None}), "claim org_id"),
    "org_id with a slash": (token({"org_id": "a/b"}), "claim org_id"),
    "expired": (token({"iat": T - 60, "exp": T}), "expired"),
    "exp a string": (token({"exp": str(T + 60)}), "claim exp"),
    "exp true": (token({"exp": True}), "claim exp"),
    "exp null": (token({"exp": None}), "claim exp"),
    "exp infinite": (token({"exp": float("inf")}), "claim exp"),
    "exp nan": (token({"exp": float("nan")}), "claim exp"),
    "exp huge": (token({"exp": 10**400}), "claim exp"),
    "iat nan": (token({"iat": float("nan")}), "claim iat"),
    "iat negative": (token({"iat": -1}), "claim iat"),
    "iat in the future": (token({"iat": T + 31}), "in the future"),
    "nbf in the future": (token({"nbf": T + 31}), "does not hold yet"),
    "nbf a string": (token({"nbf": "now"}), "claim nbf"),
    "a second over 24 hours": (token({"exp": T + 86_401}), "24 hours"),
    "a hundred years": (token({"exp": T + 100 * 365 * 86_400}), "24 hours"),
    "ends before it begins": (token({"iat": T + 20, "exp": T + 10}), "24 hours"),
    "roles a string": (token({"roles": "grader"}), "claim roles"),
    "roles an object": (token({"roles": {"grader": True}}), "claim roles"),
    "roles with a number": (token({"roles": ["grader", 1]}), "claim roles"),
    "201 roles": (token({"roles": ["x"] * 201}), "claim roles"),
    "scope a list": (token({"scope": ["reports:read"]}), "claim scope"),
    "name a number": (token({"name": 1}), "claim name"),
    "email an object": (token({"email": {}}), "claim email"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
async def test_refused(case: str) -> None:
    bad, detail = REFUSED[case]
    judge = verifier()
    await judge.verify(GOOD, now=NOW)
    with pytest.raises(Unauthenticated) as caught:
        await judge.verify(bad, now=NOW)
    assert detail in caught.value.detail
    assert len(caught.value.detail) < 120, "a refusal must not carry the token's content"


async def test_a_lower_limit_on_lifetimes() -> None:
    judge = verifier(auth_max_token_hours=1)
    await judge.verify(token({"exp": T + 3600}), now=NOW)
    with pytest.raises(Unauthenticated, match="1 hours"):
        await judge.verify(token({"exp": T + 3601}), now=NOW)


@cache
def grader(algorithm: str) -> tuple[TokenVerifier, str]:
    """A judge and a good token, made once for all tries."""
    kid, key = SIGNERS[algorithm]
    good = jwt.encode({**CLAIMS, "roles": ["grader"]}, key, algorithm=algorithm, headers={"kid": kid})
    return verifier(), good


@settings(max_examples=some_of(300), deadline=None)
@given(algorithm=st.sampled_from(sorted(SIGNERS)), place=st.integers(0, 1000), change=st.integers(1, 255))
@example(algorithm="EdDSA", place=-1, change=1)
async def test_a_changed_byte_never_makes_another_principal(algorithm: str, place: int, change: int) -> None:
    judge, good = grader(algorithm)
    data = bytearray(good.encode())
    data[place % len(data)] ^= change
    expected = await judge.verify(good, now=NOW)
    with suppress(Unauthenticated):
        assert await judge.verify(data.decode("latin-1"), now=NOW) == expected


# Headers


def test_bearer_token() -> None:
    assert bearer_token(["Bearer abc"]) == "abc"
    assert bearer_token(["bearer  abc "]) == "abc"


@pytest.mark.parametrize(
    "headers",
    [[], [""], ["Bearer"], ["Bearer "], ["Basic abc"], ["abc"], ["Bearer a b"], ["Bearer a", "Bearer a"]],
)
def test_no_bearer_token(headers: list[str]) -> None:
    with pytest.raises(Unauthenticated):
        bearer_token(headers)
