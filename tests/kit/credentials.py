"""Signed credentials, as the worker makes them, of a certificate that nobody got."""

import json
import os
import shutil
import subprocess
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from learning_service.adapters.credentials import (
    SignedCredential,
    SigningPair,
    make_key,
    sign_credential,
    sign_list,
)
from learning_service.adapters.linked_data import signed
from learning_service.domain.certificates.rules.credentials import Issued, credential_of, status_list
from learning_service.domain.certificates.rules.keys import issuer_did, jwk_address, verification_method
from tests.kit.world import Json

HERE = Path(__file__).parents[1]
VERIFIER = HERE.parent / "node_modules" / "@digitalcredentials" / "verifier-core"
PAST = datetime(2026, 2, 1, tzinfo=UTC)
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


class Signer:
    """An installation in development, with keys of its own."""

    def __init__(self) -> None:
        self.ed25519, self.rs256 = make_key("ed25519"), make_key("rs256")

    def pair(self) -> tuple[str, SigningPair]:
        """Who issues, and by what it is signed."""
        issuer = issuer_did(BASE, self.ed25519.id, is_development=True)
        method = verification_method(issuer, self.ed25519.id)
        kid = jwk_address(BASE, self.rs256.id)
        return issuer, SigningPair(bytes.fromhex(self.ed25519.secret), method, self.rs256.secret, kid)

    def signed(self, issued: Issued) -> SignedCredential:
        """The credential in both forms."""
        issuer, keys = self.pair()
        credential = credential_of(issued, issuer=issuer, subject=uuid.UUID(int=9), salt="salt")
        return sign_credential(credential.document(), keys, NOW)

    def document(self, issued: Issued = ISSUED) -> Json:
        """The credential as Data Integrity signs it."""
        found: Json = json.loads(self.signed(issued).data_integrity)
        return found

    def status_list(self, bits: bytes) -> Json:
        """The first status list with these bits."""
        issuer, keys = self.pair()
        document = status_list(BASE, 1, bits, issuer=issuer, valid_from=NOW)
        found: Json = json.loads(sign_list(document, keys.ed25519, keys.method, NOW))
        return found


def public_half(seed: bytes) -> bytes:
    """The public key of an Ed25519 seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def credential_cases(signer: Signer) -> dict[str, Json]:
    """Credentials that hold, that do not any more, and that never were."""
    good = signer.document()
    subject = good["credentialSubject"]
    unsigned = {name: value for name, value in good.items() if name != "proof"}
    issuer, keys = signer.pair()
    assert issuer == good["issuer"]["id"]
    return {
        "good": good,
        "for ever": signer.document(replace(ISSUED, expires_at=None, email=None)),
        "revoked": signer.document(replace(ISSUED, place=8)),
        "expired": signer.document(replace(ISSUED, expires_at=PAST)),
        "name changed": {**good, "name": "Another"},
        "person changed": {**good, "credentialSubject": {**subject, "id": "urn:uuid:" + "1" * 8}},
        "place changed": {**good, "credentialStatus": {**good["credentialStatus"], "statusListIndex": "6"}},
        "term added": {**good, "whatever": "x"},
        "term signed": signed(
            {**unsigned, "whatever": "x"}, key=keys.ed25519, method=keys.method, created=NOW
        ),
        "proof of another": {**good, "proof": Signer().document()["proof"]},
        "context swapped": {**good, "@context": [*good["@context"][:2], "https://evil.example/context"]},
    }


def judged_by_verifier_core(cases: dict[str, Json], documents: dict[str, Json]) -> Json:
    """What `@digitalcredentials/verifier-core` says of each; these documents are all that it may have."""
    if not (shutil.which("node") and VERIFIER.is_dir()):
        assert not os.environ.get("CI"), "run npm ci"
        pytest.skip("no npm packages here: npm ci")
    done = subprocess.run(
        ["node", str(HERE / "certificates" / "verify_by_others.mjs")],
        input=json.dumps({"credentials": cases, "documents": documents}),
        capture_output=True,
        text=True,
        check=False,
        timeout=55,
    )
    assert done.returncode == 0, done.stderr
    told: Json = json.loads(done.stdout)
    return told
