"""What is signed from a template is what pyld makes of the same document, to the byte."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.kit.credentials import BASE, ISSUED, NOW, Signer

from learning_service.adapters import canonical_shapes
from learning_service.adapters.canonical_form import CONTEXTS, UnknownContext, canonical, context_of
from learning_service.adapters.canonical_shapes import canonical_by_shape
from learning_service.domain.certificates.rules.credentials import (
    LIST_BITS,
    Issued,
    credential_of,
    status_list,
)

ISSUER = "did:web:learn.example.org"
ODD = (
    'a "quoted" word, \\ and \\n',
    "\n\r\t\x00\x08\x0c\x7f\u2028\u0085",
    "%s %% %d {0}",
    "_:c14n0",
    "urn:learning-service:value:0",
    "<https://learn.example.org/>",
    "倫理 é 𝄞 \ufeff",
    "1.0",
    "true",
    "@id",
    "",
)
TEXTS = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
URLS = st.one_of(
    st.sampled_from(
        [
            BASE,
            "http://127.0.0.1:8000",
            "https://a.example/learning/%C3%A9",
            "https://bücher.example",
            "https://[2001:db8::1]:8443",
            'https://a.example/"><b',
            "https://a.example/a b",
            "https://a.example/../x/./",
            "https://a.example/\n",
            "mailto:ana",
            "sec:proof",
            "/relative",
            "_:b0",
            "",
        ]
    ),
    st.text(st.characters(codec="ascii"), max_size=12).map("https://a.example/{}".format),
)
MOMENTS = st.datetimes(timezones=st.just(UTC))
CREDENTIALS = st.builds(
    Issued,
    certificate_id=st.uuids(),
    course_id=st.uuids(),
    version=st.integers(1, 99),
    course_title=TEXTS,
    description=TEXTS,
    criteria=TEXTS,
    language=st.none() | st.sampled_from(["en", "zh-Hant"]),
    skills=st.lists(TEXTS, max_size=4).map(tuple),
    issuer_name=TEXTS,
    issued_at=MOMENTS,
    expires_at=st.none() | MOMENTS,
    email=st.none() | TEXTS,
    public_url=URLS,
    place=st.integers(0, 3 * LIST_BITS),
    website=st.none() | URLS,
)


def _document(issued: Issued, issuer: str = ISSUER, subject: int = 9, salt: str = "salt") -> dict[str, Any]:
    return credential_of(issued, issuer=issuer, subject=UUID(int=subject), salt=salt).document()


def _both(document: dict[str, Any]) -> tuple[bytes | str, bytes | str]:
    """What either makes of it, or why it makes nothing."""
    made: list[bytes | str] = []
    for form in (canonical, canonical_by_shape):
        try:
            made.append(form(document))
        except ValueError as error:
            made.append(f"{type(error).__name__}: {error}")
    return made[0], made[1]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What pyld is asked for, from a process's first document on."""
    found: list[Any] = []
    by_pyld = canonical_shapes._by_pyld

    def noted(document: Mapping[str, Any]) -> bytes:
        found.append(document)
        return by_pyld(document)

    monkeypatch.setattr(canonical_shapes, "_by_pyld", noted)
    canonical_shapes._template.cache_clear()
    yield found
    canonical_shapes._template.cache_clear()


@given(
    CREDENTIALS, st.sampled_from([ISSUER, "did:key:z6Mk", BASE, "x", "urn:uuid:" + str(UUID(int=9))]), TEXTS
)
@example(replace(ISSUED, skills=("Law", "Law", "Care")), ISSUER, "salt")
@example(replace(ISSUED, course_title="same", description="same", criteria="same"), ISSUER, "same")
@example(replace(ISSUED, public_url="urn:uuid:" + str(UUID(int=9))), "urn:uuid:" + str(UUID(int=9)), "salt")
def test_a_credential_of_any_values_is_as_pyld_makes_it(issued: Issued, issuer: str, salt: str) -> None:
    by_pyld, by_shape = _both(_document(issued, issuer, salt=salt))
    assert by_shape == by_pyld


