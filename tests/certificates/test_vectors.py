"""Published vectors: what others have signed by the same rules comes out of ours byte for byte."""

import json
from datetime import UTC, datetime
from typing import Any

import base58
import pytest

from learning_service.adapters import linked_data
from learning_service.adapters.credentials import multikey
from learning_service.adapters.linked_data import context_of, is_signed_by, signed

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


@pytest.fixture
def _examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """The vocabulary of the specification's examples, which the service does not know."""
    vocabulary = {"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}
    monkeypatch.setattr(
        linked_data,
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
