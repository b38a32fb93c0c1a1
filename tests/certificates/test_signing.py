"""Signed credentials: every value counts, the contexts are the published ones, and others' verifiers agree."""

import json
import os
import shutil
import subprocess
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openbadgeslib.ob3.ldp import OB3LdpVerifier
from openbadgeslib.ob3.verifier import OB3VerificationError
from pydantic import ValidationError
from tests.kit.world import Json

from learning_service.adapters.credentials import (
    SignedCredential,
    SigningPair,
    jwk,
    make_key,
    sign_credential,
    sign_list,
)
from learning_service.adapters.linked_data import (
    CONTEXTS,
    UnknownContext,
    canonical,
    context_of,
    is_signed_by,
    signed,
)
from learning_service.domain.certificates.rules.credentials import (
    LIST_BITS,
    Credential,
    Issued,
    credential_of,
    status_list,
    with_bits,
)
from learning_service.domain.certificates.rules.keys import (
    NewKey,
    issuer_did,
    jwk_address,
    verification_method,
    web_did,
)

HERE = Path(__file__).parent
BASE = "https://learn.example.org"
NOW = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)
ISSUED = Issued(
    certificate_id=uuid.UUID(int=7),
    course_id=uuid.UUID(int=8),
    version=1,
    course_title="Hazing prevention “倫理” <b>",
    description="What it is, and what the law says.",
    criteria="Complete it.",
    language="en",
    skills=("Law", "Care"),
    issuer_name="National Association",
    issued_at=datetime(2026, 1, 1, 9, 30, 15, 700, tzinfo=UTC),
    expires_at=datetime(2126, 1, 1, tzinfo=UTC),
    email="ana@example.org",
    public_url=BASE,
    place=5,
)


@pytest.fixture(scope="module")
def ed25519() -> NewKey:
    return make_key("ed25519")


@pytest.fixture(scope="module")
def rs256() -> NewKey:
    return make_key("rs256")


def _pair(ed25519: NewKey, rs256: NewKey) -> tuple[str, SigningPair]:
    issuer = issuer_did(BASE, ed25519.id, is_development=True)
    method = verification_method(issuer, ed25519.id)
    return issuer, SigningPair(
        bytes.fromhex(ed25519.secret), method, rs256.secret, jwk_address(BASE, rs256.id)
    )


def _signed(issued: Issued, ed25519: NewKey, rs256: NewKey) -> SignedCredential:
    issuer, keys = _pair(ed25519, rs256)
    credential = credential_of(issued, issuer=issuer, subject=uuid.UUID(int=9), salt="salt")
    return sign_credential(credential, keys, NOW)


def _list(bits: bytes, ed25519: NewKey, rs256: NewKey) -> Json:
    issuer, keys = _pair(ed25519, rs256)
    document = status_list(BASE, 1, bits, issuer=issuer, valid_from=NOW)
    found: Json = json.loads(sign_list(document, keys.ed25519, keys.method, NOW))
    return found


