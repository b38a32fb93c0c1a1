"""The signature of a PDF: readers' programs find it valid, and anything that was changed or added invalid."""

import asyncio
import io
import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pypdf
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from pydantic import SecretStr
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pypdf.annotations import FreeText
from sqlalchemy import text
from tests.kit.archives import judged, said_by_poppler
from tests.kit.authorities import Key, pem_of, vouched
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
from learning_service.domain.certificates.rules.pdf_keys import UnusableKey, read_pdf_key


@pytest.fixture(scope="module")
def pem() -> str:
    return make_key("pdf", "learn.example.org").secret


@pytest.fixture(scope="module")
def plain() -> bytes:
    return render_certificate(PLAIN)


@pytest.fixture(scope="module")
def signed(plain: bytes, pem: str) -> bytes:
    return sign_pdf(plain, Signing(pem))


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


def test_what_the_file_says_of_itself_stays(plain: bytes, signed: bytes) -> None:
    drawn, given = (pypdf.PdfReader(io.BytesIO(one)) for one in (plain, signed))
    assert given.metadata == drawn.metadata
    assert drawn.xmp_metadata is not None
    assert given.xmp_metadata is not None
    assert given.xmp_metadata.stream.get_data() == drawn.xmp_metadata.stream.get_data()


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
    authority = vouched("Authority", root, "Authority", root, is_authority=True)
    certificate = vouched("National Association", own, "Authority", root)
    made = sign_pdf(plain, Signing(pem_of(own, certificate, authority)))
    assert judged(made, authority).bottom_line
    assert not judged(made).trusted
    said = said_by_poppler(made, tmp_path)
    assert "Signature is Valid" in said
    assert "CN=National Association" in said


def _key(kind: str) -> Key:
    return rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP384R1())


def test_a_key_that_cannot_sign_is_refused_with_the_reason(plain: bytes) -> None:
    own, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    certificate = vouched("A", own, "A", own)
    small, twisted = rsa.generate_private_key(65537, 1024), ed25519.Ed25519PrivateKey.generate()
    refused = {
        "": "must hold, in PEM",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n": "must hold, in PEM",
        pem_of(own): "must hold, in PEM",
        pem_of(own, certificate).partition("-----BEGIN CERTIFICATE")[2]: "must hold, in PEM",
        pem_of(own, certificate, password=b"secret"): "password",
        pem_of(other, certificate): "not the key's own",
        pem_of(small, vouched("A", small, "A", small)): "2048 bits",
        pem_of(twisted, certificate): "2048 bits",
        pem_of(ec.generate_private_key(ec.SECP256K1()), certificate): "2048 bits",
        pem_of(dsa.generate_private_key(2048), certificate): "2048 bits",
    }
    for given, reason in refused.items():
        with pytest.raises(UnusableKey, match=reason):
            read_pdf_key(given)
    ended = pem_of(own, vouched("A", own, "A", own, days=-1))
    with pytest.raises(UnusableKey, match="does not hold now"):
        sign_pdf(plain, Signing(ended))


def test_a_worker_does_not_start_on_a_key_that_cannot_sign(settings: Any, capsys: Any) -> None:
    own = ec.generate_private_key(ec.SECP256R1())
    for given in ("nonsense", pem_of(own, vouched("A", own, "A", own, days=-1))):
        with pytest.raises(BaseException) as ended:  # noqa: PT011
            refuse_unusable_key(settings.model_copy(update={"pdf_signing_key": SecretStr(given)}))
        assert getattr(ended.value, "exit_code", None) == 2
        told = capsys.readouterr().err
        assert told.startswith("PDF_SIGNING_KEY: ")
        assert "nonsense" not in told
    good = SecretStr(pem_of(own, vouched("A", own, "A", own)))
    refuse_unusable_key(settings.model_copy(update={"pdf_signing_key": good}))


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


@pytest.mark.usefixtures("looks_here")
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
    # The PDF and its picture.
    assert len(stored) == 2
    for key in stored:
        assert first not in key
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
    given = SecretStr(pem_of(own, vouched("Association", own, "Association", own)))
    worker = world.worker
    changed = replace(worker, settings=worker.settings.model_copy(update={"pdf_signing_key": given}))
    earned = await earn(world)
    await replace(world, worker=changed).run_jobs()
    [signature] = PdfFileReader(io.BytesIO(await _pdf_of(earned))).embedded_signatures
    assert signature.signer_cert.subject.native["common_name"] == "Association"
