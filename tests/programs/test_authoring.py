"""Programs made, changed and published by their authors."""

import asyncio
import uuid

from fastapi import FastAPI
from tests.kit.programs import PROGRAMS, course, program
from tests.kit.query_counts import counted
from tests.kit.world import Json, World


async def test_a_program_is_made_changed_and_published(world: World) -> None:
    first, second = await course(world, "First"), await course(world, "Second")
    skill = {"skill_id": "leading", "name": "Leading"}
    sent = program(
        first,
        description_html="<p>Lead.</p><script>x</script>",
        ordered=True,
        due_in_days=30,
        certificate=False,
        mastered_skills=[skill],
        linked_compliance_requirement="hazing",
    )
    made = await world.admin.ok("POST", PROGRAMS, sent)
    assert made == {
        "id": made["id"],
        "title": "Officers",
        "description_html": "<p>Lead.</p>",
        "scope": "national",
        "scope_id": None,
        "steps": [{"courses": [first], "need": "all"}],
        "ordered": True,
        "due_in_days": 30,
        "certificate": False,
        "mastered_skills": [skill],
        "linked_compliance_requirement": "hazing",
        "self_enrollment": True,
        "recertification_cadence": None,
        "published_version": None,
        "draft_version": 1,
    }
    path = f"{PROGRAMS}{made['id']}/"
    ana = world.member()
    assert (await ana("GET", path)).status_code == 404
    assert (await ana.ok("GET", PROGRAMS))["items"] == []
    published = await world.admin.ok("POST", f"{path}publish/")
    assert (published["published_version"], published["draft_version"]) == (1, None)
    seen = await ana.ok("GET", path)
    assert [seen] == (await ana.ok("GET", PROGRAMS))["items"]
    steps = [{"courses": [first, second], "need": 1}]
    changed = await world.admin.ok(
        "PATCH", path, {"steps": steps, "title": "All officers", "due_in_days": None}
    )
    assert (changed["steps"], changed["title"], changed["due_in_days"]) == (steps, "All officers", None)
    assert (changed["published_version"], changed["draft_version"]) == (1, 2)
    assert (changed["mastered_skills"], changed["ordered"]) == ([skill], True)
    assert await ana.ok("GET", path) == seen, "members see what is published"
    await world.admin.ok("POST", f"{path}publish/")
    assert (await ana.ok("GET", path))["title"] == "All officers"
    again = await world.admin("POST", f"{path}publish/")
    assert (again.status_code, again.json()["code"]) == (409, "nothing-to-publish")


async def test_a_program_is_no_course(world: World) -> None:
    made = await world.admin.ok("POST", PROGRAMS, program(await course(world)))
    await world.admin.ok("POST", f"{PROGRAMS}{made['id']}/publish/")
    for caller in (world.admin, world.member()):
        assert [one["title"] for one in (await caller.ok("GET", "/api/courses/"))["items"]] == ["Course"]
        assert (await caller.ok("GET", "/api/courses/?q=officers"))["items"] == []
        for path in ("", "modules/", "enroll/", "draft/", "assign/"):
            method = "POST" if path in ("enroll/", "assign/") else "GET"
            answer = await caller(method, f"/api/courses/{made['id']}/{path}")
            assert answer.status_code == 404, path
    rule = {"course_id": made["id"], "trigger": "manual", "audience_filter": {}}
    assert (await world.admin("POST", "/api/assignment-rules/", rule)).status_code == 422
    wanted = {"prerequisites": [made["id"]]}
    last = await course(world, "Last")
    assert (await world.admin("PATCH", f"/api/courses/{last}/", wanted)).status_code == 422


async def test_only_what_was_never_published_can_be_deleted(world: World) -> None:
    first = await course(world)
    draft = await world.admin.ok("POST", PROGRAMS, program(first))
    assert (await world.admin("DELETE", f"{PROGRAMS}{draft['id']}/")).status_code == 204
    assert (await world.admin("GET", f"{PROGRAMS}{draft['id']}/")).status_code == 404
    made = await world.admin.ok("POST", PROGRAMS, program(first))
    await world.admin.ok("POST", f"{PROGRAMS}{made['id']}/publish/")
    refused = await world.admin("DELETE", f"{PROGRAMS}{made['id']}/")
    assert (refused.status_code, refused.json()["code"]) == (409, "published")
    assert (await world.admin("DELETE", f"/api/courses/{draft['id']}/")).status_code == 404


NEVER_RIGHT: list[tuple[str, str, str]] = [
    ("nothing", "/steps", "empty"),
    ("a step of nothing", "/steps/0/courses", "empty"),
    ("three of two", "/steps/0/need", "out-of-range"),
    ("none of two", "/steps/0/need", "too-small"),
    ("a course twice", "/steps/1/courses/0", "twice"),
    ("unknown", "/steps/0/courses/0", "not-known"),
    ("another chapter's", "/steps/0/courses/0", "not-known"),
    ("a later one first", "/steps/1/courses/0", "conflicting"),
    ("no days", "/due_in_days", "too-small"),
    ("misspelt", "/order", "unknown-field"),
    ("a hostile title", "/title", "not-allowed"),
]


