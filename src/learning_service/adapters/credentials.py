"""A credential signed in both forms, and keys: what is left to the libraries, behind plain values."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import assert_never

import base58
import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from pydantic_core import to_json

from learning_service.adapters.linked_data import MULTIBASE_BASE58, signed
from learning_service.domain.certificates.rules.keys import KeyKind, NewKey
from learning_service.domain.kernel.json_objects import JsonObject

_MULTICODEC_ED25519 = b"\xed\x01"
_RSA_BITS, _RSA_EXPONENT = 2048, 65537
_MOST_KEYS = 64
"""Whose public forms a process keeps: reading one takes a millisecond."""
_JWS = jwt.PyJWS(algorithms=["RS256"])
SERVICE = "Learning service"
_LONGEST_NAME = 64
"""Of what a certificate calls its holder (X.520)."""
_CLOCKS_APART, _HOLDS = timedelta(hours=1), timedelta(days=30 * 365)
_FOR_SIGNATURES = x509.KeyUsage(
    digital_signature=True,
    content_commitment=True,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def make_key(kind: KeyKind, host: str = SERVICE) -> NewKey:
    """A new key of this kind; one for PDFs has a certificate of its own making, which names the host."""
    if kind == "ed25519":
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes_raw()
        return NewKey(multikey(public), kind, public, key.private_bytes_raw().hex())
    if kind == "rs256":
        rsa = generate_private_key(_RSA_EXPONENT, _RSA_BITS)
        public = rsa.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        secret = rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return NewKey(_thumbprint(public), kind, public, secret)
    if kind == "pdf":
        own = generate_ec_key(SECP256R1())
        vouched = _self_signed(own, host)
        text = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + vouched.public_bytes(
            Encoding.PEM
        )
        return NewKey(
            vouched.fingerprint(SHA256()).hex(), kind, vouched.public_bytes(Encoding.DER), text.decode()
        )
    assert_never(kind)


def _self_signed(key: EllipticCurvePrivateKey, host: str) -> x509.Certificate:
    names = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, SERVICE),
        x509.NameAttribute(NameOID.COMMON_NAME, host[:_LONGEST_NAME]),
    ]
    name, instant = x509.Name(names), datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(instant - _CLOCKS_APART)
        .not_valid_after(instant + _HOLDS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_FOR_SIGNATURES, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )


@lru_cache(maxsize=_MOST_KEYS)
def multikey(public: bytes) -> str:
    """An Ed25519 public key as a Multikey: also what a did:key says."""
    return MULTIBASE_BASE58 + base58.b58encode(_MULTICODEC_ED25519 + public).decode()


@lru_cache(maxsize=_MOST_KEYS)
def jwk(public: bytes) -> Mapping[str, str]:
    """An RSA public key as a JWK, without its id."""
    key = load_der_public_key(public)
    assert isinstance(key, RSAPublicKey)
    numbers = key.public_numbers()
    return MappingProxyType({"kty": "RSA", "n": _base64(numbers.n), "e": _base64(numbers.e)})


def _base64(number: int) -> str:
    return _base64url(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _thumbprint(public: bytes) -> str:
    text = json.dumps(dict(jwk(public)), separators=(",", ":"), sort_keys=True)
    return _base64url(hashlib.sha256(text.encode()).digest())


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


def sign_credential(document: JsonObject, keys: SigningPair, created: datetime) -> SignedCredential:
    """Sign a credential's document; takes some 0.5 ms of a core, and 9 ms where it is the first of its shape.

    Its proof stands in a list: the schema of Open Badges 3.0 takes no other form.
    """
    proof = signed(document, key=keys.ed25519, method=keys.method, created=created)["proof"]
    text = as_text(document)
    return SignedCredential(
        _with_members(text, {"proof": [proof]}),
        _as_jwt(_with_members(text, _claims(document)), keys.rs256, keys.kid),
    )


def _with_members(text: str, more: JsonObject) -> str:
    """An object, written by `as_text`, with more members after its own: what both forms share is written once."""
    return f"{text[:-1]},{as_text(more)[1:]}"


def _claims(document: JsonObject) -> JsonObject:
    """What a JWT repeats of its credential, by Open Badges 3.0, 8.2.4."""
    claims: JsonObject = {
        "iss": document["issuer"]["id"],
        "jti": document["id"],
        "sub": document["credentialSubject"]["id"],
        "nbf": _seconds(document["validFrom"]),
    }
    if "validUntil" in document:
        claims["exp"] = _seconds(document["validUntil"])
    return claims


def _as_jwt(payload: str, pem: str, kid: str) -> str:
    """A payload signed as RS256. It is JSON already, so it goes to what PyJWT makes of bytes."""
    return _JWS.encode(payload.encode(), _loaded(pem), "RS256", {"kid": kid})


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())


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
    return to_json(document).decode()
