"""Uploading: what is taken, what is refused and how, and that the bytes arrive."""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from tests.kit import documents as files
from tests.kit.sending import send, settled
from tests.kit.world import Caller, World

from learning_service.domain.documents.models import Document
from learning_service.domain.documents.rules import clean_name, download_name
from learning_service.main import create_app

FIELDS = {
    "id", "status", "url", "error", "error_code", "pages", "width", "height", "name", "media_type", "size",
    "hidden_slides", "sha256", "created_at", "kind", "reference",
}  # fmt: skip


async def test_a_pdf_is_counted_and_served_as_it_came(world: World) -> None:
    body = files.pdf(3)
    answer = await send(world.admin, body, "Fire plan.pdf")
    assert answer.status_code == 202, answer.text
    made = answer.json()
    assert set(made) == FIELDS
    assert (made["status"], made["url"], made["pages"]) == ("converting", None, None)
    assert made["sha256"] == hashlib.sha256(body).hexdigest()
    waiting = await world.admin("GET", f"/api/documents/{made['id']}/file/")
    assert (waiting.status_code, waiting.headers["retry-after"]) == (202, "2")
    ready = await settled(world, made["id"])
    assert (ready["status"], ready["pages"], ready["error"]) == ("ready", 3, None)
    shown = await world.admin("GET", ready["url"])
    assert shown.status_code == 307
    async with httpx.AsyncClient() as browser:
        fetched = await browser.get(shown.headers["location"])
    assert fetched.content == body
    assert fetched.headers["content-type"] == "application/pdf"
    assert 'filename="Fire plan.pdf"' in fetched.headers["content-disposition"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
async def test_a_picture_is_measured(world: World, kind: str) -> None:
    made = (await send(world.admin, files.picture(64, 48, kind), "x.exe")).json()
    assert made["media_type"] == f"image/{kind.lower()}"
    ready = await settled(world, made["id"])
    assert (ready["status"], ready["width"], ready["height"]) == ("ready", 64, 48)


NOT_TAKEN: list[tuple[bytes, str]] = [
    (b"", "empty"),
    (b"MZ\x90\x00" + b"\x00" * 500, "another type"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "SVG"),
    (b"<html><script>", "another type"),
    (b"\x00" * 100_000, "another type"),
    (b"%!PS-Adobe", "another type"),
]


async def test_what_is_not_taken_is_refused_with_the_reason(world: World) -> None:
    before = [key async for key in world.worker.store.keys("documents/")]
    for content, word in NOT_TAKEN:
        answer = await send(world.admin, content, "deck.pptx")
        assert (answer.status_code, answer.json()["code"]) == (422, "unusable-document"), word
        assert word in answer.json()["errors"][0]["detail"], word
        assert [key async for key in world.worker.store.keys("documents/")] == before, word


BROKEN: list[tuple[bytes, str]] = [
    (files.pdf(1)[:400], "damaged"),
    (files.pdf(1, password="secret"), "password-protected"),
    (b"%PDF-1.4\n<html><script>alert(1)</script>" + files.pdf(1), "ambiguous"),
    (files.pdf(1) + files.packed({"a": "b"}), "ambiguous"),
    (b"%PDF-1.7\n" + b"0" * 5000 + b"\n%%EOF", "damaged"),
    (files.picture(300, 300)[:200], "damaged"),
    (files.picture(300, 300, "JPEG")[:700], "damaged"),
    (files.picture() + files.packed({"a": "b"}), "ambiguous"),
    (files.png_of_size(65_535, 65_535), "too-many-pixels"),
    (files.png_of_size(900, 900), "damaged"),
]


async def test_a_broken_or_hostile_file_fails_with_its_reason(world: World) -> None:
    for content, code in BROKEN:
        made = (await send(world.admin, content, "a.pdf")).json()
        failed = await settled(world, made["id"])
        assert (failed["status"], failed["error_code"], failed["url"]) == ("failed", code, None), code
        assert len(failed["error"]) > 30, code
        gone = await world.admin("GET", f"/api/documents/{made['id']}/file/")
        assert (gone.status_code, gone.json()["code"]) == (409, "document-not-ready"), code
    described = (await world.http.get("/openapi.json")).json()["paths"]["/api/documents/{document_id}/file/"]
    assert "application/problem+json" in described["get"]["responses"]["409"]["content"]


async def test_the_same_bytes_are_one_document(world: World, other_world: World) -> None:
    body = files.pdf(2)
    before = {key async for key in world.worker.store.keys("documents/")}
    twice = await asyncio.gather(*(send(world.admin, body, f"{n}.pdf") for n in range(4)))
    assert len({answer.json()["id"] for answer in twice}) == 1
    elsewhere = (await send(other_world.admin, body)).json()
    assert elsewhere["id"] != twice[0].json()["id"]
    ready = await settled(world, twice[0].json()["id"])
    again = (await send(world.admin, body)).json()
    assert (again["id"], again["status"]) == (ready["id"], "ready")
    async with world.worker.transaction(None) as session:
        rows = await session.execute(
            select(Document.original_key, Document.file_key).where(
                Document.organization_id.in_([world.id, other_world.id])
            )
        )
        keys = {key for row in rows for key in row if key is not None}
    stored = {key async for key in world.worker.store.keys("documents/")}
    assert sorted(stored - before) == sorted(keys), "every copy but one is removed again"
    unknown = await world.admin("GET", f"/api/documents/{elsewhere['id']}/")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not-found")


async def test_only_what_failed_is_tried_again(world: World) -> None:
    made = (await send(world.admin, files.pdf(1)[:400])).json()
    path = f"/api/documents/{made['id']}/retry/"
    assert (await world.admin.ok("POST", path))["status"] == "converting"
    failed = await settled(world, made["id"])
    retried = await world.admin("POST", path)
    assert (retried.status_code, retried.json()["status"], retried.json()["error"]) == (
        202,
        "converting",
        None,
    )
    assert (await settled(world, made["id"]))["error"] == failed["error"]
    again = (await send(world.admin, files.pdf(1)[:400])).json()
    assert (again["id"], again["status"]) == (made["id"], "converting"), "sending it again is trying it again"
    whole = await settled(world, (await send(world.admin, files.pdf())).json()["id"])
    refused = await world.admin("POST", f"/api/documents/{whole['id']}/retry/")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-failed")


async def test_who_may(world: World, other_world: World) -> None:
    body = files.pdf()
    region = world.call_as("r", "regional_admin:north")
    chapter = world.call_as("c", "chapter_admin:n1")
    made = (await send(region, body)).json()
    for stranger, status in ((chapter, 403), (world.member(), 403), (other_world.admin, 404)):
        for method, path in (("GET", ""), ("POST", "retry/")):
            answer = await stranger(method, f"/api/documents/{made['id']}/{path}")
            assert answer.status_code == status, (stranger.user, method, path)
        seen = await stranger("GET", f"/api/documents/{made['id']}/file/")
        assert seen.status_code == 404, stranger.user
    for stranger in (chapter, world.member()):
        assert (await send(stranger, body)).status_code == 403
    nobody = Caller(world.http, "nonsense", "x")
    assert (await send(nobody, body)).status_code == 401
    unknown = await world.admin("GET", f"/api/documents/{uuid.uuid4()}/")
    assert unknown.status_code == 404


async def test_a_key_gives_the_first_answer_again(world: World) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    body = files.pdf(4)
    first = await send(world.admin, body, headers=key)
    await settled(world, first.json()["id"])
    again = await send(world.admin, body, headers=key)
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = await send(world.admin, files.pdf(5), headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    bad = await send(world.admin, body, headers={"Idempotency-Key": "k" * 300})
    assert bad.status_code == 422


FORM = "multipart/form-data; boundary=b"
NAMED = b'--b\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%%PDF-'
END = b"\r\n--b--\r\n"


NO_FORMS: list[tuple[str, bytes, int]] = [
    ("application/json", b"{}", 415),
    ("multipart/form-data", b"x", 422),
    (FORM, b"nonsense", 422),
    (FORM, b"--b--\r\n", 422),
    (FORM, NAMED % (b"file", b'; filename="a"'), 422),
    (FORM, NAMED % (b"other", b'; filename="a"') + END, 422),
    (FORM, NAMED % (b"file", b"") + END, 422),
    (FORM, b"--b\r\nX: " + b"y" * 100_000 + b"\r\n\r\n%PDF-" + END, 422),
    ("multipart/form-data; boundary=" + "b" * 300, b"x", 422),
]


async def test_a_form_that_is_none(world: World) -> None:
    for content_type, body, status in NO_FORMS:
        headers = {"Content-Type": content_type}
        answer = await world.admin("POST", "/api/documents/", content=body, headers=headers)
        assert answer.status_code == status, (body[:100], answer.text)


async def test_two_files_in_one_form_are_refused_and_nothing_is_kept(world: World) -> None:
    before = [key async for key in world.worker.store.keys("documents/")]
    two = [("file", ("a.pdf", files.pdf())), ("file", ("b.pdf", files.pdf(2)))]
    answer = await world.admin("POST", "/api/documents/", files=two)
    assert answer.status_code == 422
    assert [key async for key in world.worker.store.keys("documents/")] == before


@pytest.mark.long
async def test_large_files_stream_and_too_large_ones_are_refused(
    world: World, make_settings: Any, settings: Any
) -> None:
    application = create_app(make_settings(settings.database_url, max_document_mib=12))
    async with application.router.lifespan_context(application):
        transport = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(transport=transport, base_url="https://learn.example.org") as http:
            caller = Caller(http, world.admin.token, "boss")
            large = files.pdf(padding=11_000_000)
            made = await send(caller, large)
            assert made.status_code == 202
            assert made.json()["sha256"] == hashlib.sha256(large).hexdigest()
            before = [key async for key in world.worker.store.keys("documents/")]
            announced = await send(caller, b"%PDF-" + b"0" * 13 * 1024 * 1024)
            assert (announced.status_code, announced.json()["code"]) == (413, "body-too-large")

            async def endless() -> AsyncIterator[bytes]:
                yield NAMED % (b"file", b'; filename="a"')
                for _ in range(13 * 16):
                    yield b"0" * 65536

            headers = {"Content-Type": FORM}
            grown = await caller("POST", "/api/documents/", content=endless(), headers=headers)
            assert grown.status_code == 413
            assert [key async for key in world.worker.store.keys("documents/")] == before
    ready = await settled(world, made.json()["id"])
    assert ready["status"] == "ready"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\decks\\fire.ppt", "fire.ppt"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie: x.pdf"),
        ("x" * 300 + ".pptx", "x" * 195 + ".pptx"),
        ("  .. ", None),
        ("\u202egnp.exe", "gnp.exe"),
        ("Überblick 消防.odp", "Überblick 消防.odp"),
        (None, None),
    ],
)
def test_names_are_cleaned(given: str | None, kept: str | None) -> None:
    assert clean_name(given) == kept


def test_what_is_shown_is_named_after_what_it_is() -> None:
    assert download_name("Fire.plan.PPTX", "application/pdf") == "Fire.plan.pdf"
    assert download_name("v1.2", "application/pdf") == "v1.2.pdf"
    assert download_name(None, "image/jpeg") == "document.jpg"