def _leaves(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(node, dict):
        return [leaf for name, value in node.items() for leaf in _leaves(value, (*path, name))]
    if isinstance(node, list):
        return [leaf for i, value in enumerate(node) for leaf in _leaves(value, (*path, i))]
    return [path]


def test_every_value_is_signed(ed25519: NewKey, rs256: NewKey) -> None:
    """A term that no context has would not be: pyld drops it without a word."""
    text = _signed(ISSUED, ed25519, rs256).data_integrity
    document = json.loads(text)
    assert is_signed_by(document, ed25519.public)
    leaves = [path for path in _leaves(document) if path[0] != "@context" and path != ("proof", "proofValue")]
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
        assert not is_signed_by(changed, ed25519.public), path


def test_an_unknown_term_cannot_be_issued_nor_an_unknown_context_read(ed25519: NewKey, rs256: NewKey) -> None:
    document = json.loads(_signed(ISSUED, ed25519, rs256).data_integrity)
    assert Credential.model_validate(document).document() == document
    for place in (document, document["credentialSubject"], document["credentialSubject"]["achievement"]):
        place["whatever"] = "x"
        with pytest.raises(ValidationError):
            Credential.model_validate(document)
        del place["whatever"]
    with pytest.raises(UnknownContext):
        canonical({**document, "@context": [*document["@context"], "https://evil.example/context"]})
    swapped = {**document, "@context": ["https://evil.example/context"]}
    assert not is_signed_by(swapped, ed25519.public)
    for broken in ({}, {"proof": 1}, {**document, "proof": {**document["proof"], "proofValue": "z" * 9}}):
        assert not is_signed_by(broken, ed25519.public)


def test_contexts_are_the_published_ones() -> None:
    for address, (_, digest) in CONTEXTS.items():
        assert context_of(address)["@context"]
        assert len(digest) == 64


def test_the_signature_of_given_input_is_the_same_each_time(ed25519: NewKey, rs256: NewKey) -> None:
    assert _signed(ISSUED, ed25519, rs256) == _signed(ISSUED, ed25519, rs256)
    other = replace(ISSUED, expires_at=None, email=None, language=None, skills=())
    document = json.loads(_signed(other, ed25519, rs256).data_integrity)
    assert "validUntil" not in document
    assert "identifier" not in document["credentialSubject"]


def test_dids_are_those_of_the_specification() -> None:
    assert web_did("https://learn.example.org") == "did:web:learn.example.org"
    assert web_did("http://127.0.0.1:8000") == "did:web:127.0.0.1%3A8000"
    assert web_did("https://a.example/learning/x") == "did:web:a.example:learning:x"


def test_openbadgeslib_accepts_it_and_nothing_else(ed25519: NewKey, rs256: NewKey) -> None:
    text = _signed(ISSUED, ed25519, rs256).data_integrity
    verifier = OB3LdpVerifier.for_issuer_did(f"did:key:{ed25519.id}")
    assert verifier.verify(text).achievement.name == ISSUED.course_title
    expired = replace(ISSUED, expires_at=datetime(2026, 2, 1, tzinfo=UTC))
    wrong = (
        text.replace("National", "Notional"),
        text.replace('"narrative"', '"whatever":"x","narrative"'),
        _signed(expired, ed25519, rs256).data_integrity,
        _signed(ISSUED, make_key("ed25519"), rs256).data_integrity,
    )
    for one in wrong:
        with pytest.raises(OB3VerificationError):
            verifier.verify(one)


def _npm() -> bool:
    there = shutil.which("node") and (HERE.parents[1] / "node_modules" / "@digitalbazaar" / "vc").is_dir()
    return bool(there)


def test_npm_verifies_it_offline_and_refuses_the_rest(ed25519: NewKey, rs256: NewKey) -> None:
    if not _npm():
        assert not os.environ.get("CI"), "run npm ci"
        pytest.skip("no npm packages here: npm ci")
    good = _signed(ISSUED, ed25519, rs256)
    document = json.loads(good.data_integrity)
    revoked = json.loads(_signed(replace(ISSUED, place=8), ed25519, rs256).data_integrity)
    beyond = json.loads(_signed(replace(ISSUED, place=LIST_BITS - 1), ed25519, rs256).data_integrity)
    past = replace(ISSUED, expires_at=datetime(2026, 2, 1, tzinfo=UTC))
    subject = document["credentialSubject"]
    issuer, keys = _pair(ed25519, rs256)
    unknown = signed(
        {**{k: v for k, v in document.items() if k != "proof"}, "whatever": "x"},
        key=keys.ed25519,
        method=keys.method,
        created=NOW,
    )
    given = {
        "documents": {
            **{address: context_of(address) for address in CONTEXTS},
            f"{BASE}/status/1/": _list(with_bits(bytes(LIST_BITS // 8), frozenset({8})), ed25519, rs256),
        },
        "credentials": {
            "good": document,
            "last": beyond,
            "revoked": revoked,
            "value": {**document, "name": "Another"},
            "term": {**document, "credentialSubject": {**subject, "whatever": "x"}},
            "unknown": unknown,
            "expired": json.loads(_signed(past, ed25519, rs256).data_integrity),
        },
        "tokens": {
            "jwt": good.jwt,
            "jwt altered": good.jwt[:-20] + "A" * 20,
            "jwt expired": _signed(past, ed25519, rs256).jwt,
        },
        "jwks": {"keys": [{**jwk(rs256.public), "alg": "RS256", "kid": jwk_address(BASE, rs256.id)}]},
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
