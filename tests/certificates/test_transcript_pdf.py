"""A member's transcript as a PDF: made on demand, signed, of today, gone with the person."""

import asyncio
import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pypdf
import pytest
from PIL import Image
from sqlalchemy import text
from tests.kit.archives import PROFILES, SCRIPTS, judged, judged_by_verapdf
from tests.kit.earned import earn
from tests.kit.printed import text_of
from tests.kit.world import Caller, Json, World

from learning_service.adapters.certificate_content import TranscriptContent, TranscriptEntry
from learning_service.adapters.credentials import make_key
from learning_service.adapters.pdf_signature import Signing, sign_pdf
from learning_service.adapters.storage import ObjectMissing
from learning_service.adapters.transcript_pdf import render_transcript
from learning_service.domain.certificates.rules.certificates import transcript_key
from learning_service.domain.completion.actions.transcripts import have_transcript_made
from learning_service.domain.completion.queries.transcripts import transcript_job, transcript_of

PDF = {"Accept": "application/pdf"}


def _entry(number: int, title: str = "Safety", skills: tuple[str, ...] = ("Law", "Care")) -> TranscriptEntry:
    return TranscriptEntry(
        title=title,
        address=f"https://learn.example.org/certificates/{number}/verify/",
        short_address=f"https://learn.example.org/c/7K3F-9Q2M-{number:04d}-0000-Z",
        issued_on=date(2026, 1, 1),
        expires_on=date(2027, 1, 1) if number % 2 else None,
        score="87.5%" if number % 2 else None,
        credit_hours="2.5" if number % 3 else None,
        skills=skills,
    )


PLAIN = TranscriptContent("Ana", "Association", date(2026, 11, 30), (_entry(1),), '{"items":[]}')


async def _asked(caller: Caller) -> httpx.Response:
    return await caller("GET", "/api/users/transcript/", headers=PDF)


async def _pdf(world: World, caller: Caller) -> bytes:
    """The transcript's PDF, which is made now."""
    answer = await _asked(caller)
    assert (answer.status_code, answer.headers["retry-after"]) == (202, "2"), answer.text
    await world.run_jobs()
    answer = await _asked(caller)
    assert answer.status_code == 307, answer.text
    async with httpx.AsyncClient() as plain:
        return (await plain.get(answer.headers["location"])).content


async def _kept(world: World, user: str) -> str | None:
    query = text("SELECT pdf_sha256 FROM transcript_pdfs WHERE user_id = :u AND organization_id = :o")
    async with world.worker.transaction(None) as session:
        found: str | None = await session.scalar(query, {"u": user, "o": world.id})
        return found


async def _digest(world: World) -> str:
    async with world.worker.transaction(world.id) as session:
        return (await transcript_of(session, world.id, "ana")).digest


async def test_it_is_made_signed_and_says_what_the_json_says(world: World) -> None:
    earned = await earn(world, credit_hours=2.5)
    pdf = await _pdf(world, earned.member)
    shown: Json = await earned.member.ok("GET", "/api/users/transcript/")
    [entry] = shown["items"]
    assert entry["credit_hours"] == 2.5
    printed = text_of(pdf)
    for word in (
        "Transcript",
        shown["display_name"],
        "Hazing prevention",
        "Credit hours: 2.5",
        entry["number"],
    ):
        assert word in printed, word
    status = await asyncio.to_thread(judged, pdf)
    assert status.intact
    assert status.valid
    read = pypdf.PdfReader(io.BytesIO(pdf), strict=True)
    [attached] = read.attachments["transcript.json"]
    assert {**json.loads(attached), "as_of": None} == {**shown, "as_of": None}
    annotations: Any = read.pages[0]["/Annots"]
    [link] = [one.get_object()["/A"]["/URI"] for one in annotations if "/A" in one.get_object()]
    assert link == entry["verification_url"]


async def test_it_is_given_out_until_it_would_say_something_else(world: World) -> None:
    earned = await earn(world)
    await _pdf(world, earned.member)
    first = await _kept(world, "ana")
    named = await earned.member("GET", "/api/users/transcript/pdf/", headers={"Accept": "application/json"})
    assert named.status_code == 200
    assert named.json()["url"].partition("?")[0].endswith(f"{first}.pdf")
    await earned.reissue()
    await world.run_jobs()
    await _pdf(world, earned.member)
    assert await _kept(world, "ana") != first
    with pytest.raises(ObjectMissing):
        await world.worker.store.get(transcript_key(first or ""))
    assert (await _asked(earned.member)).status_code == 307


async def test_it_is_everybodys_own_and_nobody_elses(world: World) -> None:
    earned = await earn(world)
    await _pdf(world, earned.member)
    bob = world.member("bob")
    answer = await _asked(bob)
    assert answer.status_code == 202
    assert await _kept(world, "bob") is None
    for wrong in ("text/html", "application/json, application/pdf;q=0.5", "*/*"):
        answer = await earned.member("GET", "/api/users/transcript/", headers={"Accept": wrong})
        assert answer.status_code == 200
        assert answer.headers["vary"] == "Accept"
        assert answer.json()["items"]


