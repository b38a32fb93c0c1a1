"""The signature of a PDF: readers' programs find it valid, and anything that was changed or added invalid."""

import asyncio
import io
import json
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pypdf
import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pydantic import SecretStr
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pypdf.annotations import FreeText
from sqlalchemy import text
from tests.kit.archives import judged
from tests.kit.earned import Earned, earn
from tests.kit.printed import PLAIN, text_of
from tests.kit.world import World

from learning_service.adapters.certificate_pdf import render_certificate
from learning_service.adapters.credentials import make_key
from learning_service.adapters.pdf_signature import Signing, sign_pdf
from learning_service.adapters.storage import ObjectMissing
from learning_service.cli.keys import rotate
from learning_service.cli.operating import CommandError
from learning_service.cli.worker import refuse_unusable_key
from learning_service.domain.certificates.actions.pdfs import activate_certificate
from learning_service.domain.certificates.rules.certificates import pdf_key
from learning_service.domain.certificates.rules.pdf_keys import UnusableKey, read_pdf_key
from learning_service.domain.kernel.errors import Unavailable

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def _pem(key: Any, *certificates: x509.Certificate, password: bytes | None = None) -> str:
    protected = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    own = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protected)
    return b"".join([own, *(one.public_bytes(serialization.Encoding.PEM) for one in certificates)]).decode()


def _vouched(
    name: str,
    key: Key,
    issuer: str,
    by: Key,
    *,
    is_authority: bool = False,
    days: int = 30,
    for_time: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(_usage(is_authority), critical=True)
    )
    if for_time:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
        )
    return builder.sign(by, SHA256())


def _usage(is_authority: bool) -> x509.KeyUsage:
    signs = not is_authority
    return x509.KeyUsage(signs, signs, False, False, False, is_authority, is_authority, False, False)


@pytest.fixture(scope="module")
def pem() -> str:
    return make_key("pdf", "learn.example.org").secret


@pytest.fixture(scope="module")
def plain() -> bytes:
    return render_certificate(PLAIN)


@pytest.fixture(scope="module")
def signed(plain: bytes, pem: str) -> bytes:
    return sign_pdf(plain, Signing(pem))


def said_by_poppler(pdf: bytes, directory: Path) -> str:
    """What `pdfsig` says of the signature."""
    file = directory / "said.pdf"
    file.write_bytes(pdf)
    run = subprocess.run(["pdfsig", str(file)], capture_output=True, text=True, timeout=30)
    return run.stdout


def test_readers_find_the_signature_valid(plain: bytes, signed: bytes, pem: str, tmp_path: Path) -> None:
    assert signed.startswith(plain), "what was drawn is kept as it is"
    said = said_by_poppler(signed, tmp_path)
    assert "Signature Validation: Signature is Valid." in said
    assert "Total document signed" in said
    assert "Signature Type: ETSI.CAdES.detached" in said
    assert "CN=learn.example.org,O=Learning service" in said
    status = judged(signed, read_pdf_key(pem).certificates[0])
    assert status.bottom_line, status.pretty_print_details()
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE


def test_one_changed_byte_makes_it_invalid(signed: bytes, tmp_path: Path) -> None:
    places = [12, 700, len(signed) // 2, signed.index(b"/Keywords") + 12, signed.index(b"/Contents <") + 200]
    for place in places:
        changed = signed[:place] + bytes([signed[place] ^ 1]) + signed[place + 1 :]
        said = said_by_poppler(changed, tmp_path)
        assert "Signature is Valid" not in said, place
    middle = signed.index(b"/Keywords") + 12
    changed = signed[:middle] + bytes([signed[middle] ^ 1]) + signed[middle + 1 :]
    assert not judged(changed).intact


def test_nothing_may_be_added(signed: bytes, pem: str) -> None:
    writer = pypdf.PdfWriter(io.BytesIO(signed), incremental=True)
    writer.add_annotation(0, FreeText(text="Revoked", rect=(50, 50, 200, 80)))
    more = io.BytesIO()
    writer.write(more)
    status = judged(more.getvalue(), read_pdf_key(pem).certificates[0])
    assert not status.bottom_line
    assert status.coverage is not SignatureCoverageLevel.ENTIRE_FILE


@pytest.mark.parametrize("kind", ["rsa", "p384"])
def test_a_key_of_the_operators_with_its_issuers(plain: bytes, kind: str, tmp_path: Path) -> None:
    root, own = ec.generate_private_key(ec.SECP256R1()), _key(kind)
    authority = _vouched("Authority", root, "Authority", root, is_authority=True)
    certificate = _vouched("National Association", own, "Authority", root)
    made = sign_pdf(plain, Signing(_pem(own, certificate, authority)))
    assert judged(made, authority).bottom_line
    assert not judged(made).trusted
    said = said_by_poppler(made, tmp_path)
    assert "Signature is Valid" in said
    assert "CN=National Association" in said


def _key(kind: str) -> Key:
    return rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP384R1())


