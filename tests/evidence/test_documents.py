"""What shows evidence is private: its owner sees it, and who decides; nobody finds it otherwise."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from tests.kit import documents as files
from tests.kit.direct import Database
from tests.kit.evidence import MINE, PATH, decide, send_in
from tests.kit.fields import refused
from tests.kit.world import Caller, Json, World, small_tree

from learning_service.worker.jobs.unused_files import collect_files

pytestmark = pytest.mark.usefixtures("looks_here")

UPLOAD = "/api/documents/?for=evidence"
LATER = timedelta(days=31)


async def upload(
    caller: Caller, content: bytes, name: str = "diploma.pdf", path: str = UPLOAD
) -> httpx.Response:
    return await caller("POST", path, files={"file": (name, content)})


async def shown(world: World, user: str = "ana", content: bytes | None = None) -> tuple[Json, Json]:
    """A member's document, ready, and the evidence that names it."""
    answer = await upload(world.member(user), content or files.pdf(1))
    assert answer.status_code == 202, answer.text
    await world.run_jobs()
    document: Json = answer.json()
    return document, await send_in(world, user, document=document["reference"])


async def may_fetch(caller: Caller, evidence: Json) -> int:
    return (await caller("GET", evidence["document_url"])).status_code


async def test_a_member_s_document_is_for_them_and_for_who_decides(world: World) -> None:
    document, evidence = await shown(world)
    assert evidence["document_url"] == f"/api/documents/{document['id']}/file/"
    own = await world.member("ana").ok("GET", f"/api/documents/{document['id']}/")
    assert (own["status"], own["kind"]) == ("ready", "pdf")
    for caller, status in (
        (world.member("ana"), 307),
        (world.admin, 307),
        (world.call_as("nora", "regional_admin:north"), 307),
        (world.call_as("chair", "chapter_admin:n1"), 404),
        (world.call_as("chair", "chapter_admin:n2"), 404),
        (world.call_as("sam", "regional_admin:south"), 404),
        (world.call_as("gil", "grader"), 404),
        (world.member("bob"), 404),
    ):
        assert await may_fetch(caller, evidence) == status
    assert (await world.admin.ok("GET", "/api/documents/"))["items"] == []
    refused(await world.admin("GET", f"/api/documents/{document['id']}/"), 404, "not-found")
    refused(await world.admin("POST", f"/api/documents/{document['id']}/retry/"), 404, "not-found")
    refused(await world.member("bob")("GET", f"/api/documents/{document['id']}/"), 403, "forbidden")
    refused(await world.member("ana")("POST", f"/api/documents/{document['id']}/retry/"), 409, "not-failed")


async def test_what_is_only_uploaded_is_its_owner_s_alone(world: World) -> None:
    answer = await upload(world.member("ana"), files.pdf(1))
    await world.run_jobs()
    path = f"/api/documents/{answer.json()['id']}/file/"
    assert (await world.member("ana")("GET", path)).status_code == 307
    refused(await world.admin("GET", path), 404, "not-found")


async def test_the_same_bytes_of_another_are_another_document(world: World) -> None:
    content = files.pdf(1)
    document, _ = await shown(world, "ana", content)
    other = await upload(world.member("bob"), content)
    admins = await upload(world.admin, content, path="/api/documents/")
    assert len({document["id"], other.json()["id"], admins.json()["id"]}) == 3
    again = await upload(world.member("ana"), content)
    assert again.json()["id"] == document["id"]
    body = {"requirement_id": "hazing", "completed_on": "2026-05-04", "note": "Not mine"}
    for named in (document["id"], document["reference"], admins.json()["reference"]):
        answer = await world.member("bob")("POST", MINE, {**body, "document": named})
        error = answer.json()["errors"][0]
        assert (error["pointer"], error["code"]) == ("/document", "not-known")
    assert (await world.member("bob").ok("GET", MINE))["items"] == []


async def test_no_course_and_no_logo_shows_a_private_document(world: World) -> None:
    document, _ = await shown(world, content=files.picture(20, 20))
    refused(await world.admin("PATCH", "/api/organization/", {"logo": document["reference"]}), 422)
    item = {"kind": "lesson", "title": "Read", "document_url": document["reference"]}
    course = await world.course(small_tree())
    path = f"/api/courses/{course['id']}/draft/"
    etag = (await world.admin("GET", path)).headers["etag"]
    tree = small_tree(modules=[{"title": "M", "items": [item]}])
    refused(await world.admin("PUT", path, tree, headers={"If-Match": etag}), 422)


async def test_what_an_owner_also_uploads_for_courses_is_the_organization_s(world: World) -> None:
    await world.add_member("boss", "n1")
    content = files.pdf(1)
    private = (await upload(world.admin, content)).json()
    assert (await world.admin.ok("GET", "/api/documents/"))["items"] == []
    public = (await upload(world.admin, content, "manual.pdf", "/api/documents/")).json()
    assert public["id"] == private["id"]
    [listed] = (await world.admin.ok("GET", "/api/documents/"))["items"]
    assert listed["name"] == "manual.pdf"