async def test_it_goes_with_the_person_also_one_that_is_being_made(world: World) -> None:
    earned = await earn(world)
    await _pdf(world, earned.member)
    sha256 = await _kept(world, "ana")
    await earned.change("expires_at = now() + interval '3 days'")
    assert (await _asked(earned.member)).status_code == 202
    await world.directory.ok("DELETE", "/api/directory/members/ana/")
    stored = {one.key async for one in world.worker.store.objects("transcripts/")}
    await world.run_jobs()
    with pytest.raises(ObjectMissing):
        await world.worker.store.get(transcript_key(sha256 or ""))
    async with world.worker.transaction(None) as session:
        query = text("SELECT count(*) FROM transcript_pdfs WHERE organization_id = :o")
        assert await session.scalar(query, {"o": world.id}) == 0
    assert {one.key async for one in world.worker.store.objects("transcripts/")} < stored


async def test_who_makes_one_twice_leaves_one_file(world: World) -> None:
    """No two signatures are the same; the address that was given out first stays good."""
    earned = await earn(world)
    await _pdf(world, earned.member)
    first = await _kept(world, "ana")
    async with world.worker.transaction(world.id) as session:
        await have_transcript_made(session, world.id, "ana", await _digest(world))
    await world.run_jobs()
    assert await _kept(world, "ana") == first
    assert await world.worker.store.get(transcript_key(first or ""))


async def test_one_that_cannot_be_made_says_so(world: World) -> None:
    earned = await earn(world)
    assert (await _asked(earned.member)).status_code == 202
    async with world.worker.transaction(None) as session:
        query = text("UPDATE outbox SET status = 'dead' WHERE unique_key = :k")
        await session.execute(query, {"k": transcript_job(world.id, "ana", await _digest(world))})
    answer = await _asked(earned.member)
    assert (answer.status_code, answer.json()["code"]) == (503, "pdf-not-made")
    assert (await earned.member.ok("GET", "/api/users/transcript/"))["items"]
    # What failed was of that content: another day, logo or certificate is tried.
    await earned.change("expires_at = now() + interval '3 days'")
    assert await _pdf(world, earned.member)


async def test_it_is_no_certificate_to_who_checks_files(world: World) -> None:
    earned = await earn(world)
    pdf = await _pdf(world, earned.member)
    answer = await world.http.post(
        "/api/certificates/check/", files={"file": ("sent.pdf", pdf, "application/pdf")}
    )
    assert answer.json() == {"result": "not-ours", "certificate": None}


def test_the_same_content_makes_the_same_bytes_over_many_pages() -> None:
    many = replace(PLAIN, entries=tuple(_entry(number) for number in range(60)))
    assert render_transcript(many) == render_transcript(many)
    pages = pypdf.PdfReader(io.BytesIO(render_transcript(many)), strict=True).pages
    assert len(pages) > 5
    printed = text_of(render_transcript(many))
    assert [f"{number:04d}-0000-Z" in printed for number in range(60)] == [True] * 60
    assert f"Page {len(pages)} of {len(pages)}" in printed
    root: Any = pypdf.PdfReader(io.BytesIO(render_transcript(many))).trailer["/Root"]
    tree = root["/StructTreeRoot"]
    numbers: Any = tree["/ParentTree"]["/Nums"]
    by_key: dict[Any, Any] = dict(zip(numbers[::2], numbers[1::2], strict=True))
    assert tree["/ParentTreeNextKey"] == len(by_key)
    for page in pages:
        elements: Any = by_key[page["/StructParents"]]
        assert [one.get_object()["/K"] for one in elements] == list(range(len(elements)))


def test_nothing_is_cut_of_skills_that_fill_pages() -> None:
    skills = tuple(f"Skill-{number}" for number in range(900))
    printed = text_of(render_transcript(replace(PLAIN, entries=(_entry(1, "Much", skills), _entry(2)))))
    assert [skill for skill in skills if skill not in printed] == []
    empty = text_of(render_transcript(replace(PLAIN, entries=())))
    assert "No certificate was valid on this day." in empty


def _logo() -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", (200, 60), (120, 20, 20, 128)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.long
@pytest.mark.timeout(240)
def test_verapdf_accepts_them_in_ten_scripts(tmp_path: Path) -> None:
    signing, files = Signing(make_key("pdf", "learn.example.org").secret), []
    looks = [
        replace(
            PLAIN,
            recipient_name=script,
            issuer_name=script,
            entries=(_entry(1, f"{script} {script}", (script,)),),
        )
        for script in SCRIPTS
    ]
    looks += [
        replace(PLAIN, entries=()),
        replace(PLAIN, entries=tuple(map(_entry, range(40))), logo=_logo(), paper="letter", locale="fr-CA"),
        replace(
            PLAIN, entries=(_entry(1, "Long " * 60, ("Word",) * 900),), primary_color="#ffee00", locale="es"
        ),
    ]
    for number, content in enumerate(looks):
        pair = (
            (f"{number}", render_transcript(content)),
            (f"{number}-signed", sign_pdf(render_transcript(content), signing)),
        )
        for name, made in pair:
            files.append(tmp_path / f"{name}.pdf")
            files[-1].write_bytes(made)
    found = judged_by_verapdf(files)
    assert len(found) == len(files) * len(PROFILES)
    assert {place: faults for place, faults in found.items() if faults} == {}
