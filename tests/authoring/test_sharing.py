"""Who may author what; copies, the archive, and designated graders."""

from tests.kit.author import Author, changed, without_keys
from tests.kit.courses import TREE
from tests.kit.world import Caller, World

from learning_service.domain.courses.rules.policy import copy_title


async def sets_roles(world: World, *roles: str) -> None:
    body = {"name": "Alpha", "timezone": "UTC", "authoring_roles": list(roles)}
    await world.directory.ok("PUT", f"/api/directory/organizations/{world.id}/", body)


async def creates(caller: Caller, scope: str, unit: str | None) -> int:
    body = {"title": "T", "scope": scope, "scope_id": unit}
    return (await caller("POST", "/api/courses/", body)).status_code


UNITS = (
    ("national", None),
    ("regional", "north"),
    ("regional", "south"),
    ("chapter", "n1"),
    ("chapter", "s1"),
)


REACH: list[tuple[tuple[str, ...], str, set[int]]] = [
    (("national_admin", "regional_admin"), "national_admin", {0, 1, 2, 3, 4}),
    (("national_admin", "regional_admin"), "regional_admin:north", {1, 3}),
    (("national_admin", "regional_admin"), "chapter_admin:n1", set()),
    (("national_admin", "regional_admin", "chapter_admin"), "chapter_admin:n1", {3}),
    (("national_admin", "chapter_admin"), "regional_admin:north", set()),
    (("national_admin",), "regional_admin:north", set()),
]


async def test_roles_reach_their_own_units(world: World) -> None:
    made = [await world.course(scope=scope, scope_id=unit) for scope, unit in UNITS]
    for allowed, role, may in REACH:
        await sets_roles(world, *allowed)
        caller = world.call_as("author", role)
        for n, (scope, unit) in enumerate(UNITS):
            case = (allowed, role, scope, unit)
            assert await creates(caller, scope, unit) == (201 if n in may else 403), case
            path = f"/api/courses/{made[n]['id']}/"
            for method, rest, json in (("GET", "draft/", None), ("PATCH", "", {"self_enrollment": False})):
                seen = await caller(method, path + rest, json)
                assert seen.status_code == 200 if n in may else seen.status_code in (403, 404), case
        if may:
            unknown = {"title": "T", "scope": "regional", "scope_id": "nowhere"}
            assert (await caller("POST", "/api/courses/", unknown)).status_code in (422, 403)
            unknown["scope"] = "galactic"
            assert (await caller("POST", "/api/courses/", unknown)).status_code == 422


async def test_a_regional_course_is_for_its_region_alone(world: World) -> None:
    course = await world.course(scope="regional", scope_id="north")
    path = f"/api/courses/{course['id']}/"
    for user, sees in (("ana", True), ("cyd", True), ("dan", False)):
        member = world.member(user)
        assert [c["id"] for c in (await member.ok("GET", "/api/courses/"))["items"]] == [course["id"]] * sees
        assert (await member("GET", path)).status_code == (200 if sees else 404)
        assert (await member("POST", f"{path}enroll/")).status_code == (201 if sees else 404)
    other = world.call_as("south", "regional_admin:south")
    assert (await other("GET", f"{path}draft/")).status_code == 404
    assert (await other("POST", f"{path}publish/")).status_code == 404


async def test_drafts_are_listed_for_those_who_may_write_them(world: World) -> None:
    north = world.call_as("nora", "regional_admin:north")
    ours = await world.course(scope="regional", scope_id="north", publish=False)
    theirs = await world.course(scope="regional", scope_id="south", publish=False)
    listed = (await north.ok("GET", "/api/courses/?status=draft"))["items"]
    assert [(c["id"], c["draft_version"]) for c in listed] == [(ours["id"], 1)]
    everything = (await world.admin.ok("GET", "/api/courses/?status=draft"))["items"]
    assert {c["id"] for c in everything} == {ours["id"], theirs["id"]}
    await world.admin.ok("POST", f"/api/courses/{ours['id']}/publish/")
    assert (await north.ok("GET", "/api/courses/?status=draft"))["items"] == []


async def test_a_copy_is_a_course_of_its_own(world: World) -> None:
    policy = {"recertification_cadence": "P1Y", "linked_compliance_requirement": "hazing"}
    author = await Author.starts(world, TREE, **policy, scope="regional", scope_id="north")
    course = await author.publish()
    edited = await author.saved(changed((await author.draft())[0], "/description_html", "<p>draft</p>"))
    nora = world.call_as("nora", "regional_admin:north")
    copied = await nora("POST", f"{author.path}/duplicate/")
    assert copied.status_code == 201, copied.text
    copy = copied.json()
    same = ("scope", "scope_id", "self_enrollment", "pass_score", *policy)
    assert {name: copy[name] for name in same} == {name: course[name] for name in same}
    assert copy["title"] == f"{TREE['title']} (copy)"
    assert (copy["published_version"], copy["draft_version"], copy["archived"]) == (None, 1, False)
    other = Author(nora, copy["id"])
    tree, _ = await other.draft()
    assert without_keys(tree) == {**without_keys(edited), "title": copy["title"]}
    assert tree["modules"][0]["key"] != edited["modules"][0]["key"]
    assert (await other.put(edited)).status_code == 422
    assert (await other.saved(tree)) == tree
    await other.publish()
    assert (await author.draft())[0] == edited


