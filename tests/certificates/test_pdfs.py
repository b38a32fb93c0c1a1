"""The PDFs of certificates: made, halted, audited, refused, erased; and the processes that draw them."""

import asyncio
import io
import os
import subprocess
import sys
import time
import urllib.parse
import uuid

import httpx
import pypdf
import pytest
from sqlalchemy import text
from tests.kit.earned import Earned, earn
from tests.kit.printed import text_of
from tests.kit.waiting import PATIENCE_SECONDS
from tests.kit.world import World

from learning_service.adapters.processes import ProcessDied, ProcessPool
from learning_service.cli.certificates import halt, resume, status
from learning_service.core.settings import Settings
from learning_service.domain.certificates.actions.erasing import erase_certificates
from learning_service.domain.certificates.actions.pdfs import keep_former_pdfs
from learning_service.domain.certificates.rules.certificates import pdf_filename, pdf_key, printed_locale
from learning_service.domain.certificates.rules.pictures import file_keys, picture_key
from learning_service.domain.organizations.rules import PRINTED_FIELDS
from learning_service.domain.unused_files import keys_in_use
from learning_service.worker.jobs.certificates import audit_certificates


async def stored(earned: Earned) -> str:
    """The digest of the stored PDF."""
    async with earned.world.worker.transaction(None) as session:
        row = await session.execute(
            text("SELECT pdf_sha256 FROM certificates WHERE id = :i"), {"i": uuid.UUID(earned.id)}
        )
        return str(row.scalar_one())


async def drift(earned: Earned) -> str | None:
    async with earned.world.worker.transaction(None) as session:
        row = await session.execute(
            text("SELECT pdf_drift FROM certificates WHERE id = :i"), {"i": uuid.UUID(earned.id)}
        )
        found: str | None = row.scalar_one()
        return found


async def test_a_pdf_that_cannot_be_made_is_not_promised_for_ever(world: World) -> None:
    earned = await earn(world)
    assert (await earned.pdf()).status_code == 202
    async with world.worker.transaction(None) as session:
        await session.execute(
            text("UPDATE outbox SET status = 'dead' WHERE unique_key = :key"),
            {"key": f"generate_certificates:{earned.id}"},
        )
    answer = await earned.pdf()
    assert (answer.status_code, answer.json()["code"]) == (503, "pdf-not-made")
    assert answer.headers["retry-after"] == "3600"
    assert (await earned.verify())["status"] == "valid"


async def test_the_pdf_has_a_good_name(world: World) -> None:
    earned = await earn(world, title='Café: "Ethik" / 倫理')
    await world.run_jobs()
    answer = await earned.pdf()
    assert answer.status_code == 307
    async with httpx.AsyncClient() as plain:
        file = await plain.get(answer.headers["location"])
    assert file.headers["content-type"] == "application/pdf"
    disposition = urllib.parse.unquote(file.headers["content-disposition"])
    assert disposition.startswith("inline")
    assert ".pdf" in disposition
    assert "Ethik" in disposition


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Hazing prevention", "Hazing prevention – certificate.pdf"),
        ("../../etc/passwd", "etc passwd – certificate.pdf"),
        ('a"b\r\nX: y;c', "a b X y c – certificate.pdf"),
        ("...", "certificate.pdf"),
        ("倫理", "倫理 – certificate.pdf"),
        ("x" * 200, "x" * 120 + " – certificate.pdf"),
    ],
)
def test_file_names(title: str, name: str) -> None:
    assert pdf_filename(title) == name


async def test_halted_pdfs_wait_and_are_made_when_resumed(world: World, settings: Settings) -> None:
    halted = await asyncio.to_thread(halt, settings)
    try:
        assert halted.startswith("halted since")
        earned = await earn(world)
        await world.run_jobs()
        assert (await earned.pdf()).status_code == 202
        async with world.worker.transaction(None) as session:
            row = await session.execute(
                text("SELECT status, attempt FROM outbox WHERE unique_key = :k"),
                {"k": f"generate_certificates:{earned.id}"},
            )
            assert row.one() == ("queued", 0)
    finally:
        resumed = await asyncio.to_thread(resume, settings)
    assert resumed.startswith("running; waiting")
    await world.run_jobs()
    assert (await earned.pdf()).status_code == 307
    assert (await asyncio.to_thread(status, settings)).startswith("running; waiting")


