"""What tests begin with is what the service itself would have made."""

import re
import uuid

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from tests.kit.copying import rows_of
from tests.kit.courses import TREE
from tests.kit.founding import found_by_actions
from tests.kit.publishing import make_by_actions
from tests.kit.world import Json, World, small_tree

_MADE_ANEW = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+(\+00:00|Z)"
    r"|\b[0-9a-f]{32}\b"
)
_BEGAN = text("SELECT min(created_at) FROM members WHERE organization_id = :id")


async def _facts(session: AsyncSession, organization: str) -> dict[str, list[str]]:
    """All rows of an organization, but for what each has of its own."""
    return {
        table: sorted(_MADE_ANEW.sub("", row.replace(organization, "org")) for row in held)
        for table, held in (await rows_of(session, organization)).items()
    }


async def test_a_copied_organization_is_like_one_that_was_founded(world: World, other_world: World) -> None:
    own = f"org-{uuid.uuid4().hex[:10]}"
    async with world.worker.transaction(None) as session:
        await found_by_actions(session, own)
        founded, copied = [await _facts(session, one) for one in (own, other_world.id)]
        began = [await session.scalar(_BEGAN, {"id": one}) for one in (world.id, other_world.id, own)]
    assert copied == founded
    assert {"organizations", "members", "outbox", "audit_entries"} < set(founded)
    assert began == sorted(set(began)), "each begins when its test does"


async def test_only_a_tests_first_organization_ends_the_jobs_of_before(
    world: World, other_world: World
) -> None:
    third = World(world.http, world.signer, world.worker)

    async def with_jobs() -> set[str]:
        async with world.worker.transaction(None) as session:
            return set(await session.scalars(text("SELECT DISTINCT organization_id FROM outbox")))

    assert await with_jobs() == {world.id, other_world.id}
    await third.found(alone=True)
    assert await with_jobs() == {third.id}


async def test_a_copied_course_is_like_one_that_was_made(world: World, other_world: World) -> None:
    body: Json = {"title": "C", "scope": "national", "linked_compliance_requirement": "hazing"}
    for tree, publish in ((small_tree(), True), (TREE, True), (TREE, False)):
        copied = await world.course(tree, publish=publish, **body)
        async with other_world.worker.transaction(other_world.id) as session:
            made = await make_by_actions(session, other_world.id, body, tree, publish=publish)
        shown = await world.admin.ok("GET", f"/api/courses/{copied['id']}/")
        assert {name: shown[name] for name in copied if name in shown} == {
            name: copied[name] for name in copied if name in shown
        }
        assert _MADE_ANEW.sub("", str(copied)) == _MADE_ANEW.sub("", str(made))
    async with world.worker.transaction(None) as session:
        facts = [await _facts(session, one.id) for one in (world, other_world)]
    assert facts[0] == facts[1]
    assert {"quiz_answers", "course_words", "content_keys", "course_versions"} < set(facts[0])


async def test_each_copy_has_its_own_ids_and_mixes_the_answers(world: World, other_world: World) -> None:
    ids: list[str] = []
    orders: set[tuple[str, ...]] = set()
    for one in (world, other_world):
        for _ in range(10):
            course = await one.course(TREE)
            ids.append(course["id"])
            async with one.worker.transaction(one.id) as session:
                rows = await session.execute(_ANSWERS, {"id": course["id"]})
                orders.add(tuple(row.text for row in rows))
    assert len(set(ids)) == 20
    assert len(orders) > 1, "the order of ids would tell which answer stood first"


_ANSWERS = text(
    """
    SELECT a.text FROM quiz_answers a JOIN course_versions v ON v.organization_id = a.organization_id
    AND v.id = a.version_id WHERE v.course_id = CAST(:id AS uuid) ORDER BY a.id
    """
)


async def test_a_changed_organization_gets_a_course_of_its_own_making(world: World) -> None:
    await world.course()
    await world.directory.ok(
        "PUT",
        "/api/directory/compliance-requirements/aid/",
        {"organization_id": world.id, "name": "Aid"},
    )
    made = await world.course(linked_compliance_requirement="aid")
    assert made["linked_compliance_requirement"] == "aid"
