"""A credential signed in both forms, and keys: what is left to the libraries, behind plain values."""

import hashlib
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import assert_never

import base58
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)

from learning_service.adapters.linked_data import MULTIBASE_BASE58, signed
from learning_service.domain.certificates.rules.credentials import Credential
from learning_service.domain.certificates.rules.keys import KeyKind, NewKey
from learning_service.domain.kernel.values import JsonObject

_MULTICODEC_ED25519 = b"\xed\x01"
_RSA_BITS, _RSA_EXPONENT = 2048, 65537


def make_key(kind: KeyKind) -> NewKey:
    """A new key of this kind."""
    if kind == "ed25519":
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes_raw()
        return NewKey(multikey(public), kind, public, key.private_bytes_raw().hex())
    if kind == "rs256":
        rsa = generate_private_key(_RSA_EXPONENT, _RSA_BITS)
        public = rsa.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        secret = rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return NewKey(_thumbprint(public), kind, public, secret)
    assert_never(kind)


def multikey(public: bytes) -> str:
    """An Ed25519 public key as a Multikey: also what a did:key says."""
    return MULTIBASE_BASE58 + base58.b58encode(_MULTICODEC_ED25519 + public).decode()


def jwk(public: bytes) -> JsonObject:
    """An RSA public key as a JWK, without its id."""
    key = load_der_public_key(public)
    assert isinstance(key, RSAPublicKey)
    numbers = key.public_numbers()
    return {"kty": "RSA", "n": _base64(numbers.n), "e": _base64(numbers.e)}


def _base64(number: int) -> str:
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _thumbprint(public: bytes) -> str:
    text = json.dumps(jwk(public), separators=(",", ":"), sort_keys=True)
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class SigningPair:
    """Secret halves of the keys that sign, and where verifiers find the public ones."""

    ed25519: bytes
    method: str
    rs256: str
    kid: str


@dataclass(frozen=True, slots=True)
class SignedCredential:
    """The same credential in both forms."""

    data_integrity: str
    jwt: str


def sign_credential(credential: Credential, keys: SigningPair, created: datetime) -> SignedCredential:
    """Sign a credential; takes some 15 ms of a core."""
    document = credential.document()
    return SignedCredential(
        as_text(signed(document, key=keys.ed25519, method=keys.method, created=created)),
        _as_jwt(credential, document, keys),
    )


def _as_jwt(credential: Credential, document: JsonObject, keys: SigningPair) -> str:
    """The credential as a JWT by the rules of Open Badges 3.0, 8.2.4: its claims repeat what the credential says."""
    claims: JsonObject = {
        **document,
        "iss": credential.issuer.id,
        "jti": credential.id,
        "sub": credential.credential_subject.id,
        "nbf": int(credential.valid_from.timestamp()),
    }
    if credential.valid_until is not None:
        claims["exp"] = int(credential.valid_until.timestamp())
    return jwt.encode(claims, _loaded(keys.rs256), algorithm="RS256", headers={"kid": keys.kid, "typ": "JWT"})


@lru_cache(maxsize=4)
def _loaded(pem: str) -> RSAPrivateKey:
    """The key ready to sign: to read and check it costs twice as much as to sign."""
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    return key


def sign_list(document: JsonObject, key: bytes, method: str, created: datetime) -> str:
    """Sign a status list."""
    return as_text(signed(document, key=key, method=method, created=created))


def as_text(document: JsonObject) -> str:
    """JSON as it is kept and sent."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
