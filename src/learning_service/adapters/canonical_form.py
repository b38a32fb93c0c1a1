"""JSON-LD in canonical form. Contexts are files of this package: an unknown address is an error, nothing is fetched.

The one module that knows pyld. `linked_data` loads it with the first document.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from learning_service.core.loading import only_named, without
from learning_service.domain.kernel.json_objects import JsonObject

with without("requests", "aiohttp"), only_named("lxml", "lxml.html"):
    # It would load a client of HTTP to fetch contexts with, and a parser of pages that hold some.
    from pyld import jsonld

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
