"""1EdTech's vector of a signed Open Badge, its document too: run by hand, for its licence lets nobody hand it on.

    OPEN_BADGES_FILES=folder pytest tests/certificates/official_files.py

The folder has `vector.json` (the signed credential, its proof in a list) and `vector.key` (its Ed25519 seed, as
hexadecimal digits), copied from the implementation guide. Decision 0020 says what `test_vectors.py` holds of it.
"""

import json
import os
from datetime import datetime
from pathlib import Path

from tests.kit.credentials import public_half

from learning_service.adapters.linked_data import is_signed_by, signed


def _official(name: str) -> Path:
    return Path(os.environ["OPEN_BADGES_FILES"]) / name


def test_the_vector_of_1edtech_is_reproduced() -> None:
    whole = json.loads(_official("vector.json").read_bytes())
    [proof] = whole.pop("proof")
    seed = bytes.fromhex(_official("vector.key").read_text().strip())
    created = datetime.fromisoformat(proof["created"])
    made = signed(whole, key=seed, method=proof["verificationMethod"], created=created)
    assert made["proof"] == proof
    public = public_half(seed)
    assert is_signed_by({**whole, "proof": proof}, public)
    assert not is_signed_by({**whole, "name": "x", "proof": proof}, public)
