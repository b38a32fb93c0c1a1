"""A signature whose time an authority vouches for, and what verifies it when nobody answers any more."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.status import SignatureCoverageLevel
from tests.kit.archives import judged, said_by_poppler
from tests.kit.authorities import Answers, pem_of, revocations, time_authority, vouched
from tests.kit.printed import PLAIN

from learning_service.adapters.certificate_pdf import render_certificate
from learning_service.adapters.credentials import make_key
from learning_service.adapters.pdf_signature import Signing, sign_pdf
from learning_service.domain.certificates.rules.pdf_keys import UnusableKey, read_pdf_key
from learning_service.domain.kernel.errors import Unavailable


@pytest.fixture(scope="module")
def pem() -> str:
    return make_key("pdf", "learn.example.org").secret


@pytest.fixture(scope="module")
def plain() -> bytes:
    return render_certificate(PLAIN)


def test_an_authority_vouches_for_the_time(plain: bytes, pem: str, tmp_path: Path) -> None:
    with time_authority() as (address, certificate):
        made = sign_pdf(plain, Signing(pem, address))
        own = read_pdf_key(pem).certificates[0]
        status = judged(made, own, certificate)
        assert status.bottom_line, status.pretty_print_details()
        assert status.timestamp_validity is not None
        assert abs(status.timestamp_validity.timestamp - datetime.now(UTC)) < timedelta(minutes=1)
        assert "Signature is Valid" in said_by_poppler(made, tmp_path)
        for how in ("of something else", "by a refusal", "by a page", "with an error"):
            Answers.how = how
            try:
                with pytest.raises(Unavailable):
                    sign_pdf(plain, Signing(pem, address))
            finally:
                Answers.how = "rightly"
    with pytest.raises(Unavailable):
        sign_pdf(plain, Signing(pem, address))


def test_what_tells_that_the_certificates_held_is_in_the_file(plain: bytes, tmp_path: Path) -> None:
    """PAdES B-LT: verified years later, when nobody answers any more, and still one revision that is all signed."""
    root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = vouched("Authority", root, "Authority", root, is_authority=True)
    with time_authority((root, authority)) as (address, _):
        lists = address.replace("/tsa", "/revoked")
        certificate = vouched("Association", own, "Authority", root, revoked_at=lists)
        signing = Signing(pem_of(own, certificate, authority), address)
        with pytest.raises(Unavailable, match="could not be had"):
            sign_pdf(plain, signing)
        Answers.revocations = revocations(root, 1, 2)
        made = sign_pdf(plain, signing)
        fetched = Answers.fetched
        assert sign_pdf(plain, signing) != made
        assert Answers.fetched == fetched, "what was fetched is good for the next minutes"
    reader = PdfFileReader(io.BytesIO(made))
    kept = DocumentSecurityStore.read_dss(reader)
    assert kept.crls
    assert {"Association", "Time"} <= {one.subject.native["common_name"] for one in kept.load_certs()}
    trusted = [asn1_x509.Certificate.load(authority.public_bytes(serialization.Encoding.DER))]
    context = kept.as_validation_context(
        {"trust_roots": trusted, "allow_fetching": False, "revocation_mode": "require"}
    )
    [signature] = reader.embedded_signatures
    status = validate_pdf_signature(signature, context, ts_validation_context=context)
    assert status.bottom_line, status.pretty_print_details()
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    said = said_by_poppler(made, tmp_path)
    assert "Signature is Valid" in said
    assert "Total document signed" in said


def test_a_revoked_key_signs_nothing(plain: bytes) -> None:
    root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = vouched("Authority", root, "Authority", root, is_authority=True)
    with time_authority((root, authority)) as (address, _):
        lists = address.replace("/tsa", "/revoked")
        certificate = vouched("Association", own, "Authority", root, revoked_at=lists)
        Answers.revocations = revocations(root, certificate.serial_number)
        with pytest.raises(UnusableKey, match="revoked"):
            sign_pdf(plain, Signing(pem_of(own, certificate, authority), address))