async def test_what_can_never_be_right_is_refused(world: World) -> None:
    first = await course(world, "First")
    second = await course(world, "Second", prerequisites=[first])
    chapter = await course(world, "Chapter", scope="chapter", scope_id="n1")
    changes: dict[str, Json] = {
        "nothing": {"steps": []},
        "a step of nothing": {"steps": [{"courses": []}]},
        "three of two": {"steps": [{"courses": [first, second], "need": 3}]},
        "none of two": {"steps": [{"courses": [first, second], "need": 0}]},
        "a course twice": {"steps": [{"courses": [first]}, {"courses": [first]}]},
        "unknown": {"steps": [{"courses": [str(uuid.uuid4())]}]},
        "another chapter's": {"steps": [{"courses": [chapter]}]},
        "a later one first": {"steps": [{"courses": [second]}, {"courses": [first]}]},
        "no days": {"due_in_days": 0},
        "misspelt": {"order": True},
        "a hostile title": {"title": "a\u202eb"},
    }
    made = await world.admin.ok("POST", PROGRAMS, program(first, second))
    for what, pointer, code in NEVER_RIGHT:
        change = changes[what]
        for answer in (
            await world.admin("POST", PROGRAMS, {**program(first, second), **change}),
            await world.admin("PATCH", f"{PROGRAMS}{made['id']}/", change),
        ):
            assert answer.status_code == 422, (what, answer.text)
            found = {fault["pointer"]: fault["code"] for fault in answer.json()["errors"]}
            assert found.get(pointer) == code, (what, found)
        assert await world.admin.ok("GET", f"{PROGRAMS}{made['id']}/") == made, what


async def test_a_course_that_was_archived_stops_publishing(world: World) -> None:
    first = await course(world)
    made = await world.admin.ok("POST", PROGRAMS, program(first))
    await world.admin.ok("POST", f"/api/courses/{first}/archive/")
    refused = await world.admin("POST", f"{PROGRAMS}{made['id']}/publish/")
    assert (refused.status_code, refused.json()["code"]) == (422, "not-publishable")


async def test_regional_authors_make_programs_of_their_region(world: World) -> None:
    first = await course(world)
    north = world.call_as("rita", "regional_admin:north")
    assert (await north("POST", PROGRAMS, program(first))).status_code == 403
    made = await north.ok("POST", PROGRAMS, program(first, scope="regional", scope_id="north"))
    path = f"{PROGRAMS}{made['id']}/"
    await north.ok("POST", f"{path}publish/")
    assert (await world.member("dan")("GET", path)).status_code == 404
    assert (await world.member("ana")("PATCH", path, {"title": "Mine"})).status_code == 403
    south = world.call_as("sol", "regional_admin:south")
    assert (await south("PATCH", path, {"title": "Mine"})).status_code == 404
    stranger = world.call_as("nobody")
    assert (await stranger("GET", path)).status_code == 403


async def test_of_two_publications_at_once_one_counts(world: World) -> None:
    made = await world.admin.ok("POST", PROGRAMS, program(await course(world)))
    path = f"{PROGRAMS}{made['id']}/publish/"
    answers = await asyncio.gather(*(world.admin("POST", path) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


async def test_the_list_takes_three_statements_and_pages(world: World, app: FastAPI) -> None:
    first = await course(world)
    made = [await world.admin.ok("POST", PROGRAMS, program(first, title=f"P{n}")) for n in range(3)]
    with counted(app) as statements:
        page = await world.admin.ok("GET", f"{PROGRAMS}?limit=2")
    assert len(statements) == 3, statements
    rest = await world.admin.ok("GET", f"{PROGRAMS}?limit=2&cursor={page['next_cursor']}")
    assert page["items"] + rest["items"] == made[::-1]


async def test_a_course_asks_for_none_of_a_later_step_of_its_program(world: World) -> None:
    one, two, three, four = [await course(world, title) for title in ("One", "Two", "Three", "Four")]
    made = await world.admin.ok("POST", PROGRAMS, program(one, two))
    path = f"/api/courses/{one}/"
    await world.admin.ok("PATCH", path, {"prerequisites": [two]})
    refused = await world.admin("POST", f"{PROGRAMS}{made['id']}/publish/")
    assert refused.status_code == 422, "what is wrong in a draft is found when it is published"
    await world.admin.ok("PATCH", path, {"prerequisites": []})
    await world.admin.ok("POST", f"{PROGRAMS}{made['id']}/publish/")
    before = await world.admin.ok("GET", path)
    answer = await world.admin("PATCH", path, {"prerequisites": [three, two]})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    [fault] = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/prerequisites/1", "conflicting")
    assert "“Officers”" in fault["detail"]
    assert await world.admin.ok("GET", path) == before
    await world.admin.ok("PATCH", f"/api/courses/{two}/", {"prerequisites": [one, three]})
    await world.admin.ok("PATCH", f"/api/courses/{four}/", {"prerequisites": [two]})
    for far in ({one: [four]}, {one: [three, four]}):
        [(course_id, wanted)] = far.items()
        answer = await world.admin("PATCH", f"/api/courses/{course_id}/", {"prerequisites": wanted})
        assert answer.status_code == 422, far


async def test_nor_by_a_course_in_between(world: World) -> None:
    one, two, between = [await course(world, title) for title in ("One", "Two", "Between")]
    await world.admin.ok("PATCH", f"/api/courses/{one}/", {"prerequisites": [between]})
    made = await world.admin.ok("POST", PROGRAMS, program(one, two))
    await world.admin.ok("POST", f"{PROGRAMS}{made['id']}/publish/")
    answer = await world.admin("PATCH", f"/api/courses/{between}/", {"prerequisites": [two]})
    assert answer.status_code == 422
    await world.admin.ok("PATCH", f"{PROGRAMS}{made['id']}/", {"steps": [{"courses": [one]}]})
    await world.admin.ok("POST", f"{PROGRAMS}{made['id']}/publish/")
    await world.admin.ok("PATCH", f"/api/courses/{between}/", {"prerequisites": [two]})
