"""Whose role may link a requirement and grant a skill: a chapter's author must not meet a national requirement."""

from typing import Any

from tests.kit.author import Author
from tests.kit.world import Caller, Json, World, choice

REQUIREMENTS = "/api/compliance-requirements/"
ORGANIZATION = "/api/organization/"
CHAPTER: Json = {"scope": "chapter", "scope_id": "n1"}
SKILL = {"skill_id": "hazing-prevention", "name": "Hazing prevention"}
OTHER = {"skill_id": "first-aid", "name": "First aid"}
ALL = ["national_admin", "regional_admin", "chapter_admin"]


def content(*skills: Json, **changes: Any) -> Json:
    """A course that can be published."""
    final = {"title": "Final", "pass_score": 80, "questions": [choice()]}
    return {"title": "Fire", "mastered_skills": list(skills), "assessment": final, **changes}


async def chair(world: World) -> Caller:
    """An administrator of chapter n1 where chapter administrators author."""
    body = {"name": "Alpha & Co", "timezone": "UTC", "authoring_roles": ALL}
    await world.directory.ok("PUT", f"/api/directory/organizations/{world.id}/", body)
    return world.call_as("chair", "chapter_admin:n1")


async def refused(call: Caller, method: str, path: str, body: Any = None, **options: Any) -> None:
    """The call is 403 `forbidden`."""
    answer = await call(method, path, body, **options)
    assert (answer.status_code, answer.json().get("code")) == (403, "forbidden"), answer.text


async def test_a_requirement_says_which_roles_may_link_it(world: World, other_world: World) -> None:
    author = await chair(world)
    made = {"title": "Fire", **CHAPTER, "linked_compliance_requirement": "hazing"}
    await refused(author, "POST", "/api/courses/", made)
    plain = await author.ok("POST", "/api/courses/", {"title": "Fire", **CHAPTER})
    path = f"/api/courses/{plain['id']}/"
    await refused(author, "PATCH", path, {"linked_compliance_requirement": "hazing"})
    assert (await author.ok("GET", path))["linked_compliance_requirement"] is None
    nora = world.call_as("nora", "regional_admin:north")
    linked = await nora.ok("PATCH", path, {"linked_compliance_requirement": "hazing"})
    assert linked["linked_compliance_requirement"] == "hazing"
    again = {"linked_compliance_requirement": "hazing", "self_enrollment": False}
    assert not (await author.ok("PATCH", path, again))["self_enrollment"], "what is there may be sent back"
    assert (await author.ok("PATCH", path, {"linked_compliance_requirement": None}))["id"] == plain["id"]
    await refused(author, "PATCH", path, again)
    await world.admin.ok("PATCH", f"{REQUIREMENTS}hazing/", {"linkable_by": ["chapter_admin"]})
    await author.ok("PATCH", path, again)
    await refused(nora, "POST", "/api/courses/", made | {"scope_id": "n2"})
    await world.admin.ok("POST", "/api/courses/", made)
    unknown = await author("PATCH", path, {"linked_compliance_requirement": "atlantis"})
    assert unknown.status_code == 422
    assert (await other_world.admin.ok("GET", REQUIREMENTS))["items"][0]["linkable_by"] == ALL[:2]


async def test_a_role_elsewhere_is_no_role_over_the_course(world: World) -> None:
    await chair(world)
    both = world.call_as("both", "chapter_admin:n1", "regional_admin:south")
    await refused(
        both,
        "POST",
        "/api/courses/",
        {"title": "Fire", **CHAPTER, "linked_compliance_requirement": "hazing"},
    )
    south = {"title": "Fire", "scope": "chapter", "scope_id": "s1", "linked_compliance_requirement": "hazing"}
    await both.ok("POST", "/api/courses/", south)


async def test_a_copy_carries_neither_link_nor_skill_that_its_maker_may_not_give(world: World) -> None:
    author = await chair(world)
    made = await world.course(content(SKILL), **CHAPTER, linked_compliance_requirement="hazing")
    duplicate = f"/api/courses/{made['id']}/duplicate/"
    for caller, link, skills in (
        (author, None, []),
        (world.call_as("nora", "regional_admin:north"), "hazing", [SKILL]),
        (world.admin, "hazing", [SKILL]),
    ):
        copy = await caller.ok("POST", duplicate)
        assert copy["linked_compliance_requirement"] == link
        draft = await caller.ok("GET", f"/api/courses/{copy['id']}/draft/")
        assert draft["mastered_skills"] == skills


