"""A file from anybody: genuine, altered, not ours or unreadable; and nothing of it is kept."""

import asyncio
import io
import uuid
import zlib
from pathlib import Path
from typing import Any

import httpx
import pypdf
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from tests.kit.earned import Earned, earn
from tests.kit.waiting import PATIENCE_SECONDS
from tests.kit.world import World

from learning_service.adapters.confinement import work_root
from learning_service.adapters.inspection.inspections import inspect_certificate
from learning_service.domain.certificates.actions.erasing import erase_certificates
from learning_service.domain.certificates.actions.pdfs import keep_former_pdfs
from learning_service.domain.certificates.rules.checks import Traces
from learning_service.domain.certificates.rules.codes import printed_code

PDF, PNG = "application/pdf", "image/png"
ADDRESS = "/api/certificates/check/"


async def check(world: World, content: bytes, kind: str = PDF, **more: Any) -> httpx.Response:
    return await world.http.post(ADDRESS, files={"file": ("sent", content, kind)}, **more)


async def result_of(world: World, content: bytes, kind: str = PDF) -> tuple[str, str | None]:
    """The result, and of which certificate."""
    answer = await check(world, content, kind)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found["result"], (found["certificate"] or {}).get("certificate_id")


async def pdf_of(earned: Earned) -> bytes:
    answer = await earned.member.ok(
        "GET", f"/api/certificates/{earned.id}/pdf/", headers={"Accept": "application/json"}
    )
    async with httpx.AsyncClient() as plain:
        return (await plain.get(answer["url"])).content


@pytest.fixture
async def earned(world: World) -> Earned:
    """Ana's certificate, with its PDF."""
    found = await earn(world)
    await world.run_jobs()
    return found


async def test_the_pdf_as_it_was_issued_is_genuine_whatever_became_of_it(earned: Earned) -> None:
    world, pdf = earned.world, await pdf_of(earned)
    answer = await check(world, pdf)
    assert answer.json() == {"result": "genuine", "certificate": await earned.verify()}
    assert answer.headers["cache-control"] == "no-store"
    assert (await earned.revoke()).status_code == 200
    found = (await check(world, pdf)).json()
    assert (found["result"], found["certificate"]["status"]) == ("genuine", "revoked")
    await world.run_jobs()
    stamped = await pdf_of(earned)
    assert stamped != pdf
    assert await result_of(world, stamped) == ("genuine", earned.id)


@pytest.mark.usefixtures("looks_here")
async def test_one_that_was_made_anew_since_stays_genuine_until_erasure(earned: Earned) -> None:
    world, pdf = earned.world, await pdf_of(earned)
    async with world.worker.transaction(None) as session:
        await keep_former_pdfs(session, [uuid.UUID(earned.id)])
    await earned.change("pdf_sha256 = NULL")
    assert await result_of(world, pdf) == ("genuine", earned.id)
    async with world.worker.transaction(None) as session:
        await erase_certificates(session, organization_id=world.id, user_id="ana")
    # Nothing is kept by which it could be known, and nothing false is said of who brings it.
    assert await result_of(world, pdf) == ("not-ours", None)


