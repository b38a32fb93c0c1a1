"""Attestations and signatures under them."""

import hashlib
from typing import Any

from tests.kit.learner import Learner
from tests.kit.world import Json

OATH = "<p>I have read the policy and will keep it.</p>"


def oath(title: str = "Oath", **changes: Any) -> Json:
    """An attestation of a tree."""
    return {"kind": "attestation", "title": title, "text_html": OATH, **changes}


def hash_of(html: str) -> str:
    """What the service calls the hash of a text."""
    return hashlib.sha256(html.encode()).hexdigest()


async def sign(at: Learner, name: str = "Ana Exemplar", title: str = "Oath") -> Json:
    """Sign it."""
    signed: Json = await at.call.ok("POST", at.path(title, "sign"), {"typed_name": name})
    return signed