def test_nodes_without_an_id_stand_in_either_order() -> None:
    """Digests of what they say decide which of the two is the first."""
    criteria_first = set()
    for number in range(12):
        document = _document(replace(ISSUED, criteria=f"Complete {number}."))
        made = canonical_by_shape(document)
        assert made == canonical(document)
        criteria_first.add(b"#Criteria> _:c14n0 ." in made)
    assert criteria_first == {True, False}


@given(st.datetimes(timezones=st.just(UTC)), URLS)
def test_so_are_the_options_of_a_proof(created: datetime, method: str) -> None:
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": f"{created:%Y-%m-%dT%H:%M:%SZ}",
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
        "@context": list(CONTEXTS),
    }
    by_pyld, by_shape = _both(options)
    assert by_shape == by_pyld


@pytest.mark.parametrize(
    "changed",
    [
        {"whatever": "a term of no context"},
        {"name": None},
        {"name": 1},
        {"name": ["a", "b", "a"]},
        {"name": {"@value": "a", "@language": "en"}},
        {"name": {"@value": "1.0", "@type": "http://www.w3.org/2001/XMLSchema#double"}},
        {"description": []},
        {"evidence": [{"type": "Evidence", "name": "a"}, {"type": "Evidence", "name": "a"}]},
        {"evidence": [{"type": "Evidence", "name": "a"}, {"type": "Evidence", "name": "b"}]},
        {"evidence": {"type": "Evidence", "https://a.example/knows": {"https://a.example/knows": "b"}}},
        {"https://a.example/list": {"@list": ["a", "b"]}},
        {"https://a.example/graph": {"@graph": [{"https://a.example/knows": "b"}]}},
        {"@type": "https://a.example/Type", "type": ["VerifiableCredential"]},
        {"type": "Unknown"},
        {"issuer": ISSUER},
        {"issuer": {"name": "without an id"}},
    ],
    ids=lambda changed: json.dumps(changed)[:40],
)
def test_what_no_template_makes_is_left_to_pyld(changed: dict[str, Any]) -> None:
    by_pyld, by_shape = _both({**_document(ISSUED), **changed})
    assert by_shape == by_pyld


def test_half_a_character_is_refused_by_both() -> None:
    by_pyld, by_shape = _both(_document(replace(ISSUED, course_title="\ud800")))
    assert str(by_pyld).startswith("UnicodeEncodeError")
    assert str(by_shape).startswith("UnicodeEncodeError")


def test_an_unknown_context_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(UnknownContext):
            canonical_by_shape({**_document(ISSUED), "@context": ["https://a.example/context"]})


def test_no_context_gives_a_scheme_of_ours_another_meaning() -> None:
    for address in CONTEXTS:
        text = json.dumps(context_of(address))
        assert not [scheme for scheme in ("http", "https", "did", "urn") if f'"{scheme}":' in text]


def test_a_status_list_is_as_pyld_makes_it(asked: list[Any]) -> None:
    for number in (1, 2):
        document = status_list(BASE, number, bytes([number] * 1000), issuer=ISSUER, valid_from=NOW)
        assert canonical_by_shape(document) == canonical(document)
    assert len(asked) == 2


def test_pyld_is_asked_for_a_new_shape_only(asked: list[Any]) -> None:
    signer = Signer()
    signer.signed(ISSUED)
    first = len(asked)
    assert first == 4
    signer.signed(replace(ISSUED, course_title="Another", certificate_id=UUID(int=1), place=6))
    assert len(asked) == first
    signer.signed(replace(ISSUED, skills=("Law",)))
    assert len(asked) == first + 2
    signer.signed(replace(ISSUED, public_url="https://b\xfccher.example"))
    assert len(asked) == first + 3


def test_a_term_of_no_context_leaves_its_shape_to_pyld(asked: list[Any]) -> None:
    document = {**_document(ISSUED), "whatever": "a"}
    for _ in range(2):
        canonical_by_shape(document)
    assert asked[-2:] == [document, document]