@pytest.mark.usefixtures("looks_here")
async def test_whatever_was_changed_or_added_it_is_altered(earned: Earned) -> None:
    world, pdf = earned.world, await pdf_of(earned)
    changed = [
        b"X" + pdf[1:],
        pdf[:-1],
        pdf + b"\n",
        pdf[: len(pdf) // 2],
        *(pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :] for at in range(200, len(pdf), len(pdf) // 5)),
        saved_anew(pdf),
        revised(pdf),
    ]
    for one in changed:
        assert await result_of(world, one) == ("altered", earned.id), one[:20]
    found = (await check(world, saved_anew(pdf))).json()
    assert found["certificate"] == await earned.verify()


def saved_anew(pdf: bytes) -> bytes:
    """As another program would write it: packed into object streams, with pages of its own before and after."""
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.append(io.BytesIO(pdf))
    writer.compress_identical_objects()
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def revised(pdf: bytes) -> bytes:
    """With an update appended, as an editor leaves it."""
    writer = pypdf.PdfWriter(io.BytesIO(pdf), incremental=True)
    writer.add_metadata({"/Title": "Forged"})
    written = io.BytesIO()
    writer.write(written)
    assert written.getvalue().startswith(pdf)
    return written.getvalue()


@pytest.mark.usefixtures("looks_here")
async def test_a_page_that_only_links_to_a_certificate_is_not_ours(earned: Earned) -> None:
    file = io.BytesIO()
    canvas = Canvas(file)
    canvas.drawString(100, 700, f"My certificate: {earned.id}")
    canvas.linkURL(f"https://learn.example.org/certificates/{earned.id}/verify/", (0, 0, 100, 100))
    canvas.save()
    assert await result_of(earned.world, file.getvalue()) == ("not-ours", None)


@pytest.mark.usefixtures("looks_here")
async def test_pictures_are_read_for_their_credential(earned: Earned) -> None:
    world = earned.world
    plain = io.BytesIO()
    Image.new("RGB", (8, 8)).save(plain, "PNG")
    address = f"https://learn.example.org/api/certificates/{earned.id}/credential/"
    named = baked(plain.getvalue(), f'{{"id": "{address}", "name": "Forged"}}'.encode())
    assert await result_of(world, plain.getvalue(), PNG) == ("not-ours", None)
    assert await result_of(world, named, PNG) == ("altered", earned.id)
    packed = baked(plain.getvalue(), zlib.compress(f'{{"id": "{address}"'.encode()), packed=True)
    assert await result_of(world, packed, PNG) == ("altered", earned.id)
    bomb = baked(plain.getvalue(), zlib.compress(b"[" * 50_000_000), packed=True)
    assert await result_of(world, bomb, PNG) == ("not-ours", None)
    assert await result_of(world, plain.getvalue()[:40], PNG) == ("unreadable", None)


def baked(png: bytes, text: bytes, *, packed: bool = False) -> bytes:
    """The picture with this text where credentials are baked in."""
    body = b"iTXt" + b"openbadgecredential\0" + bytes([packed]) + b"\0\0\0" + text
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return png[:33] + chunk + png[33:]


HOSTILE = {
    "empty": b"",
    "head alone": b"%PDF-1.7",
    "garbage": b"%PDF-1.7\n" + bytes(range(256)) * 400,
    "loop": b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[2 0 R]/Count 1>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
    "deep": b"%PDF-1.4\n1 0 obj" + b"[" * 200_000 + b"\ntrailer<</Root 1 0 R>>\n%%EOF",
    "many names": b"%PDF-1.4\n" + b"/URI (https://x/c/0000-0000-0000-0000-0)" * 50_000,
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_files_are_unreadable_and_soon_over(world: World, name: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await result_of(world, HOSTILE[name]) == ("unreadable", None)


async def test_nothing_of_a_file_is_kept(earned: Earned) -> None:
    world = earned.world
    stored = {key async for key in world.worker.store.keys("")}
    # Others may be at work there, or were killed at it.
    before = set(work_root().rglob("*"))
    await check(world, saved_anew(await pdf_of(earned)))
    assert {key async for key in world.worker.store.keys("")} == stored
    assert not any(one.name == "file" for one in set(work_root().rglob("*")) - before)


async def test_refusals_come_with_their_code_or_as_a_page(world: World) -> None:
    def of(answer: httpx.Response) -> tuple[int, str]:
        return answer.status_code, answer.json()["code"]

    assert of(await check(world, b"GIF89a", "image/gif")) == (415, "unsupported-media-type")
    assert of(await check(world, b"%PDF-" + bytes(5 * 1024 * 1024 + 1))) == (413, "body-too-large")
    assert of(await world.http.post(ADDRESS, json={})) == (415, "unsupported-media-type")
    twice = [("file", ("a.pdf", b"%PDF-", PDF)), ("file", ("b.pdf", b"%PDF-", PDF))]
    assert of(await world.http.post(ADDRESS, files=twice)) == (422, "invalid")
    page = await check(world, b"GIF89a", "image/gif", headers={"Accept": "text/html"}, params={"lang": "fr"})
    assert (page.status_code, page.headers["content-type"]) == (415, "text/html; charset=utf-8")
    assert "illisible" in page.text


@pytest.mark.usefixtures("looks_here")
async def test_a_browser_gets_a_page_of_each_result(earned: Earned) -> None:
    world, pdf = earned.world, await pdf_of(earned)
    said = {
        "exactly what was issued": pdf,
        "is not what was issued": pdf + b"\n",
        "not issued here": blank(),
        "cannot be read": b"%PDF-",
    }
    for words, content in said.items():
        page = await check(world, content, headers={"Accept": "text/html,*/*;q=0.8"})
        assert (page.status_code, page.headers["content-language"]) == (200, "en")
        assert words in page.text
        assert ("Hazing prevention" in page.text) is (earned.id in page.text)
    assert (await earned.revoke()).status_code == 200
    page = await check(world, pdf, headers={"Accept": "text/html"})
    assert "withdrew" in page.text
    assert "exactly what was issued" in page.text


def blank() -> bytes:
    """A readable PDF that names nothing."""
    writer, written = pypdf.PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    writer.write(written)
    return written.getvalue()


async def test_a_file_that_is_too_much_to_read_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"%PDF-1.4\n" + b"1 0 obj\n" * 500_000)
    assert await inspect_certificate(path) == Traces(is_readable=False)


def test_two_places_must_agree() -> None:
    one, other, code = uuid.UUID(int=1), uuid.UUID(int=2), bytes(10)
    page = f"https://a.example/certificates/{one}/verify/"
    short = f"https://a.example/c/{printed_code(code)}"
    assert Traces(links=(page,)).named({}) == ()
    assert Traces(links=(page, page)).named({}) == ()
    assert Traces(links=(page,), keywords=(str(one),)).named({}) == (one,)
    assert Traces(links=(page, short)).named({code: one}) == (one,)
    assert Traces(links=(page, short)).named({code: other}) == ()
    assert Traces(credentials=(f"https://a.example/api/certificates/{other}/credential/",)).named({}) == (
        other,
    )