def test_a_key_that_cannot_sign_is_refused_with_the_reason(plain: bytes) -> None:
    own, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    certificate = _vouched("A", own, "A", own)
    small, twisted = rsa.generate_private_key(65537, 1024), ed25519.Ed25519PrivateKey.generate()
    refused = {
        "": "must hold, in PEM",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n": "must hold, in PEM",
        _pem(own): "must hold, in PEM",
        _pem(own, certificate).partition("-----BEGIN CERTIFICATE")[2]: "must hold, in PEM",
        _pem(own, certificate, password=b"secret"): "password",
        _pem(other, certificate): "not the key's own",
        _pem(small, _vouched("A", small, "A", small)): "2048 bits",
        _pem(twisted, certificate): "2048 bits",
        _pem(ec.generate_private_key(ec.SECP256K1()), certificate): "2048 bits",
        _pem(dsa.generate_private_key(2048), certificate): "2048 bits",
    }
    for given, reason in refused.items():
        with pytest.raises(UnusableKey, match=reason):
            read_pdf_key(given)
    ended = _pem(own, _vouched("A", own, "A", own, days=-1))
    with pytest.raises(UnusableKey, match="does not hold now"):
        sign_pdf(plain, Signing(ended))


def test_a_worker_does_not_start_on_a_key_that_cannot_sign(settings: Any, capsys: Any) -> None:
    own = ec.generate_private_key(ec.SECP256R1())
    for given in ("nonsense", _pem(own, _vouched("A", own, "A", own, days=-1))):
        with pytest.raises(BaseException) as ended:  # noqa: PT011
            refuse_unusable_key(settings.model_copy(update={"pdf_signing_key": SecretStr(given)}))
        assert getattr(ended.value, "exit_code", None) == 2
        told = capsys.readouterr().err
        assert told.startswith("PDF_SIGNING_KEY: ")
        assert "nonsense" not in told
    good = SecretStr(_pem(own, _vouched("A", own, "A", own)))
    refuse_unusable_key(settings.model_copy(update={"pdf_signing_key": good}))


