"""Signing JSON-LD by Data Integrity, cryptosuite `eddsa-rdfc-2022` (W3C vc-di-eddsa).

Canonicalization is pyld's (`canonical_form`, and `canonical_shapes` for what is signed here), signing cryptography's;
here is only what the specification puts between the two.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

import base58
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from learning_service.adapters.canonical_shapes import canonical_by_shape
from learning_service.core.loading import load
from learning_service.domain.kernel.json_objects import JsonObject

_Canonical: TypeAlias = Callable[[Mapping[str, Any]], bytes]
CRYPTOSUITE = "eddsa-rdfc-2022"
MULTIBASE_BASE58 = "z"
_CANONICAL = "learning_service.adapters.canonical_form:canonical"
"""By its place: pyld is loaded with the first document."""


def _hashed(document: Mapping[str, Any], proof: Mapping[str, Any], canonical: _Canonical) -> bytes:
    """What is signed: the digest of the proof without its value, then that of the document without its proof."""
    claims = {name: value for name, value in document.items() if name != "proof"}
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    options["@context"] = document["@context"]
    return _digest(options, canonical) + _digest(claims, canonical)


def _digest(document: Mapping[str, Any], canonical: _Canonical) -> bytes:
    return hashlib.sha256(canonical(document)).digest()


@lru_cache(maxsize=4)
def _loaded(key: bytes) -> Ed25519PrivateKey:
    """The key ready to sign: that takes as long as to sign."""
    return Ed25519PrivateKey.from_private_bytes(key)


def signed(document: Mapping[str, Any], *, key: bytes, method: str, created: datetime) -> JsonObject:
    """The document with a proof by this Ed25519 key (its 32 bytes), whose public half is found at `method`."""
    proof: JsonObject = {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "created": f"{created:%Y-%m-%dT%H:%M:%SZ}",
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    signature = _loaded(key).sign(_hashed(document, proof, canonical_by_shape))
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
        Ed25519PublicKey.from_public_bytes(public_key).verify(
            signature, _hashed(document, proof, load(_CANONICAL))
        )
    except (InvalidSignature, ValueError, KeyError):
        return False
    return True