async def test_what_is_taken_as_evidence(world: World) -> None:
    ana = world.member("ana")
    refused(await upload(ana, files.pdf(1), path="/api/documents/"), 403, "forbidden")
    refused(await upload(world.call_as("nobody"), files.pdf(1)), 403, "not-a-member")
    refused(await upload(ana, files.pptx()), 422, "unusable-document")
    refused(await upload(ana, b"<svg/>"), 422, "unusable-document")
    refused(await upload(world.admin, files.pdf(1), path="/api/documents/?for=fun"), 422)
    refused(await upload(ana, files.pdf(1), path=f"{UPLOAD}&x=1"), 422)
    too_large = files.pdf(1) + b"\n" * (21 * 1024 * 1024)
    refused(await upload(ana, too_large), 413)
    broken = (await upload(ana, files.pdf(1)[:300])).json()
    await world.run_jobs()
    body = {
        "requirement_id": "hazing",
        "completed_on": "2026-05-04",
        "note": "Broken",
        "document": broken["id"],
    }
    answer = await ana("POST", MINE, body)
    assert answer.json()["errors"][0]["code"] == "unusable"


async def test_one_person_stores_so_much_evidence_and_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("learning_service.domain.documents.actions.MOST_PRIVATE", 3000)
    answers = [await upload(world.member("ana"), files.pdf(1, padding=n)) for n in range(1, 8)]
    assert {answer.status_code for answer in answers} == {202, 413}
    assert answers[-1].json()["code"] == "quota-exceeded"
    assert (await upload(world.member("bob"), files.pdf(1))).status_code == 202


async def test_a_document_goes_some_time_after_a_rejection(world: World) -> None:
    kept, approved = await shown(world, "ana", files.pdf(1, padding=1))
    gone, rejected = await shown(world, "ana", files.pdf(1, padding=2))
    waiting, _ = await shown(world, "ana", files.pdf(1, padding=3))
    await decide(world, approved)
    await decide(world, rejected, decision="reject")
    await collect_files(world.worker, datetime.now(UTC) + timedelta(days=29))
    assert await may_fetch(world.admin, rejected) == 307
    await collect_files(world.worker, datetime.now(UTC) + LATER)
    statuses = [
        (await world.member("ana")("GET", f"/api/documents/{one['id']}/file/")).status_code
        for one in (kept, waiting, gone)
    ]
    assert statuses == [307, 307, 404]
    listed = (await world.member("ana").ok("GET", MINE))["items"]
    assert [one["document_url"] is None for one in listed] == [False, True, False]


async def test_an_erased_member_s_evidence_says_nothing(world: World, database: Database) -> None:
    document, evidence = await shown(world)
    keep = files.pdf(1, padding=7)
    shared = (await upload(world.admin, keep)).json()
    for user in ("ana", "bob"):
        body = {"user_id": user, "requirement_id": "hazing", "reason": "Judges", "document": shared["id"]}
        await world.admin.ok("POST", "/api/exemptions/", body)
    await decide(world, evidence)
    export = await world.member("ana").ok("GET", "/api/users/export/")
    [mine] = export["evidence"]
    assert (mine["note"], mine["document_id"], mine["reason"]) == (
        "At my last college",
        document["id"],
        "Seen the original",
    )
    assert [one["id"] for one in export["documents"]] == [document["id"]]
    [key] = await database("SELECT original_key FROM documents WHERE id = $1::text::uuid", document["id"])
    await world.directory.ok("DELETE", "/api/directory/members/ana/")
    await world.run_jobs()
    [row] = await database("SELECT * FROM evidence WHERE organization_id = $1", world.id)
    assert row["user_id"].startswith("erased/")
    assert (row["note"], row["reason"], row["document_id"]) == (None, None, None)
    left = await database("SELECT id FROM documents WHERE organization_id = $1", world.id)
    assert [str(one["id"]) for one in left] == [shared["id"]], "it says something of bob, too"
    assert await world.worker.store.modified_at(key["original_key"]) is None
    assert (await world.admin.ok("GET", PATH))["items"] == []
    await world.add_member("ana")
    assert (await world.member("ana").ok("GET", MINE))["items"] == []


async def test_an_exemption_may_have_a_document(world: World) -> None:
    chair = world.call_as("chair", "chapter_admin:n1")
    uploaded = (await upload(chair, files.pdf(1))).json()
    sent, _ = await shown(world, "ana")
    private = (await upload(world.member("ana"), files.pdf(1, padding=9))).json()
    await world.run_jobs()
    body = {"user_id": "ana", "requirement_id": "hazing", "reason": "A judge"}
    for document in (uploaded, sent):
        made = await chair.ok("POST", "/api/exemptions/", {**body, "document": document["reference"]})
        assert made["document_url"] == f"/api/documents/{document['id']}/file/"
        assert await may_fetch(world.admin, made) == 307
        assert await may_fetch(chair, made) == 307
        assert await may_fetch(world.call_as("sam", "regional_admin:south"), made) == 404
    assert (
        await may_fetch(world.member("ana"), {"document_url": f"/api/documents/{uploaded['id']}/file/"})
        == 404
    )
    answer = await chair("POST", "/api/exemptions/", {**body, "document": private["id"]})
    assert answer.json()["errors"][0]["code"] == "not-known", "ana has sent it to nobody"
