"""The picture of a certificate's PDF: drawn with it, shown by its page for as long as the page shows whose it is."""

import asyncio
import io
import uuid
from dataclasses import replace

import httpx
import pytest
from PIL import Image
from sqlalchemy import text
from tests.kit.earned import Earned, earn
from tests.kit.elsewhere import dies
from tests.kit.printed import PLAIN
from tests.kit.world import World

import learning_service.adapters.certificate_picture as drawing
import learning_service.worker.jobs.certificates as making
from learning_service.adapters.certificate_content import CertificateContent
from learning_service.adapters.certificate_pdf import render_certificate
from learning_service.adapters.certificate_picture import picture_of
from learning_service.adapters.storage import ObjectMissing
from learning_service.domain.certificates.actions.erasing import erase_certificates
from learning_service.domain.certificates.actions.pdfs import activate_marked
from learning_service.domain.certificates.rules.certificates import pdf_key
from learning_service.domain.certificates.rules.pictures import MOST_BYTES, Pictures, picture_key
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import GenerateCertificates
from learning_service.domain.unused_files import keys_in_use

LOOKS = [(paper, orientation) for paper in ("a4", "letter") for orientation in ("landscape", "portrait")]


def opened(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    return picture.convert("RGB")


def drawn(content: CertificateContent) -> bytes:
    png = picture_of(render_certificate(content))
    assert png is not None
    return png


@pytest.mark.parametrize(("paper", "orientation"), LOOKS)
def test_it_has_the_size_that_the_page_says_and_is_small(paper: str, orientation: str) -> None:
    content = replace(PLAIN, primary_color="#a3131f", paper=paper, orientation=orientation)  # type: ignore[arg-type]
    png = drawn(content)
    shown = Pictures("ab", None, None, paper, orientation).shown("valid")
    assert shown is not None
    picture = opened(png)
    assert picture.size == (shown.width, shown.height)
    assert len(png) < 100_000
    # Paper is as good as white, and the frame has the organization's colour.
    assert picture.getpixel((0, 0)) in ((254, 254, 254), (255, 255, 255))
    reds = [count for count, (r, g, b) in picture.getcolors(1 << 20) or [] if r > 120 and max(g, b) < 70]  # type: ignore[misc]
    assert sum(reds) > 5_000


def test_it_is_the_same_each_time_and_differs_by_what_is_printed() -> None:
    pdf = render_certificate(PLAIN)
    assert picture_of(pdf) == picture_of(pdf)
    other = replace(PLAIN, recipient_name="Bob")
    assert drawn(other) != picture_of(pdf)


def test_what_cannot_be_drawn_or_is_too_large_has_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    for broken in (b"", b"%PDF-1.7\n", b"\x00" * 5_000):
        assert picture_of(broken) is None
    monkeypatch.setattr(drawing, "MOST_BYTES", 1_000)
    assert picture_of(render_certificate(PLAIN)) is None
    assert MOST_BYTES <= 512 * 1024


def test_the_one_shown_is_of_the_pdf_that_is_given_out() -> None:
    found = Pictures("plain", "marked", "revoked", "a4", "landscape")
    shown = {
        status: picture.sha256 if (picture := found.shown(status)) else None
        for status in ("valid", "expired", "revoked", "superseded")
    }
    assert shown == {"valid": "plain", "expired": "plain", "revoked": "marked", "superseded": None}


@pytest.fixture
async def earned(world: World) -> Earned:
    """Ana's certificate, with its PDF."""
    found = await earn(world)
    await world.run_jobs()
    return found


def path(earned: Earned, certificate_id: str | None = None) -> str:
    return f"/api/certificates/{certificate_id or earned.id}/picture.png/"


async def page(earned: Earned, query: str = "") -> str:
    answer = await earned.world.http.get(f"/certificates/{earned.id}/verify/{query}")
    assert answer.status_code == 200
    assert "img-src 'self'" in answer.headers["content-security-policy"]
    return answer.text


async def digests(earned: Earned) -> tuple[str | None, str | None]:
    async with earned.world.worker.transaction(None) as session:
        row = await session.execute(
            text("SELECT pdf_sha256, marked_sha256 FROM certificates WHERE id = :i"),
            {"i": uuid.UUID(earned.id)},
        )
        plain, marked = row.one()
        return plain, marked


async def test_anyone_sees_the_pdf_itself_as_a_picture(earned: Earned) -> None:
    world = earned.world
    said = await page(earned)
    assert f'<img src="{path(earned)}" width="900" height="637"' in said
    assert 'alt="The certificate as printed: Ana' in said
    assert "Hazing prevention" in said[said.index("The certificate as printed") :].partition(">")[0]
    assert 'alt="El certificado tal como se imprime: Ana' in await page(earned, "?lang=es")
    answer = await world.http.get(path(earned))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "access-control-allow-origin" not in answer.headers
    plain, _ = await digests(earned)
    assert plain is not None
    # The stored PDF is what was signed and hashed, and the picture is of exactly that one.
    pdf = await world.worker.store.get(pdf_key(plain))
    assert answer.content == await asyncio.to_thread(picture_of, pdf)
    same = await world.http.get(path(earned), headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


async def test_there_is_none_of_the_unknown_and_before_it_is_made(earned: Earned) -> None:
    world = earned.world
    later = await earn(world, "bob", course=earned.course)
    for certificate_id in (str(uuid.uuid4()), "x", later.id):
        assert (await world.http.get(path(earned, certificate_id))).status_code == 404
    assert "picture.png" not in await page(later)
    await world.run_jobs()
    assert (await world.http.get(path(later))).status_code == 200


async def test_one_made_before_there_were_pictures_shows_none_until_it_is_made_anew(earned: Earned) -> None:
    world = earned.world
    # As a process of the last release leaves it that makes the PDF anew.
    await earned.change("pdf_sha256 = repeat('a', 64)")
    assert "picture.png" not in await page(earned)
    assert (await world.http.get(path(earned))).status_code == 404
    await earned.change("pdf_sha256 = NULL, pictured_sha256 = NULL")
    await make_again(earned)
    assert "picture.png" in await page(earned)
    assert (await world.http.get(path(earned))).status_code == 200


async def make_again(earned: Earned) -> None:
    async with earned.world.worker.transaction(None) as session:
        await enqueue_job(
            session,
            GenerateCertificates(certificate_id=uuid.UUID(earned.id)),
            organization_id=earned.world.id,
        )
    await earned.world.run_jobs()


async def test_a_revoked_one_is_shown_with_the_mark_and_never_without(earned: Earned) -> None:
    world = earned.world
    before = await world.http.get(path(earned))
    assert (await earned.revoke()).status_code == 200
    # Its PDF with the mark is not made yet, and the one without is given to nobody.
    held = {"If-None-Match": before.headers["etag"]}
    assert (await world.http.get(path(earned), headers=held)).status_code == 404
    assert "picture.png" not in await page(earned)
    await world.run_jobs()
    assert ' (revoked)"' in await page(earned)
    marked = await world.http.get(path(earned), headers=held)
    assert marked.status_code == 200
    assert marked.content != before.content
    await world.admin.ok("PATCH", "/api/organization/", {"revoked_pdf": "refuse"})
    assert (await world.http.get(path(earned))).status_code == 404
    assert "picture.png" not in await page(earned)


async def test_an_expired_one_is_shown_as_it_was_and_a_reissued_one_with_the_mark(earned: Earned) -> None:
    world = earned.world
    before = await world.http.get(path(earned))
    await earned.change("expires_at = now() - interval '1 day'")
    assert (await world.http.get(path(earned))).content == before.content
    await earned.change("expires_at = now() + interval '1 day'")
    new = (await earned.reissue()).json()["id"]
    await world.run_jobs()
    old, fresh = [await world.http.get(path(earned, one)) for one in (earned.id, new)]
    assert (old.status_code, fresh.status_code) == (200, 200)
    assert len({before.content, old.content, fresh.content}) == 3
    assert ' (superseded)"' in await page(earned)


async def test_erasure_takes_the_pictures_with_the_pdfs(earned: Earned) -> None:
    world = earned.world
    assert (await earned.revoke()).status_code == 200
    await world.run_jobs()
    stored = [digest for digest in await digests(earned) if digest]
    assert len(stored) == 2
    expected = {key(digest) for digest in stored for key in (pdf_key, picture_key)}
    for key in expected:
        assert await world.worker.store.size(key)
    async with world.worker.transaction(None) as session:
        assert await keys_in_use(session, expected) == expected
    async with world.worker.transaction(None) as session:
        taken = await erase_certificates(session, organization_id=world.id, user_id="ana")
    assert set(taken) == expected
    assert (await world.http.get(path(earned))).status_code == 404
    assert "picture.png" not in await page(earned)
    async with world.worker.transaction(None) as session:
        assert await keys_in_use(session, expected) == frozenset()
    async with world.worker.transaction(None) as session:
        assert not await activate_marked(session, uuid.UUID(earned.id), "b" * 64, "revoked", pictured=True)
    assert (await world.http.get(path(earned))).status_code == 404


async def test_a_picture_that_the_store_lost_is_not_there(earned: Earned) -> None:
    plain, _ = await digests(earned)
    assert plain is not None
    await earned.world.worker.store.delete(picture_key(plain))
    with pytest.raises(ObjectMissing):
        await earned.world.worker.store.get(picture_key(plain))
    assert (await earned.world.http.get(path(earned))).status_code == 404
    assert (await earned.pdf()).status_code == 307


async def test_a_process_that_dies_over_a_picture_keeps_nobody_from_the_pdf(
    earned: Earned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "picture_of", dies)
    await earned.change("pdf_sha256 = NULL, pictured_sha256 = NULL")
    await make_again(earned)
    # It may have died of other work: the first time is tried again later.
    assert await digests(earned) == (None, None)
    async with earned.world.worker.transaction(None) as session:
        await session.execute(text("UPDATE outbox SET run_at = now() WHERE failures = 1"))
    await earned.world.run_jobs()
    assert (await earned.pdf()).status_code == 307
    assert (await earned.world.http.get(path(earned))).status_code == 404


async def test_the_address_is_only_read(earned: Earned) -> None:
    answers: list[httpx.Response] = [
        await earned.world.http.request(method, path(earned)) for method in ("POST", "PUT", "DELETE")
    ]
    assert {answer.status_code for answer in answers} == {405}
