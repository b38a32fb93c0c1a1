"""Files that lean on a certificate: signed around, revised, with the credential or the context of another."""

import asyncio
import io
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from tests.kit.credentials import ISSUED, Signer
from tests.kit.earned import Earned, checked, earn
from tests.kit.world import Json, World

from learning_service.adapters.credentials import as_text, make_key
from learning_service.adapters.pdf_signature import Signing, sign_pdf
from learning_service.adapters.pdf_signer import _signer
from learning_service.domain.certificates.rules.badges import bake, unbake

pytestmark = pytest.mark.usefixtures("looks_here")

PDF, PNG = "application/pdf", "image/png"


@pytest.fixture
async def earned(world: World) -> Earned:
    found = await earn(world)
    await world.run_jobs()
    return found


class _Careless(PdfSigner):
    """Signs also what says that nothing may be added."""

    def _enforce_certification_constraints(self, reader: object) -> None:
        pass


def _signed_around(pdf: bytes, field: str = "Other") -> bytes:
    """With the signature of somebody else over everything, ours included."""
    signer = _signer(make_key("pdf", "evil.example").secret)
    said = PdfSignatureMetadata(field_name=field, md_algorithm="sha256")
    made = _Careless(said, signer=signer).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf)), bytes_reserved=16_000
    )
    content: bytes = made.getvalue()
    assert content.startswith(pdf)
    return content


async def test_a_foreign_signature_around_ours_or_in_its_place_is_altered(earned: Earned) -> None:
    world, pdf = earned.world, await earned.file()
    around = await asyncio.to_thread(_signed_around, pdf)
    assert await checked(world, around, PDF) == ("altered", earned.id)
    twice = await asyncio.to_thread(_signed_around, around, "Third")
    assert await checked(world, twice, PDF) == ("altered", earned.id)
    # What was appended with the signature, cut off again: then it is what we drew, signed by another.
    first = pdf[: pdf.index(b"%%EOF") + 6]
    key = Signing(make_key("pdf", "learn.example.org").secret)
    replaced = await asyncio.to_thread(sign_pdf, first, key)
    assert await checked(world, replaced, PDF) == ("altered", earned.id)
    assert await checked(world, pdf, PDF) == ("genuine", earned.id)


async def test_a_badge_with_another_credential_is_not_genuine(earned: Earned) -> None:
    world = earned.world
    badge = (await world.http.get(f"/api/certificates/{earned.id}/badge.png/")).content
    assert await checked(world, badge, PNG) == ("genuine", earned.id)
    found = unbake(badge)
    assert found is not None
    ours: Json = json.loads(found.credential)
    stranger = replace(ISSUED, certificate_id=uuid.UUID(earned.id), public_url="https://learn.example.org")
    forged = {
        "swapped context": {**ours, "@context": [*ours["@context"][:2], "https://evil.example/context"]},
        "no context": {name: value for name, value in ours.items() if name != "@context"},
        "another name": {**ours, "name": "Doctor of everything"},
        "another's proof": {**ours, "proof": Signer().document()["proof"]},
        "no proof": {name: value for name, value in ours.items() if name != "proof"},
        "another place": {
            **ours,
            "credentialStatus": {**ours["credentialStatus"], "statusListIndex": "99999999999"},
        },
        "signed by another": {**Signer().document(stranger), "id": ours["id"]},
        "a term more": {**ours, "whatever": "x"},
        "written otherwise": dict(reversed(ours.items())),
    }
    for what, document in forged.items():
        sent = bake(found.picture, as_text(document))
        assert await checked(world, sent, PNG) == ("altered", earned.id), what
    other = bake(
        found.picture, as_text(Signer().document(replace(ISSUED, public_url="https://other.example")))
    )
    assert await checked(world, other, PNG) == ("not-ours", None)
    assert await checked(world, found.picture, PNG) == ("not-ours", None)


@pytest.mark.parametrize("number", ["0", "-1", "32000", "99999999999999999999", "1e3", "x", "%00"])
async def test_lists_that_are_not_there_are_not_found(world: World, number: str) -> None:
    answer = await world.http.get(f"/status/{number}/")
    assert answer.status_code == 404, answer.text


async def test_a_file_of_50_megabytes_is_refused_before_it_is_read(world: World) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield bytes(1_000_000)
        raise AssertionError("it was read to its end")

    answer = await world.http.post(
        "/api/certificates/check/",
        content=endless(),
        headers={"Content-Type": "multipart/form-data; boundary=x", "Content-Length": "50000000"},
    )
    assert answer.status_code in (413, 422), answer.text
