"""Signing JSON-LD by Data Integrity, cryptosuite `eddsa-rdfc-2022` (W3C vc-di-eddsa).

Canonicalization is pyld's, signing cryptography's; here is only what the specification puts between the two. Contexts
are files of this package: an unknown address is an error, and so nothing is ever fetched.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

import base58
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pyld import jsonld

from learning_service.domain.kernel.values import JsonObject

CONTEXTS: Mapping[str, tuple[str, str]] = {
    "https://www.w3.org/ns/credentials/v2": (
        "credentials-v2.json",
        "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json": (
        "ob-v3p0-context-3.0.3.json",
        "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json": (
        "ob-v3p0-extensions.json",
        "87c06c81bc2317663bf288d740d94fddd2818c4342b186270ff6371dfaa63f93",
    ),
}
"""The file of each context, and its SHA-256."""
CRYPTOSUITE = "eddsa-rdfc-2022"
MULTIBASE_BASE58 = "z"


class UnknownContext(ValueError):
    """The document names a vocabulary that this package does not have."""


class NotLinkedData(ValueError):
    """The document cannot be read as JSON-LD."""


@cache
def _read_context(name: str, digest: str) -> JsonObject:
    octets = (resources.files("learning_service") / "assets" / "contexts" / name).read_bytes()
    if hashlib.sha256(octets).hexdigest() != digest:
        raise UnknownContext(f"the context {name} of this installation is not the published one")
    found: JsonObject = json.loads(octets)
    return found


def context_of(address: object) -> JsonObject:
    """The context of this address. Raises UnknownContext."""
    if not isinstance(address, str) or address not in CONTEXTS:
        raise UnknownContext("the document names a context that is not known here")
    return _read_context(*CONTEXTS[address])


def _load(address: str, _options: object = None) -> JsonObject:
    return {
        "document": context_of(address),
        "documentUrl": address,
        "contextUrl": None,
        "contentType": "application/ld+json",
    }


def canonical(document: Mapping[str, Any]) -> bytes:
    """The document as canonical N-Quads. Raises UnknownContext, NotLinkedData."""
    named = document.get("@context")
    for address in named if isinstance(named, list) else [named]:
        context_of(address)
    try:
        text: str = jsonld.normalize(
            dict(document),
            {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": _load},
        )
    except jsonld.JsonLdError as error:
        raise NotLinkedData(f"not to be read as JSON-LD: {error.type}") from error
    return text.encode()


def _hashed(document: Mapping[str, Any], proof: Mapping[str, Any]) -> bytes:
    """What is signed: the digest of the proof without its value, then that of the document without its proof."""
    claims = {name: value for name, value in document.items() if name != "proof"}
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    options["@context"] = document["@context"]
    return _digest(options) + _digest(claims)


def _digest(document: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(canonical(document)).digest()


def signed(document: Mapping[str, Any], *, key: bytes, method: str, created: datetime) -> JsonObject:
    """The document with a proof by this Ed25519 key (its 32 bytes), whose public half is found at `method`."""
    proof: JsonObject = {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "created": f"{created:%Y-%m-%dT%H:%M:%SZ}",
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    signature = Ed25519PrivateKey.from_private_bytes(key).sign(_hashed(document, proof))
    proof["proofValue"] = MULTIBASE_BASE58 + base58.b58encode(signature).decode()
    return {**document, "proof": proof}


def proof_of(document: Mapping[str, Any]) -> JsonObject | None:
    """The document's only proof, whether it stands alone or in a list; None where it has none or several."""
    proof = document.get("proof")
    if isinstance(proof, list) and len(proof) == 1:
        proof = proof[0]
    return proof if isinstance(proof, dict) else None


def is_signed_by(document: Mapping[str, Any], public_key: bytes) -> bool:
    """Whether the document's proof is of this suite and by this Ed25519 key (its 32 bytes), and nothing was changed.

    False for what cannot be read, too. Terms that no context has are not covered: a closed model finds those.
    """
    proof = proof_of(document)
    if proof is None or proof.get("cryptosuite") != CRYPTOSUITE:
        return False
    value = proof.get("proofValue")
    if not isinstance(value, str) or not value.startswith(MULTIBASE_BASE58) or len(value) > 128:
        return False
    try:
        signature = base58.b58decode(value[1:])
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _hashed(document, proof))
    except (InvalidSignature, ValueError, KeyError):
        return False
    return True
