"""What others' verifiers say of our credentials, without any network."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft201909Validator  # type: ignore[import-untyped]
from openbadgeslib.ob3.ldp import OB3LdpVerifier
from openbadgeslib.ob3.status import check_credential_status
from openbadgeslib.ob3.verifier import OB3VerificationError
from tests.kit.credentials import ISSUED, Signer, credential_cases, judged_by_verifier_core

from learning_service.adapters.canonical_form import CONTEXTS, context_of
from learning_service.domain.certificates.rules.credentials import LIST_BITS, SCHEMA, list_address, with_bits

HERE = Path(__file__).parent
VERIFIER = HERE.parents[1] / "node_modules" / "@digitalcredentials" / "verifier-core"
PAST = datetime(2026, 2, 1, tzinfo=UTC)
OFFICIAL = HERE.parents[1] / ".venv" / "official" / "ob_v3p0_achievementcredential_schema.json"


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


@pytest.fixture
def schema() -> Any:
    """1EdTech's own of an achievement credential."""
    if not OFFICIAL.exists():
        pytest.skip("the schema is not here: make official-files")
    return json.loads(OFFICIAL.read_bytes())


def test_verifier_core_agrees_offline(signer: Signer) -> None:
    base = ISSUED.public_url
    documents: dict[str, Any] = {address: context_of(address) for address in CONTEXTS}
    documents[list_address(base, 1)] = signer.status_list(with_bits(bytes(LIST_BITS // 8), frozenset({8})))
    told = judged_by_verifier_core(credential_cases(signer), documents)
    found = told["answer"]
    right = {
        "valid_signature": True,
        "expiration": True,
        "revocation_status": True,
        "registered_issuer": False,
    }
    steps = {name: one["steps"] for name, one in found.items()}
    assert steps.pop("good") == right
    assert steps.pop("for ever") == {k: v for k, v in right.items() if k != "expiration"} | {
        "expiration": True
    }
    assert steps.pop("revoked") == {**right, "revocation_status": False}
    assert steps.pop("expired") == {**right, "expiration": False}
    # Of what was changed it says nothing at all, but that it does not hold.
    assert set(steps) == {name for name, one in found.items() if one["errors"]}
    assert not any(step.get("valid_signature") for step in steps.values())
    # What it may not have is only what it would ask 1EdTech for.
    assert set(told["asked"]) <= {SCHEMA, list_address(base, 1), *CONTEXTS, "https://evil.example/context"}


def test_openbadgeslib_agrees(signer: Signer) -> None:
    verifier = OB3LdpVerifier.for_issuer_did(signer.pair()[0])
    bits = with_bits(bytes(LIST_BITS // 8), frozenset({8}))
    published = json.dumps(signer.status_list(bits)).encode()
    found = {}
    for name, case in credential_cases(signer).items():
        try:
            read = verifier.verify(json.dumps(case))
        except OB3VerificationError:
            continue
        try:
            check_credential_status(read, lambda _: published)
        except OB3VerificationError as error:
            found[name] = str(error)
        else:
            found[name] = "holds"
    assert found.pop("good") == found.pop("for ever") == "holds"
    assert "'revocation' is set" in found.pop("revoked")
    assert not found


def test_the_official_schema_accepts_it(signer: Signer, schema: Any) -> None:
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


def test_ajv_accepts_it_by_the_official_schema(signer: Signer, schema: Any) -> None:
    documents: dict[str, Any] = {address: context_of(address) for address in CONTEXTS}
    documents[list_address(ISSUED.public_url, 1)] = signer.status_list(bytes(LIST_BITS // 8))
    documents[SCHEMA] = schema
    cases = credential_cases(signer)
    subject = cases["good"]["credentialSubject"]
    nameless = {name: value for name, value in subject["achievement"].items() if name != "name"}
    cases["nameless"] = {**cases["good"], "credentialSubject": {**subject, "achievement": nameless}}
    found = judged_by_verifier_core(cases, documents)["answer"]
    for name in ("good", "for ever", "revoked", "expired"):
        assert found[name]["schemas"] == [{"valid": True}], name
    assert found["nameless"]["schemas"] != [{"valid": True}]