async def test_the_audit_reports_and_repairs_nothing(world: World) -> None:
    earned, other = await earn(world), await earn(world, "bob")
    await world.run_jobs()
    await audit_certificates(world.worker, None)
    assert (await drift(earned), await drift(other)) == (None, None)
    key = pdf_key(await stored(earned))
    await world.worker.store.put(key, b"%PDF-1.4 forged", content_type="application/pdf")
    await world.worker.store.delete(pdf_key(await stored(other)))
    for _ in range(2):
        await audit_certificates(world.worker, None)
    assert (await drift(earned), await drift(other)) == ("changed", "missing")
    assert await world.worker.store.get(key) == b"%PDF-1.4 forged"
    async with world.worker.transaction(None) as session:
        found = await session.execute(
            text(
                "SELECT subject_id, details->>'drift' FROM audit_entries"
                " WHERE action = 'certificate.pdf_drifted' AND organization_id = :o"
            ),
            {"o": world.id},
        )
        expected = {(earned.id, "changed"), (other.id, "missing")}
        assert sorted(tuple(row) for row in found) == sorted(expected)


async def test_an_erased_members_record_stays_without_name_and_pdf(world: World) -> None:
    earned = await earn(world)
    await world.run_jobs()
    digest = await stored(earned)
    async with world.worker.transaction(None) as session:
        keys = await erase_certificates(session, organization_id=world.id, user_id="ana")
    assert list(keys) == [pdf_key(digest), picture_key(digest)]
    seen = await earned.verify()
    assert (seen["status"], seen["recipient_name"]) == ("valid", None)
    for caller in (earned.member, world.admin):
        assert (await earned.pdf(caller)).status_code == 410
    page = await world.http.get(f"/certificates/{earned.id}/verify/")
    assert page.status_code == 200
    assert "Ana" not in page.text


async def test_erasure_takes_the_files_of_before_as_well(world: World) -> None:
    earned = await earn(world)
    await world.run_jobs()
    before = list(file_keys(await stored(earned)))
    async with world.worker.transaction(None) as session:
        await keep_former_pdfs(session, [uuid.UUID(earned.id)])
    await earned.change("pdf_sha256 = NULL")
    async with world.worker.transaction(None) as session:
        assert await erase_certificates(session, organization_id=world.id, user_id="ana") == before


async def test_a_pool_outlives_the_death_of_a_process() -> None:
    pool = ProcessPool(1)
    try:
        assert await pool.run(os.getpid) != os.getpid()
        with pytest.raises(ProcessDied):
            await pool.run(os.abort)
        assert await pool.run(os.getpid) != os.getpid()
    finally:
        await pool.close()


PARENT = """
import asyncio, os, time
from learning_service.adapters.processes import ProcessPool

async def main():
    pool = ProcessPool(2)
    print(*{await pool.run(os.getpid) for _ in range(3)}, flush=True)
    await pool.run(time.sleep, 60)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_the_processes_die_with_their_parent(tmp_path: object) -> None:
    script = f"{tmp_path}/parent.py"
    with open(script, "w") as file:
        file.write(PARENT)
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    children = [int(pid) for pid in parent.stdout.readline().split()]
    assert children
    assert all(is_running(pid) for pid in children)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(is_running(pid) for pid in children):
        assert time.monotonic() < deadline, "a child outlived its parent"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    """Whether there is such a process, zombies apart."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def _downloaded(answer: httpx.Response) -> str:
    assert answer.status_code == 307, answer.text
    async with httpx.AsyncClient() as plain:
        return text_of((await plain.get(answer.headers["location"])).content)


async def test_a_character_that_no_font_has_is_printed_by_its_name_and_told(world: World) -> None:
    await world.add_member("ana", display_name="Ana \ue000")
    earned = await earn(world)
    await world.run_jobs()
    assert "Ana U+E000" in (await _downloaded(await earned.pdf())).split("\n")
    assert (await earned.verify())["recipient_name"] == "Ana \ue000"
    async with world.worker.transaction(None) as session:
        found = await session.execute(
            text("SELECT action, actor, details FROM audit_entries WHERE subject_id = :i"), {"i": earned.id}
        )
        told = [tuple(row) for row in found]
    concerns = {"user_id": "ana", "course_id": earned.course["id"]}
    details = {"fields": ["recipient_name"], **concerns}
    assert ("certificate.characters_replaced", "system", details) in told


async def test_a_signatory_that_cannot_be_printed_is_refused_when_saved(world: World) -> None:
    for field in PRINTED_FIELDS:
        refused = await world.admin("PATCH", "/api/organization/", {field: "Director \ue000"})
        assert refused.status_code == 422, field
        [error] = refused.json()["errors"]
        assert error["pointer"] == f"/{field}"
        assert (await world.admin.ok("GET", "/api/organization/"))[field] is None
    await world.admin.ok("PATCH", "/api/organization/", dict.fromkeys(PRINTED_FIELDS, "Director 🎓 प्रमुख"))
    earned = await earn(world)
    await world.run_jobs()
    assert (await earned.pdf()).status_code == 307


