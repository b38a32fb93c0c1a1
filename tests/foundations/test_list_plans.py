"""Every list right after a bulk load, while statistics are from before: work by the page, not by pairs."""

from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from tests.kit.bulk_load import KEPT, MEMBERS, Statistics, complete, many_members, statistics
from tests.kit.direct import Database
from tests.kit.plans import excess, explained, measured
from tests.kit.world import Caller, Json, World, small_tree

__all__ = ["statistics"]
COURSES = 3
MOST_ROWS = 80 * MEMBERS
"""What a statement may touch. A plan that compares members with members touches more than a million."""


@dataclass(frozen=True)
class Loaded:
    """An organization whose members were loaded and assigned a moment ago."""

    world: World
    ids: dict[str, str]
    callers: dict[str, Caller]


FILTERS = {
    "/api/enrollments/": (
        "status=assigned",
        "status=failed",
        "course_id={course_id}",
        "user_id=m7",
        "chapter_id=n1",
        "chapter_id=n1&status=failed&course_id={course_id}",
        "region_id=north&overdue=false&status=assigned&sort=due_at",
        "sort=-assigned_at&count=true",
        "sort=display_name&status=assigned",
        "q=m&awaiting_review=false",
    ),
    "/api/compliance/statuses/": (
        "status=pending",
        "status=complete",
        "status=expired",
        "requirement_id=hazing",
        "chapter_id=n1",
    ),
    "/api/directory/members/": (
        "q=member+7",
        "q=m",
        "sort=display_name",
        "sort=-display_name&q=member",
        "sort=status&chapter_id=n1",
        "region_id=north&status=active",
    ),
    "/api/directory/chapters/": ("q=north", "region_id=north"),
    "/api/certificates/": ("user_id=m7", "course_id={course_id}"),
    "/api/reports/compliance/": ("requirement_id=hazing", "chapter_id=n1", "region_id=north"),
}
IDS_OF_A_CHAPTER = "SELECT members.user_id \nFROM members \nWHERE"
"""Read first where a list is of one chapter's members, whose enrollments are found in one pass."""
PAGED = {
    "/api/assignment-rules/",
    "/api/certificates/",
    "/api/compliance/statuses/",
    "/api/courses/",
    "/api/enrollments/",
    "/api/users/enrollments/",
    "/api/users/enrollments/progress/",
    "/api/webhooks/",
}


@pytest.fixture
async def loaded(world: World, database: Database, statistics: Statistics) -> Loaded:
    """Members by batch, courses assigned to all of them, one of them completed; statistics from before that."""
    courses = [
        await world.course(small_tree(), linked_compliance_requirement="hazing") for _ in range(COURSES)
    ]

    await statistics.forget(world)
    await statistics.reached("founded")
    for path in FILTERS:
        for _ in range(KEPT):
            await world.admin.ok("GET", path)
    await world.directory.ok("POST", "/api/directory/members/batch/", many_members())
    await statistics.reached("members")
    for course in courses:
        body: Json = {"audience_filter": {}}
        await world.admin.ok("POST", f"/api/courses/{course['id']}/assign/", body)
    await statistics.reached("assigned")
    await complete(database, world, courses[0]["id"])
    newest = (await world.admin.ok("GET", "/api/enrollments/?limit=1"))["items"][0]
    rules = [{"course_id": one["id"], "trigger": "manual", "audience_filter": {}} for one in courses]
    rule, *_ = [await world.admin.ok("POST", "/api/assignment-rules/", one) for one in rules]
    hooks = [
        {"url": f"http://127.0.0.1:9/{n}", "event_types": ["learning.course.completed"]} for n in range(3)
    ]
    hook, *_ = [await world.admin.ok("POST", "/api/webhooks/", one) for one in hooks]
    bank = await world.admin.ok("POST", "/api/question-banks/", {"title": "B", "scope": "national"})
    for prompt in ("One?", "Two?", "Three?"):
        asked = {"type": "true_false", "prompt_html": prompt, "points": 1, "correct": True}
        await world.admin.ok("POST", f"/api/question-banks/{bank['id']}/questions/", asked)
    callers = {
        "national": world.admin,
        "regional": world.call_as("r", "regional_admin:north"),
        "chapter": world.call_as("c", "chapter_admin:n1"),
        "member": world.member("m1"),
        "service": world.call_as("bus", scopes=["events:read", "reports:read"]),
    }
    ids = {
        "course_id": courses[1]["id"],
        "enrollment_id": newest["id"],
        "rule_id": rule["id"],
        "webhook_id": hook["id"],
        "bank_id": bank["id"],
    }
    return Loaded(world, ids, callers)


def lists_of(app: FastAPI) -> set[str]:
    """The paths whose answer is a list, page by page or whole."""
    reference: Json = app.openapi()
    found = set()
    for path, operations in reference["paths"].items():
        if "get" not in operations:
            continue
        content = operations["get"]["responses"].get("200", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        name = schema.get("$ref", "").rsplit("/", 1)[-1]
        if "items" in reference["components"]["schemas"].get(name, {}).get("properties", {}):
            found.add(path)
    return found


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_every_list_is_bounded_right_after_a_bulk_load(app: FastAPI, loaded: Loaded) -> None:
    paths = lists_of(app)
    assert {"/api/enrollments/", "/api/compliance/statuses/", "/api/certificates/"} <= paths
    by_page = {
        path
        for path in paths
        if "limit" in {one.get("name") for one in app.openapi()["paths"][path]["get"].get("parameters", ())}
    } - {"/api/events/"}
    assert len(by_page) > 20
    slow, answered = [], set()
    for path in sorted(paths):
        for query in ("", *FILTERS.get(path, ())):
            for who, caller in loaded.callers.items():
                asked = f"{path}?{query}".format(**loaded.ids)
                asked += "&limit=200" if path in by_page else ""
                with explained(app.state.context) as by_rows, measured(app.state.context) as by_blocks:
                    response = await caller("GET", asked)
                if response.status_code == 200:
                    answered.add(path)
                assert response.status_code in (200, 403, 404), f"{asked} by {who}: {response.text}"
                slow += excess(f"{asked} by {who}", by_rows + by_blocks, MOST_ROWS)
    assert not slow, "\n".join([*(line.split("\n")[0] for line in slow), slow[0]])
    assert answered == paths


@pytest.mark.parametrize("statistics", ["members"], indirect=True)
async def test_a_list_reads_a_page_and_not_all_of_it(app: FastAPI, loaded: Loaded) -> None:
    """A page of one is two rows at most, the second for whether there are more, whoever asks."""
    paged, whole = set(), []
    for path in sorted(lists_of(app)):
        asked = f"{path}?limit=1".format(**loaded.ids)
        for who, caller in loaded.callers.items():
            response = await caller("GET", asked)
            if response.status_code != 200 or response.json().get("next_cursor") is None:
                continue
            paged.add(path)
            with explained(app.state.context) as done:
                await caller.ok("GET", asked)
            whole += [
                f"{asked} by {who}: {work.answered} rows\n{work.statement}"
                for work in done
                if work.answered > 2 and not work.statement.startswith(IDS_OF_A_CHAPTER)
            ]
    assert not whole, "\n".join(whole)
    assert paged >= PAGED, paged
