"""What the specification's own files say of our credentials: run by hand, no registry of packages has these files.

    OPEN_BADGES_FILES=folder pytest tests/certificates/official_files.py

The folder has 1EdTech's `schema.json` (of the achievement credential), `vector.json` (a signed credential) and
`vector.key` (its Ed25519 seed, as hexadecimal digits). They are not ours to keep here.
"""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft201909Validator  # type: ignore[import-untyped]
from tests.kit.credentials import ISSUED, Signer, credential_cases, judged_by_verifier_core, public_half

from learning_service.adapters.linked_data import CONTEXTS, context_of, is_signed_by, signed
from learning_service.domain.certificates.rules.credentials import LIST_BITS, SCHEMA, list_address


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


def _official(name: str) -> Path:
    return Path(os.environ["OPEN_BADGES_FILES"]) / name


def test_the_official_schema_accepts_it(signer: Signer) -> None:
    schema = json.loads(_official("schema.json").read_bytes())
    validator = Draft201909Validator(schema)
    cases = credential_cases(signer)
    # It lets terms through that it does not know, and knows nothing of signatures.
    for name in ("good", "for ever", "revoked", "expired", "term added"):
        assert not list(validator.iter_errors(cases[name])), name
    good = cases["good"]
    achievement = good["credentialSubject"]["achievement"]
    without = {name: value for name, value in achievement.items() if name != "criteria"}
    for wrong in (without, {**achievement, "achievementType": "MyType"}, {**achievement, "name": 1}):
        assert list(validator.iter_errors({**good, "credentialSubject": {"achievement": wrong}}))


def test_ajv_accepts_it_by_the_official_schema(signer: Signer) -> None:
    documents: dict[str, Any] = {address: context_of(address) for address in CONTEXTS}
    documents[list_address(ISSUED.public_url, 1)] = signer.status_list(bytes(LIST_BITS // 8))
    documents[SCHEMA] = json.loads(_official("schema.json").read_bytes())
    found = judged_by_verifier_core(credential_cases(signer), documents)["answer"]
    for name in ("good", "for ever", "revoked", "expired"):
        assert found[name]["schemas"] == [{"valid": True}], name


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