def test_titles_of_copies_fit() -> None:
    assert copy_title("x" * 200) == "x" * 193 + " (copy)"
    assert copy_title("Law") == "Law (copy)"


async def test_an_archived_course_takes_nobody_new_and_lets_those_inside_finish(world: World) -> None:
    author = await Author.starts(world)
    await author.publish()
    ana, bob = world.member("ana"), world.member("bob")
    await ana.ok("POST", f"{author.path}/enroll/")
    for _ in range(2):
        course = await author.caller.ok("POST", f"{author.path}/archive/")
        assert course["archived"] is True
    for who in (ana, bob):
        assert (await who.ok("GET", "/api/courses/"))["items"] == []
    refused = await bob("POST", f"{author.path}/enroll/")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-published")
    assert (await bob("GET", f"{author.path}/modules/")).status_code == 404
    assert (await world.member("dan").ok("GET", f"{author.path}/"))["archived"] is True
    again = await ana("POST", f"{author.path}/enroll/")
    assert again.status_code == 200
    modules = await ana.ok("GET", f"{author.path}/modules/")
    lesson = modules["items"][0]["items"][0]
    await ana.ok("POST", f"/api/lessons/{lesson['id']}/complete/")
    assert [c["id"] for c in (await author.caller.ok("GET", "/api/courses/"))["items"]] == [author.course]
    for _ in range(2):
        assert (await author.caller.ok("POST", f"{author.path}/unarchive/"))["archived"] is False
    assert (await bob("POST", f"{author.path}/enroll/")).status_code == 201
    odd = await author.caller("POST", f"{author.path}/archive/", {"reason": "x"})
    assert odd.status_code == 422


async def test_graders_are_designated_by_authors(world: World) -> None:
    author = await Author.starts(world)
    path = f"{author.path}/graders/"
    for user in ("zed", "amy", "zed"):
        done = await author.caller("PUT", f"{path}{user}/")
        assert (done.status_code, done.content) == (204, b"")
    first = await author.caller.ok("GET", f"{path}?limit=1")
    rest = await author.caller.ok("GET", f"{path}?cursor={first['next_cursor']}")
    assert [g["user_id"] for g in first["items"] + rest["items"]] == ["amy", "zed"]
    for _ in range(2):
        assert (await author.caller("DELETE", f"{path}zed/")).status_code == 204
    assert [g["user_id"] for g in (await author.caller.ok("GET", path))["items"]] == ["amy"]
    assert (await author.caller("PUT", f"{path}{'x' * 129}/")).status_code == 422
    await author.publish()
    assert (await world.member()("PUT", f"{path}ana/")).status_code == 403
    chapter = world.call_as("c", "chapter_admin:n1")
    assert (await chapter("PUT", f"{path}c/")).status_code == 403


async def test_a_course_that_was_never_published_can_be_deleted(world: World) -> None:
    made = await world.admin.ok("POST", "/api/courses/", {"title": "A try", "scope": "national"})
    path = f"/api/courses/{made['id']}/"
    etag = (await world.admin("GET", path + "draft/")).headers["etag"]
    await world.admin.ok("PUT", path + "draft/", TREE, headers={"If-Match": etag})
    await world.admin.ok("PUT", path + "graders/ana/")
    rule = {"course_id": made["id"], "trigger": "manual", "audience_filter": {}}
    assert (await world.admin("POST", "/api/assignment-rules/", rule)).status_code == 409
    assert (await world.member()("DELETE", path)).status_code in (403, 404)
    await world.admin.ok("DELETE", path)
    assert (await world.admin("GET", path)).status_code == 404
    assert (await world.admin("DELETE", path)).status_code == 404
    listed = await world.admin.ok("GET", "/api/courses/?q=try")
    assert made["id"] not in [item["id"] for item in listed["items"]]
    trail = await world.admin.ok("GET", f"/api/audit/?course_id={made['id']}")
    assert trail["items"][0]["action"] == "course.deleted"


async def test_a_published_course_stays(world: World) -> None:
    published = await world.course()
    path = f"/api/courses/{published['id']}/"
    answer = await world.admin("DELETE", path)
    assert (answer.status_code, answer.json()["code"]) == (409, "published")
    await world.admin.ok("POST", path + "archive/")
    assert (await world.admin("DELETE", path)).status_code == 409
    assert (await world.admin("GET", path)).status_code == 200