async def test_skills_are_granted_by_the_roles_that_the_organization_names(world: World) -> None:
    made = await (await chair(world)).ok("POST", "/api/courses/", {"title": "Fire", **CHAPTER})
    boss, author = Author(world.admin, made["id"]), Author(await chair(world), made["id"])
    assert (await world.admin.ok("GET", ORGANIZATION))["skills_by"] == ALL[:2]
    assert (await author.put(content(SKILL))).status_code == 403
    assert (await author.put(content(SKILL), etag='"stale"')).status_code == 403, "rights come before tags"
    add = {"op": "add", "path": "/mastered_skills/-", "value": SKILL}
    assert (await author.patch(add)).status_code == 403
    assert (await author.draft())[0]["mastered_skills"] == []
    await boss.saved(content(SKILL))
    kept = await author.saved(content(SKILL, title="Fire again"))
    assert kept["mastered_skills"] == [SKILL], "what is there may be sent back"
    renamed = {**SKILL, "name": "Something else"}
    assert (await author.put(content(renamed))).status_code == 403
    assert (await author.put(content(SKILL, OTHER))).status_code == 403
    await author.saved(content())
    await world.admin.ok("PATCH", ORGANIZATION, {"skills_by": ALL})
    assert (await author.saved(content(SKILL)))["mastered_skills"] == [SKILL]


async def test_publishing_and_restoring_grant_nothing_that_the_role_may_not(world: World) -> None:
    made = await (await chair(world)).ok("POST", "/api/courses/", {"title": "Fire", **CHAPTER})
    boss, author = Author(world.admin, made["id"]), Author(await chair(world), made["id"])
    await world.admin.ok("PATCH", ORGANIZATION, {"skills_by": ALL})
    await author.saved(content(SKILL))
    await world.admin.ok("PATCH", ORGANIZATION, {"skills_by": ["national_admin"]})
    await refused(author.caller, "POST", f"{author.path}/publish/")
    await boss.publish()
    await author.saved(content(SKILL, title="Fire again"))
    assert (await author.publish())["published_version"] == 2, "the skill was granted before"
    await author.saved(content())
    await author.publish()
    tag = (await author.draft())[1]
    restore = f"{author.path}/versions/1/restore/"
    await refused(author.caller, "POST", restore, headers={"If-Match": tag})
    await boss.caller.ok("POST", restore, headers={"If-Match": tag})
    await refused(author.caller, "POST", f"{author.path}/publish/")


FIRE = {
    "id": "fire",
    "name": "Fire",
    "courses": [],
    "audience_filter": None,
    "linkable_by": ALL[:2],
    "closed": False,
}


async def test_requirements_are_listed_with_their_courses(world: World) -> None:
    await world.directory.ok(
        "PUT",
        f"{REQUIREMENTS.replace('/api/', '/api/directory/')}fire/",
        {"organization_id": world.id, "name": "Fire"},
    )
    shown = await world.course(content(), linked_compliance_requirement="hazing")
    south = await world.course(
        content(title="South"), scope="regional", scope_id="south", linked_compliance_requirement="hazing"
    )
    draft = await world.course(content(title="New"), publish=False, linked_compliance_requirement="hazing")
    everything = [{"id": c["id"], "title": c["title"]} for c in (shown, draft, south)]
    first = await world.admin.ok("GET", f"{REQUIREMENTS}?limit=1")
    assert first["items"] == [FIRE]
    rest = await world.admin.ok("GET", f"{REQUIREMENTS}?cursor={first['next_cursor']}")
    assert rest == {
        "items": [FIRE | {"id": "hazing", "name": "Hazing", "courses": everything}],
        "next_cursor": None,
    }
    hazing = f"{REQUIREMENTS}hazing/"
    assert await world.admin.ok("GET", hazing) == rest["items"][0]
    for caller in (world.member(), world.call_as("nora", "regional_admin:north")):
        assert (await caller.ok("GET", hazing))["courses"] == everything[:1], "what they may see"
    assert (await world.member()("GET", f"{REQUIREMENTS}atlantis/")).status_code == 404
    stranger = await world.call_as("nobody")("GET", REQUIREMENTS)
    assert (stranger.status_code, stranger.json()["code"]) == (403, "not-a-member")


NO_REQUIREMENTS: list[Json] = [
    {"linkable_by": ["grader"]},
    {"linkable_by": "national_admin"},
    {"linkable_by": None},
    {"linkable_by": ["chapter_admin", "chapter_admin"]},
    {"name": "Other"},
    {"linkable_by": [["national_admin"]]},
]


async def test_what_a_requirement_cannot_say(world: World) -> None:
    for body in NO_REQUIREMENTS:
        answer = await world.admin("PATCH", f"{REQUIREMENTS}hazing/", body)
        assert answer.status_code == 422, body
        assert (await world.admin.ok("GET", f"{REQUIREMENTS}hazing/"))["linkable_by"] == ALL[:2], body


async def test_who_may_change_a_requirement(world: World) -> None:
    path = f"{REQUIREMENTS}hazing/"
    body: Json = {"linkable_by": []}
    for caller in (world.member(), world.call_as("nora", "regional_admin:north"), world.directory):
        await refused(caller, "PATCH", path, body)
    assert (await world.admin("PATCH", f"{REQUIREMENTS}atlantis/", body)).status_code == 404
    assert (await world.admin.ok("PATCH", path, body))["linkable_by"] == []
    await world.directory.ok(
        "PUT", "/api/directory/compliance-requirements/hazing/", {"organization_id": world.id, "name": "H"}
    )
    kept = await world.admin.ok("GET", path)
    assert (kept["name"], kept["linkable_by"]) == ("H", []), "the directory says the name alone"
    assert (await world.admin.ok("PATCH", path, {}))["linkable_by"] == []
