"""Published vectors: what others have signed by the same rules comes out of ours byte for byte."""

import json
from datetime import UTC, datetime
from typing import Any

import base58
import pytest

from learning_service.adapters import canonical_form, linked_data
from learning_service.adapters.canonical_form import context_of
from learning_service.adapters.credentials import multikey
from learning_service.adapters.linked_data import is_signed_by, signed
from learning_service.domain.certificates.rules.credentials import OPEN_BADGES, VC

EXAMPLES = "https://www.w3.org/ns/credentials/examples/v2"
# W3C, Data Integrity EdDSA Cryptosuites v1.0, appendix B.1: the document, the key pair and the signature.
ALUMNI: dict[str, Any] = {
    "@context": ["https://www.w3.org/ns/credentials/v2", EXAMPLES],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
}
PUBLIC = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
SECRET = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"
SIGNATURE = "z21EVs3eXERqTn4acNHT9viboqgzUaQ3kTmhPT3eA8qrVPE7CrQq78WkzctnMX5W4CrzcKnHw8V6dvy5pgWYCU5e9"
CREATED = datetime(2023, 2, 24, 23, 36, 38, tzinfo=UTC)
# 1EdTech, Open Badges 3.0 Implementation Guide, "Linked Data Proof Test Vector": key, digests and signature, without
# the badge's text (decision 0020).
SEED = "6241a409e6707bb640a0140a8a32bc3d193c33a661747284d6adfa4ed4180be4"
METHOD = "https://example.edu/issuers/565049#z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi"
PROOF_DIGEST = "d34009cea0dbc1ca941e09dc01c8c9d3e3ce3c5b853f67ee44698dcea10f5d19"
BADGE_DIGEST = "87f65a76d40146205e3b3e06cb0fbd153f97f9ce70372390f52566bb7f9e0773"
BADGE_SIGNATURE = "z5x9aCBYovW3CQCbKdNyhEm7ffYSw1YpEdPywQJoNbzDD2gkzQDKJ1sYKJaWvqZtkMtSbz35HcbgXVEDYHxCzgkCr"


@pytest.fixture
def _examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """The vocabulary of the specification's examples, which the service does not know."""
    vocabulary = {"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}
    monkeypatch.setattr(
        canonical_form,
        "context_of",
        lambda address: vocabulary if address == EXAMPLES else context_of(address),
    )


@pytest.mark.usefixtures("_examples")
def test_the_vector_of_eddsa_rdfc_2022_is_reproduced() -> None:
    seed, public = base58.b58decode(SECRET[1:])[2:], base58.b58decode(PUBLIC[1:])[2:]
    assert multikey(public) == PUBLIC
    made = signed(ALUMNI, key=seed, method=f"https://vc.example/issuers/5678#{PUBLIC}", created=CREATED)
    assert made["proof"] == {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2023-02-24T23:36:38Z",
        "verificationMethod": f"https://vc.example/issuers/5678#{PUBLIC}",
        "proofPurpose": "assertionMethod",
        "proofValue": SIGNATURE,
    }
    assert is_signed_by(made, public)
    assert not is_signed_by({**made, "name": "Alumni"}, public)
    assert json.loads(json.dumps(made)) == made


def test_the_numbers_of_1edtechs_vector_are_reproduced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its badge is given as its published digest; the digest of the proof and the signature are made here."""
    digests, digest = [], linked_data._digest

    def digest_of(document: dict[str, Any], canonical: Any) -> bytes:
        is_badge = "credentialSubject" in document
        digests.append(bytes.fromhex(BADGE_DIGEST) if is_badge else digest(document, canonical))
        return digests[-1]

    monkeypatch.setattr(linked_data, "_digest", digest_of)
    badge = {"@context": [VC, OPEN_BADGES], "credentialSubject": {}}
    created = datetime(2010, 1, 1, 19, 23, 24, tzinfo=UTC)
    made = signed(badge, key=bytes.fromhex(SEED), method=METHOD, created=created)
    assert [one.hex() for one in digests] == [PROOF_DIGEST, BADGE_DIGEST]
    assert made["proof"]["proofValue"] == BADGE_SIGNATURE
