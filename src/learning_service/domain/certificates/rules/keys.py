"""Names of the keys that sign, and of who signs with them: DIDs, verification methods, addresses of JWKs."""

from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import quote, urlsplit

KeyKind: TypeAlias = Literal["ed25519", "rs256", "pdf"]
"""What a key is for: `ed25519` signs credentials as Data Integrity, `rs256` the same as JWTs, `pdf` PDFs."""
KEY_KINDS: tuple[KeyKind, ...] = ("ed25519", "rs256", "pdf")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new key pair.

    Its id is what others call it: a Multikey, the thumbprint of its JWK (RFC 7638), its certificate's SHA-256.
    """

    id: str
    kind: KeyKind
    public: bytes
    """32 bytes of Ed25519; the DER of a SubjectPublicKeyInfo of RSA; the DER of the certificate of a key for PDFs."""
    secret: str
    """32 bytes in hex; a PKCS #8 file in PEM, of a key for PDFs with the certificate after it."""


def place_of_key(key_id: str) -> str:
    """Where a key's secret half is sealed for."""
    return f"signing_keys:{key_id}"


def web_did(public_url: str) -> str:
    """The DID of the service at this address (did:web): a port is written `%3A`, a path after colons."""
    parts = urlsplit(public_url)
    path = [quote(part, safe="") for part in parts.path.split("/") if part]
    return ":".join(["did:web", quote(parts.netloc.rpartition("@")[2], safe=""), *path])


def issuer_did(public_url: str, key_id: str, *, is_development: bool) -> str:
    """Who issues: the service by its address; in development, where no verifier can reach that, by the key itself."""
    return f"did:key:{key_id}" if is_development else web_did(public_url)


def verification_method(issuer: str, key_id: str) -> str:
    """Where a verifier finds the public half of an issuer's Ed25519 key."""
    return f"{issuer}#{key_id}"


def jwk_address(public_url: str, key_id: str) -> str:
    """Where a verifier of a JWT finds the public half of its key: its `kid`."""
    return f"{public_url}/.well-known/jwks.json#{key_id}"
