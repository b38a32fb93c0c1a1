"""Documents in courses: pinned by publishing, open to whoever may see the course, and to nobody else."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.kit import documents as files
from tests.kit.sending import seen, send, settled
from tests.kit.world import Json, World, small_tree

pytestmark = pytest.mark.usefixtures("looks_here")


async def ready(world: World, content: bytes) -> str:
    document = await settled(world, (await send(world.admin, content)).json()["id"])
    assert document["status"] == "ready"
    found: str = document["id"]
    return found


def tree_with(*questions: Json, **lesson: Any) -> Json:
    item = {"kind": "lesson", "title": "Read", **lesson}
    quizzes = [{"kind": "quiz", "title": "Q", "questions": [question]} for question in questions]
    return small_tree(assessment=None, modules=[{"title": "M", "items": [item, *quizzes]}])


async def put(world: World, course: str, tree: Json) -> Any:
    path = f"/api/courses/{course}/draft/"
    etag = (await world.admin("GET", path)).headers["etag"]
    return await world.admin("PUT", path, tree, headers={"If-Match": etag})


async def opens(world: World, document: str, *users: str) -> list[int]:
    """What each of these members is answered."""
    return [(await world.member(u)("GET", f"/api/documents/{document}/file/")).status_code for u in users]


async def test_learners_see_paths_and_authors_references(world: World) -> None:
    deck, picture = await ready(world, files.pdf(2)), await ready(world, files.picture())
    image = f'<p>Look: <img src="document:{picture}" alt="a door"></p>'
    question = {
        "type": "true_false", "prompt_html": image, "explanation_html": image, "points": 1, "correct": True
    }  # fmt: skip
    tree = tree_with(
        question, document_url=f"document:{deck}", image_url=f"document:{picture}", body_html=image
    )
    course = await world.course(tree)
    draft = await world.admin.ok("GET", f"/api/courses/{course['id']}/draft/")
    lesson, quiz = draft["modules"][0]["items"]
    assert (lesson["document_url"], lesson["image_url"]) == (f"document:{deck}", f"document:{picture}")
    assert f'src="document:{picture}"' in lesson["body_html"]
    ana = world.member()
    await ana.ok("POST", f"/api/courses/{course['id']}/enroll/")
    shown = await ana.ok("GET", f"/api/courses/{course['id']}/modules/")
    lesson, quiz = shown["items"][0]["items"]
    assert lesson["document_url"] == f"/api/documents/{deck}/file/"
    assert lesson["image_url"] == f"/api/documents/{picture}/file/"
    assert f'<img src="/api/documents/{picture}/file/"' in lesson["body_html"]
    asked = await ana.ok("GET", f"/api/quizzes/{quiz['id']}/")
    assert f'src="/api/documents/{picture}/file/"' in asked["questions"][0]["prompt_html"]
    for address in (lesson["document_url"], lesson["image_url"]):
        assert (await ana("GET", address)).status_code == 307


async def test_only_whoever_may_see_a_course_opens_its_documents(world: World, other_world: World) -> None:
    document = await ready(world, files.pdf(2))
    everybody = ("ana", "bob", "cyd", "dan")
    assert await opens(world, document, *everybody) == [404] * 4
    tree = tree_with(document_url=f"document:{document}")
    made = await world.course(tree, publish=False, scope="regional", scope_id="north")
    assert await opens(world, document, *everybody) == [404] * 4, "a draft is nobody's but its authors'"
    assert (await world.call_as("g", "grader")("GET", f"/api/documents/{document}/file/")).status_code == 307
    await world.admin.ok("POST", f"/api/courses/{made['id']}/publish/")
    assert await opens(world, document, *everybody) == [307, 307, 307, 404]
    assert (await other_world.admin("GET", f"/api/documents/{document}/file/")).status_code == 404
    assert (await other_world.member()("GET", f"/api/documents/{document}/file/")).status_code == 404
    stranger = await world.member("nobody")("GET", f"/api/documents/{document}/file/")
    assert (stranger.status_code, stranger.json()["code"]) == (403, "not-a-member")
    await world.member("ana").ok("POST", f"/api/courses/{made['id']}/enroll/")
    await put(world, made["id"], tree_with(document_url=None))
    await world.admin.ok("POST", f"/api/courses/{made['id']}/publish/")
    assert await opens(world, document, "ana", "bob") == [307, 404], (
        "whoever is inside stays with their version"
    )
    await world.admin.ok("POST", f"/api/courses/{made['id']}/archive/")
    assert await opens(world, document, "ana", "bob") == [307, 404]


async def test_a_draft_names_documents_of_its_organization_only(world: World, other_world: World) -> None:
    foreign = await ready(other_world, files.pdf())
    made = await world.course(tree_with(), publish=False)
    image = f'<p><img src="document:{foreign}" alt=""></p>'
    for lesson, pointer in (
        ({"document_url": f"document:{foreign}"}, "/modules/0/items/0/document_url"),
        ({"image_url": f"document:{foreign}"}, "/modules/0/items/0/image_url"),
        ({"body_html": image}, "/modules/0/items/0/body_html"),
    ):
        refused = await put(world, made["id"], tree_with(**lesson))
        assert refused.status_code == 422, refused.text
        assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]
    link = '<p><a href="document:0a000000-0000-7000-8000-000000000000">x</a></p>'
    cleaned = (await put(world, made["id"], tree_with(body_html=link))).json()
    assert "document:" not in cleaned["modules"][0]["items"][0]["body_html"], "images only"


async def test_publishing_waits_for_documents_and_pictures_are_pictures(world: World) -> None:
    waiting = (await send(world.admin, files.pdf(7))).json()["id"]
    broken = (await settled(world, (await send(world.admin, files.pdf()[:300])).json()["id"]))["id"]
    waiting = (await send(world.admin, files.pdf(8))).json()["id"]
    deck = await ready(world, files.pdf(9))
    unsettled = (await send(world.admin, files.picture(31, 31))).json()["id"]
    made = await world.course(tree_with(), publish=False)
    cases = {
        unsettled: ("document_url", "still being converted"),
        broken: ("document_url", "has failed"),
        deck: ("image_url", "no picture"),
    }
    for document, (name, word) in cases.items():
        assert (await put(world, made["id"], tree_with(**{name: f"document:{document}"}))).status_code == 200
        refused = await world.admin("POST", f"/api/courses/{made['id']}/publish/")
        assert (refused.status_code, refused.json()["code"]) == (422, "not-publishable")
        [fault] = refused.json()["errors"]
        assert (fault["pointer"], word in fault["detail"]) == (f"/modules/0/items/0/{name}", True), fault
    await settled(world, unsettled)
    assert (await seen(world, waiting))["status"] == "ready"
    await put(world, made["id"], tree_with(image_url=f"document:{unsettled}"))
    await world.admin.ok("POST", f"/api/courses/{made['id']}/publish/")


async def references(world: World) -> int:
    async with world.worker.transaction(None) as session:
        counted = text("SELECT count(*) FROM document_references WHERE organization_id = :id")
        found: int = (await session.execute(counted, {"id": world.id})).scalar_one()
        return found


async def test_references_follow_the_drafts(world: World) -> None:
    one, two = await ready(world, files.pdf(2)), await ready(world, files.pdf(3))
    made = await world.course(tree_with(document_url=f"document:{one}"))
    assert await references(world) == 1
    for change in (
        "DELETE FROM document_references",
        "UPDATE document_references SET version_id = version_id",
    ):
        with pytest.raises(DBAPIError) as refused:
            async with world.worker.transaction(None) as session:
                await session.execute(text(f"{change} WHERE organization_id = :id"), {"id": world.id})
        assert getattr(refused.value.orig, "sqlstate", None) == "LS001", "published versions never change"
    await put(world, made["id"], tree_with(document_url=f"document:{two}"))
    assert await references(world) == 2, "the published version keeps its own"
    await put(world, made["id"], tree_with())
    assert await references(world) == 1
    path = f"/api/courses/{made['id']}"
    etag = (await world.admin("GET", f"{path}/draft/")).headers["etag"]
    await world.admin.ok("POST", f"{path}/versions/1/restore/", headers={"If-Match": etag})
    await world.admin.ok("POST", f"{path}/duplicate/")
    assert await references(world) == 3
    etag = (await world.admin("GET", f"{path}/draft/")).headers["etag"]
    assert (await world.admin("DELETE", f"{path}/draft/", headers={"If-Match": etag})).status_code == 204
    assert await references(world) == 2
