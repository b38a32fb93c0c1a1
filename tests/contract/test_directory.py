"""The directory as the membership service keeps it, and whose courses are made where."""

from tests.contract.directory import DIRECTORY, filled
from tests.kit.fields import refused
from tests.kit.world import Caller, Json, World, small_tree


async def test_the_directory_makes_then_updates(world: World) -> None:
    ids = {"org": world.id}
    for method, path, body in DIRECTORY[1:]:
        body = filled(body, ids)
        first = await world.directory(method, path, body)
        again = await world.directory(method, path, body)
        assert (first.status_code, again.status_code) == (201, 200), path
        assert first.json() == again.json()
        for name, value in body.items():
            assert first.json()[name] == value
    path = f"/api/directory/organizations/{world.id}/"
    updated = await world.directory("PUT", path, {"name": "New", "timezone": "Europe/Berlin"})
    assert updated.status_code == 200
    assert updated.json()["authoring_roles"] == ["national_admin", "regional_admin"]


async def test_the_directory_takes_nothing_of_another_organization(world: World, other_world: World) -> None:
    push = world.directory
    body = {"name": "O", "timezone": "UTC"}
    refused(await push("PUT", f"/api/directory/organizations/{other_world.id}/", body), 404)
    for kind in ("regions", "compliance-requirements"):
        named = {"organization_id": other_world.id, "name": "R"}
        refused(await push("PUT", f"/api/directory/{kind}/r/", named), 404)
    refused(await push("PUT", "/api/directory/chapters/c/", {"region_id": "nowhere", "name": "C"}), 422)
    member: Json = {
        "chapter_id": "nowhere",
        "status": "a",
        "display_name": "A",
        "email": None,
        "custom_fields": {},
    }
    refused(await push("PUT", "/api/directory/members/m/", member), 422)
    await push.ok("PUT", "/api/directory/chapters/only-here/", {"region_id": "north", "name": "C"})
    away = {**member, "chapter_id": "only-here"}
    refused(await other_world.directory("PUT", "/api/directory/members/m/", away), 422)
    await other_world.directory.ok(
        "PUT", "/api/directory/chapters/only-here/", {"region_id": "south", "name": "Theirs"}
    )


async def test_a_course_belongs_to_a_unit_within_the_authors_reach(world: World) -> None:
    north, admin = world.call_as("nora", "regional_admin:north"), world.admin
    for who, scope, unit, status in [
        (admin, "regional", "north", 201),
        (admin, "chapter", "s2", 201),
        (admin, "regional", "nowhere", 422),
        (admin, "chapter", "north", 422),
        (admin, "national", "north", 422),
        (admin, "regional", None, 422),
        (north, "regional", "north", 201),
        (north, "chapter", "n2", 201),
        (north, "regional", "south", 403),
        (north, "chapter", "s1", 403),
        (north, "national", None, 403),
        (north, "chapter", "nowhere", 422),
        (world.call_as("ana", "chapter_admin:n1"), "chapter", "n1", 403),
        (world.call_as("ana", "grader"), "national", None, 403),
    ]:
        body = {"title": "T", "scope": scope} | ({} if unit is None else {"scope_id": unit})
        answer = await who("POST", "/api/courses/", body)
        assert answer.status_code == status, (who.user, scope, unit, answer.text)
        if status == 201:
            assert (answer.json()["scope"], answer.json()["scope_id"]) == (scope, unit)
    unknown = {"title": "T", "scope": "national", "linked_compliance_requirement": "nowhere"}
    refused(await admin("POST", "/api/courses/", unknown), 422)


async def test_a_chapter_admin_authors_where_the_organization_says_so(world: World) -> None:
    body = {"name": "Alpha", "timezone": "UTC", "authoring_roles": ["national_admin", "chapter_admin"]}
    await world.directory.ok("PUT", f"/api/directory/organizations/{world.id}/", body)
    chair: Caller = world.call_as("ana", "chapter_admin:n1")
    made = await chair.ok("POST", "/api/courses/", {"title": "T", "scope": "chapter", "scope_id": "n1"})
    etag = (await chair("GET", f"/api/courses/{made['id']}/draft/")).headers["etag"]
    lessons_only = {**small_tree(), "mastered_skills": []}
    await chair.ok("PUT", f"/api/courses/{made['id']}/draft/", lessons_only, headers={"If-Match": etag})
    await chair.ok("POST", f"/api/courses/{made['id']}/publish/")
    away = {"title": "T", "scope": "chapter", "scope_id": "n2"}
    refused(await chair("POST", "/api/courses/", away), 403, "forbidden")
    north = world.call_as("nora", "regional_admin:north")
    refused(await north("POST", "/api/courses/", away), 403, "forbidden")
    refused(await north("POST", f"/api/courses/{made['id']}/publish/"), 403, "forbidden")