class _Answers(BaseHTTPRequestHandler):
    """A time-stamping authority that answers as it is told."""

    stamper: ClassVar[DummyTimeStamper]
    how: ClassVar[str] = "rightly"

    def do_POST(self) -> None:
        asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
        if self.how == "of something else":
            asked["message_imprint"]["hashed_message"] = bytes(32)
        body = asyncio.run(self.stamper.async_request_tsa_response(asked)).dump()
        if self.how == "by a refusal":
            body = tsp.TimeStampResp({"status": {"status": "rejection"}}).dump()
        if self.how == "by a page":
            body = b"<html>Sign in to this network</html>"
        assert self.headers["Content-Type"] == "application/timestamp-query"
        self.send_response(503 if self.how == "with an error" else 200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def _authority() -> Iterator[tuple[str, x509.Certificate]]:
    key = rsa.generate_private_key(65537, 2048)
    certificate = _vouched("Time", key, "Time", key, for_time=True)
    loaded = asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
    secret = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _Answers.stamper = DummyTimeStamper(tsa_cert=loaded, tsa_key=asn1_keys.PrivateKeyInfo.load(secret))
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsa", certificate
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_an_authority_vouches_for_the_time(plain: bytes, pem: str, tmp_path: Path) -> None:
    with _authority() as (address, certificate):
        made = sign_pdf(plain, Signing(pem, address))
        own = read_pdf_key(pem).certificates[0]
        status = judged(made, own, certificate)
        assert status.bottom_line, status.pretty_print_details()
        assert status.timestamp_validity is not None
        assert abs(status.timestamp_validity.timestamp - datetime.now(UTC)) < timedelta(minutes=1)
        assert "Signature is Valid" in said_by_poppler(made, tmp_path)
        for how in ("of something else", "by a refusal", "by a page", "with an error"):
            _Answers.how = how
            try:
                with pytest.raises(Unavailable):
                    sign_pdf(plain, Signing(pem, address))
            finally:
                _Answers.how = "rightly"
    with pytest.raises(Unavailable):
        sign_pdf(plain, Signing(pem, address))


@pytest.fixture
async def earned(world: World) -> Earned:
    """Ana's certificate, with its PDF."""
    found = await earn(world)
    await world.run_jobs()
    return found


async def _pdf_of(earned: Earned) -> bytes:
    answer = await earned.pdf()
    assert answer.status_code == 307, answer.text
    async with httpx.AsyncClient() as plain:
        return (await plain.get(answer.headers["location"])).content


async def _result(world: World, content: bytes) -> str:
    answer = await world.http.post(
        "/api/certificates/check/", files={"file": ("sent.pdf", content, "application/pdf")}
    )
    found: str = answer.json()["result"]
    return found


async def test_what_is_given_out_is_signed_and_carries_its_credential(earned: Earned) -> None:
    pdf = await _pdf_of(earned)
    status = await asyncio.to_thread(judged, pdf)
    assert status.intact
    assert status.valid
    assert "Skills: Hazing prevention" in text_of(pdf)
    read = pypdf.PdfReader(io.BytesIO(pdf), strict=True)
    [attached] = read.attachments["credential.json"]
    answer = await earned.world.http.get(f"/api/certificates/{earned.id}/credential/")
    assert attached == answer.content
    root: Any = read.trailer["/Root"]
    [file] = root["/AF"]
    assert file.get_object()["/AFRelationship"] == "/Alternative"
    assert json.loads(attached)["id"].endswith(f"/api/certificates/{earned.id}/credential/")


async def test_the_check_finds_every_change_of_a_signed_file(earned: Earned) -> None:
    world, pdf = earned.world, await _pdf_of(earned)
    assert await _result(world, pdf) == "genuine"
    place = pdf.index(b"/Contents <") + 40
    other = b"1" if pdf[place : place + 1] != b"1" else b"2"
    assert await _result(world, pdf[:place] + other + pdf[place + 1 :]) == "altered"
    assert await _result(world, pdf + b"\n") == "altered"
    unsigned = pdf[: pdf.index(b"%%EOF") + 6]
    assert await _result(world, unsigned) == "altered"
    stranger = make_key("pdf", "evil.example").secret
    assert await _result(world, await asyncio.to_thread(sign_pdf, unsigned, Signing(stranger))) == "altered"


async def test_of_two_who_make_one_pdf_the_first_ones_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No two signatures are the same, so the second one's file would lie there unknown, also after an erasure."""
    earned = await earn(world)
    first, stored = "0" * 64, []
    put = world.worker.store.put

    async def put_late(key: str, content: bytes, **more: Any) -> None:
        async with world.worker.transaction(None) as session:
            assert await activate_certificate(session, uuid.UUID(earned.id), first)
        stored.append(key)
        await put(key, content, **more)

    monkeypatch.setattr(world.worker.store, "put", put_late)
    await world.run_jobs()
    async with world.worker.transaction(None) as session:
        query = text("SELECT pdf_sha256 FROM certificates WHERE id = :i")
        assert await session.scalar(query, {"i": uuid.UUID(earned.id)}) == first
    [key] = stored
    assert key != pdf_key(first)
    with pytest.raises(ObjectMissing):
        await world.worker.store.get(key)


async def test_a_new_key_signs_from_now_on(earned: Earned) -> None:
    world = earned.world
    told = await asyncio.to_thread(rotate, world.worker.settings, "pdf")
    bob = await earn(world, "bob", course=earned.course)
    await world.run_jobs()
    before, after = (
        PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0].signer_cert.sha256.hex()
        for pdf in (await _pdf_of(earned), await _pdf_of(bob))
    )
    assert told == f"pdf {after}"
    assert before != after


async def test_the_operators_key_is_not_rotated_here(world: World) -> None:
    given = world.worker.settings.model_copy(update={"pdf_signing_key": SecretStr("given")})
    with pytest.raises(CommandError, match="PDF_SIGNING_KEY"):
        await asyncio.to_thread(rotate, given, "pdf")


async def test_the_operators_key_signs_where_it_is_given(world: World) -> None:
    own = ec.generate_private_key(ec.SECP256R1())
    given = SecretStr(_pem(own, _vouched("Association", own, "Association", own)))
    worker = world.worker
    changed = replace(worker, settings=worker.settings.model_copy(update={"pdf_signing_key": given}))
    earned = await earn(world)
    await replace(world, worker=changed).run_jobs()
    [signature] = PdfFileReader(io.BytesIO(await _pdf_of(earned))).embedded_signatures
    assert signature.signer_cert.subject.native["common_name"] == "Association"
