"""What state a certificate is in, and what its file is called."""

import itertools
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from learning_service.domain.certificates.rules.certificates import (
    MAX_FILE_NAME,
    PublicCertificate,
    pdf_filename,
    pdf_key,
    status_of,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def expected(revoked: bool, lapsed: bool | None, reissued: bool, renewed: bool) -> str:
    """The contract's sentence, written as a table. `lapsed` None: it has no end, and a renewal waits for none."""
    if revoked:
        return "revoked"
    if reissued:
        return "superseded"
    if renewed and lapsed is not False:
        return "superseded"
    return "expired" if lapsed else "valid"


def test_the_first_state_that_holds() -> None:
    for revoked, reissued, renewed in itertools.product((True, False), repeat=3):
        for expires_at, lapsed in ((None, None), (NOW, True), (NOW + TICK, False), (NOW - TICK, True)):
            facts = SimpleNamespace(
                revoked_at=NOW - TICK if revoked else None,
                expires_at=expires_at,
                reissued_as=uuid.uuid4() if reissued else None,
                renewed_by=uuid.uuid4() if renewed else None,
            )
            assert status_of(facts, NOW) == expected(revoked, lapsed, reissued, renewed)


def test_a_certificate_knows_its_follower() -> None:
    new, renewal = uuid.uuid4(), uuid.uuid4()

    def made(
        reissued_as: uuid.UUID | None, renewed_by: uuid.UUID | None, **at: datetime
    ) -> PublicCertificate:
        times = {"issued_at": NOW - TICK, "expires_at": None, "revoked_at": None, **at}
        return PublicCertificate(
            id=uuid.uuid4(),
            recipient_name="Ana",
            course_title="C",
            issuer_name="A",
            reissued_at=None,
            reissued_as=reissued_as,
            renewed_by=renewed_by,
            timezone="UTC",
            **times,  # type: ignore[arg-type]
        )

    assert made(new, renewal).superseded_by == new
    assert made(None, renewal).superseded_by == renewal
    assert made(None, None).superseded_by is None
    assert made(new, None).status(NOW) == "superseded"
    assert made(None, renewal).status(NOW) == "superseded"
    assert made(None, renewal, expires_at=NOW + TICK).status(NOW) == "valid"
    assert made(None, renewal, expires_at=NOW).status(NOW) == "superseded"
    assert made(None, None, expires_at=NOW).status(NOW) == "expired"
    assert made(None, None, revoked_at=NOW).status(NOW) == "revoked"
    assert made(None, None).status(NOW) == "valid"


def test_what_anyone_may_know_of_a_certificate() -> None:
    valid = PublicCertificate(
        id=uuid.uuid4(),
        recipient_name="Ana",
        course_title="Fire safety",
        issuer_name="Alpha",
        issued_at=NOW - TICK,
        reissued_at=None,
        expires_at=NOW + TICK,
        revoked_at=None,
        reissued_as=None,
        renewed_by=uuid.uuid4(),
        timezone="UTC",
    )
    shown = {
        "certificate_id": valid.id,
        "status": "valid",
        "recipient_name": "Ana",
        "course_title": "Fire safety",
        "issued_at": NOW - TICK,
        "expires_at": NOW + TICK,
        "issuer": {"name": "Alpha"},
    }
    assert valid.view(NOW) == shown
    follower = {"status": "superseded", "superseded_by": valid.renewed_by}
    assert valid.view(NOW + TICK) == {**shown, **follower}, "when it was revoked is not said of others"
    revoked = replace(valid, revoked_at=NOW)
    assert revoked.view(NOW) == {**shown, "status": "revoked", "revoked_at": NOW}


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Fire safety", "Fire safety – certificate.pdf"),
        ('a/b\\c:d*e?f"g<h>i|j%k;l', "a b c d e f g h i j k l – certificate.pdf"),
        ("a\r\nX: y", "a X y – certificate.pdf"),
        ("a\x07b\u200bc", "a b c – certificate.pdf"),
        ("  ..x.. ", "x – certificate.pdf"),
        ("X.", "X – certificate.pdf"),
        ("e\u0301", "é – certificate.pdf"),
        ("Ünïcode 漢字", "Ünïcode 漢字 – certificate.pdf"),
        ("///", "certificate.pdf"),
        ("...", "certificate.pdf"),
        ("", "certificate.pdf"),
    ],
)
def test_file_names(title: str, name: str) -> None:
    assert pdf_filename(title) == name


def test_long_titles_are_cut() -> None:
    assert pdf_filename("x" * 500) == "x" * MAX_FILE_NAME + " – certificate.pdf"
    assert MAX_FILE_NAME == 120
    assert pdf_key("ab12") == "certificates/ab12.pdf"
