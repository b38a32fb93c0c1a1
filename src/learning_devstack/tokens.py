"""Tokens of a development copy: its signing key, and what the key signs."""

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import OKPAlgorithm

from learning_devstack.copies import DIRECTORY_VARIABLE
from learning_devstack.signing_key import ISSUER, read_signing_key

DEFAULT_AUDIENCE = "learning-service"
DEMO_ORGANIZATION = "demo"
DEMO_ADMINISTRATOR = "demo-admin"


def make_development_key() -> tuple[str, str, str]:
    """A new Ed25519 key: private key (PEM, PKCS 8, not encrypted), the JWK set of its public half, its id."""
    private_key = Ed25519PrivateKey.generate()
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
    key_id = f"development-{secrets.token_hex(8)}"
    public = OKPAlgorithm.to_jwk(private_key.public_key(), as_dict=True)
    jwks = {"keys": [{**public, "kid": key_id, "use": "sig", "alg": "EdDSA"}]}
    return pem, json.dumps(jwks, indent=2), key_id


def mint_token(
    private_key_pem: str,
    *,
    issuer: str,
    audience: str,
    key_id: str,
    organization_id: str,
    user_id: str,
    roles: Sequence[str] = (),
    scopes: Sequence[str] = (),
    name: str | None = None,
    email: str | None = None,
    ttl: int = 3600,
    now: datetime,
) -> str:
    """A token for development, signed with an Ed25519 key, that holds `ttl` seconds from `now`."""
    issued = int(now.timestamp())
    claims: dict[str, object] = {
        "iss": issuer,
        "aud": audience,
        "sub": user_id,
        "org_id": organization_id,
        "iat": issued,
        "exp": issued + ttl,
    }
    optional = {"roles": list(roles), "scope": " ".join(scopes), "name": name, "email": email}
    claims.update({claim: value for claim, value in optional.items() if value})
    return jwt.encode(claims, private_key_pem, algorithm="EdDSA", headers={"kid": key_id})


def mint_token_of_copy(
    environment: Mapping[str, str],
    *,
    org: str,
    user: str,
    roles: list[str] | None = None,
    scopes: list[str] | None = None,
    name: str | None = None,
    email: str | None = None,
    ttl: int,
) -> str:
    """A token of the development copy with this environment. Raises OSError when the copy has no key."""
    private_key, key_id = read_signing_key(Path(environment[DIRECTORY_VARIABLE]))
    return mint_token(
        private_key,
        issuer=ISSUER,
        audience=environment.get("AUTH_AUDIENCE", DEFAULT_AUDIENCE),
        key_id=key_id,
        organization_id=org,
        user_id=user,
        roles=roles or (),
        # `--scope "a b"` and `--scope a --scope b` mean the same, as in the claim itself.
        scopes=[word for given in scopes or () for word in given.split()],
        name=name,
        email=email,
        ttl=ttl,
        now=datetime.now(UTC),
    )