@pytest.mark.parametrize(
    ("member", "organization", "said"),
    [
        # Which of the two it is, of all kinds, is tried below.
        (None, "fr-CA", "Certificat de réussite"),
        ("es-MX", "fr", "Certificado de finalización"),
    ],
)
async def test_the_language_is_the_members_else_the_organizations(
    world: World, member: str | None, organization: str | None, said: str
) -> None:
    await world.add_member("ana", display_name="Ana", locale=member)
    await world.admin.ok("PATCH", "/api/organization/", {"locale": organization, "paper": "letter"})
    earned = await earn(world)
    await world.admin.ok("PATCH", "/api/organization/", {"locale": "en", "paper": "a4"})
    await world.add_member("ana", display_name="Ana", locale="en")
    await world.run_jobs()
    answer = await earned.pdf()
    assert said in (await _downloaded(answer)).split("\n"), "it is frozen at issue"
    async with httpx.AsyncClient() as plain:
        file = (await plain.get(answer.headers["location"])).content
    assert pypdf.PdfReader(io.BytesIO(file)).pages[0].mediabox[2:] == [792, 612]


@pytest.mark.parametrize(
    ("member", "organization", "printed"),
    [
        (None, None, "en"), ("es", None, "es"), (None, "en-US", "en-US"), ("en", "en-US", "en-US"),
        ("en-GB", "en-US", "en-GB"), ("es", "en-US", "es"), ("de", "en-US", "en-US"), ("zh-Hant", "ja", "en"),
    ],
)  # fmt: skip
def test_which_tag_is_printed(member: str | None, organization: str | None, printed: str) -> None:
    assert printed_locale(member, organization) == printed


async def _made(earned: Earned) -> httpx.Response:
    """The answer once the worker has done what the first one asked for."""
    first = await earned.pdf()
    assert (first.status_code, first.headers["retry-after"]) == (202, "2")
    assert (await earned.pdf()).status_code == 202
    await earned.world.run_jobs()
    return await earned.pdf()


async def test_the_pdf_of_a_revoked_certificate_is_stamped_so(world: World) -> None:
    earned = await earn(world)
    await world.run_jobs()
    before = await stored(earned)
    assert "REVOKED" not in await _downloaded(await earned.pdf())
    assert (await earned.revoke()).status_code == 200
    assert "REVOKED · Certificate number" in await _downloaded(await _made(earned))
    assert await stored(earned) == before, "what was issued stays what it was"


async def test_a_stamp_follows_the_state_of_the_certificate(world: World) -> None:
    earned = await earn(world)
    await world.run_jobs()
    assert (await earned.reissue()).status_code == 201
    assert "SUPERSEDED · Certificate number" in await _downloaded(await _made(earned))
    await earned.change("revoked_at = now()")
    assert "REVOKED · " in await _downloaded(await _made(earned))


async def test_an_expired_certificate_says_itself_until_when_it_was_valid(world: World) -> None:
    earned = await earn(world)
    await world.run_jobs()
    await earned.change("expires_at = issued_at + interval '1 microsecond'")
    assert (await earned.verify())["status"] == "expired"
    assert (await earned.pdf()).status_code == 307


async def test_an_organization_may_refuse_pdfs_that_are_not_in_force(world: World) -> None:
    earned = await earn(world)
    await world.run_jobs()
    await world.admin.ok("PATCH", "/api/organization/", {"revoked_pdf": "refuse"})
    assert (await earned.pdf()).status_code == 307
    await earned.revoke()
    for caller in (earned.member, world.admin):
        refused = await earned.pdf(caller)
        assert (refused.status_code, refused.json()["code"]) == (410, "pdf-withdrawn")
    await world.admin.ok("PATCH", "/api/organization/", {"revoked_pdf": "mark"})
    assert (await _made(earned)).status_code == 307


async def test_a_marked_pdf_is_kept_and_goes_with_the_person(world: World) -> None:
    earned = await earn(world)
    await world.run_jobs()
    await earned.revoke()
    await _made(earned)
    async with world.worker.transaction(None) as session:
        row = await session.execute(
            text("SELECT pdf_sha256, marked_sha256 FROM certificates WHERE id = :i"),
            {"i": uuid.UUID(earned.id)},
        )
        keys = {key for digest in row.one() for key in file_keys(digest)}
        assert len(keys) == 4
        assert await keys_in_use(session, keys) == keys
    async with world.worker.transaction(None) as session:
        erased = await erase_certificates(session, organization_id=world.id, user_id="ana")
        assert set(erased) == keys
    assert (await earned.pdf(world.admin)).status_code == 410


async def test_a_certificate_that_the_clock_superseded_is_stamped_when_it_is_asked_for(world: World) -> None:
    earned = await earn(world)
    await world.run_jobs()
    await earned.change("renewed_by = id, expires_at = issued_at + interval '1 microsecond'")
    assert (await earned.verify())["status"] == "superseded"
    assert "SUPERSEDED · " in await _downloaded(await _made(earned))
