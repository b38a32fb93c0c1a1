"""Signed credentials: every value counts, the contexts are the published ones, and others' verifiers agree."""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.kit.credentials import BASE, ISSUED, NOW, Signer

from learning_service.adapters.canonical_form import CONTEXTS, UnknownContext, canonical, context_of
from learning_service.adapters.credentials import jwk
from learning_service.adapters.linked_data import is_signed_by, signed
from learning_service.domain.certificates.rules.credentials import (
    LIST_BITS,
    Credential,
    with_bits,
)
from learning_service.domain.certificates.rules.keys import (
    jwk_address,
    web_did,
)

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


def _leaves(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(node, dict):
        return [leaf for name, value in node.items() for leaf in _leaves(value, (*path, name))]
    if isinstance(node, list):
        return [leaf for i, value in enumerate(node) for leaf in _leaves(value, (*path, i))]
    return [path]


def test_every_value_is_signed(signer: Signer) -> None:
    """A term that no context has would not be: pyld drops it without a word."""
    text = signer.signed(ISSUED).data_integrity
    document = json.loads(text)
    assert is_signed_by(document, signer.ed25519.public)
    leaves = [
        path for path in _leaves(document) if path[0] != "@context" and path != ("proof", 0, "proofValue")
    ]
    assert len(leaves) > 35
    for path in leaves:
        changed = json.loads(text)
        node = changed
        for step in path[:-1]:
            node = node[step]
        value = node[path[-1]]
        if path[-1] == "type" or (isinstance(path[-1], int) and "type" in path):
            node[path[-1]] = "Profile" if value != "Profile" else "Achievement"
        elif isinstance(value, bool):
            node[path[-1]] = not value
        elif value[:1].isdigit() or value.startswith("http") or ":" in value:
            node[path[-1]] = value.replace("1", "2").replace("learn.", "evil.").replace("0", "9") + (
                "" if value[:2] in ("20", "21") else "9"
            )
        else:
            node[path[-1]] = value + "x"
        assert not is_signed_by(changed, signer.ed25519.public), path


def test_an_unknown_term_cannot_be_issued_nor_an_unknown_context_read(signer: Signer) -> None:
    document = json.loads(signer.signed(ISSUED).data_integrity)
    assert Credential.model_validate(document).document() == document
    for place in (document, document["credentialSubject"], document["credentialSubject"]["achievement"]):
        place["whatever"] = "x"
        with pytest.raises(ValidationError):
            Credential.model_validate(document)
        del place["whatever"]
    with pytest.raises(UnknownContext):
        canonical({**document, "@context": [*document["@context"], "https://evil.example/context"]})
    swapped = {**document, "@context": ["https://evil.example/context"]}
    assert not is_signed_by(swapped, signer.ed25519.public)
    [proof] = document["proof"]
    assert is_signed_by({**document, "proof": proof}, signer.ed25519.public)
    for wrong in ([proof, proof], [], {**proof, "proofValue": "z" * 9}, 1, [1], None):
        broken = {**document, "proof": wrong}
        assert not is_signed_by(broken, signer.ed25519.public)


def test_contexts_are_the_published_ones() -> None:
    for address, (_, digest) in CONTEXTS.items():
        assert context_of(address)["@context"]
        assert len(digest) == 64


def test_the_signature_of_given_input_is_the_same_each_time(signer: Signer) -> None:
    assert signer.signed(ISSUED) == signer.signed(ISSUED)
    other = replace(ISSUED, expires_at=None, email=None, language=None, skills=())
    document = json.loads(signer.signed(other).data_integrity)
    assert "validUntil" not in document
    assert "identifier" not in document["credentialSubject"]


def test_dids_are_those_of_the_specification() -> None:
    assert web_did("https://learn.example.org") == "did:web:learn.example.org"
    assert web_did("http://127.0.0.1:8000") == "did:web:127.0.0.1%3A8000"
    assert web_did("https://a.example/learning/x") == "did:web:a.example:learning:x"


def _npm() -> bool:
    there = shutil.which("node") and (HERE.parents[1] / "node_modules" / "@digitalbazaar" / "vc").is_dir()
    return bool(there)


def test_npm_verifies_it_offline_and_refuses_the_rest(signer: Signer) -> None:
    if not _npm():
        assert not os.environ.get("CI"), "run npm ci"
        pytest.skip("no npm packages here: npm ci")
    good = signer.signed(ISSUED)
    document = json.loads(good.data_integrity)
    revoked = json.loads(signer.signed(replace(ISSUED, place=8)).data_integrity)
    beyond = json.loads(signer.signed(replace(ISSUED, place=LIST_BITS - 1)).data_integrity)
    past = replace(ISSUED, expires_at=datetime(2026, 2, 1, tzinfo=UTC))
    subject = document["credentialSubject"]
    issuer, keys = signer.pair()
    unknown = signed(
        {**{k: v for k, v in document.items() if k != "proof"}, "whatever": "x"},
        key=keys.ed25519,
        method=keys.method,
        created=NOW,
    )
    given = {
        "documents": {
            **{address: context_of(address) for address in CONTEXTS},
            f"{BASE}/status/1/": signer.status_list(with_bits(bytes(LIST_BITS // 8), frozenset({8}))),
        },
        "credentials": {
            "good": document,
            "last": beyond,
            "revoked": revoked,
            "value": {**document, "name": "Another"},
            "term": {**document, "credentialSubject": {**subject, "whatever": "x"}},
            "unknown": unknown,
            "expired": json.loads(signer.signed(past).data_integrity),
        },
        "tokens": {
            "jwt": good.jwt,
            "jwt altered": good.jwt[:-20] + "A" * 20,
            "jwt expired": signer.signed(past).jwt,
        },
        "jwks": {
            "keys": [{**jwk(signer.rs256.public), "alg": "RS256", "kid": jwk_address(BASE, signer.rs256.id)}]
        },
    }
    judged = subprocess.run(
        ["node", str(HERE / "verify_credential.mjs")],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=55,
    )
    assert judged.returncode == 0, judged.stderr
    told = json.loads(judged.stdout)
    verified = {name for name, one in told.items() if one["verified"]}
    assert verified == {"good", "last", "revoked", "jwt"}, told
    assert [told[name]["withdrawn"] for name in ("good", "last", "revoked")] == [[False], [False], [True]]
    assert told["jwt"]["header"] == {"alg": "RS256", "typ": "JWT", "kid": keys.kid}
    assert told["jwt"]["subject"] == subject["id"]
    assert "Safe mode" in told["unknown"]["error"]
    assert "Safe mode" in told["term"]["error"]
    assert issuer == document["issuer"]["id"]
