"""Every list right after a bulk load, while statistics are from before: work by the page, not by pairs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event
from tests.kit.direct import Database
from tests.kit.world import Caller, Json, World, small_tree

MEMBERS = 1_200
COURSES = 3
MOST_ROWS = 80 * MEMBERS
"""What a statement may touch. A plan that compares members with members touches more than a million."""
COMPLETED = (
    """INSERT INTO course_completions (id, organization_id, enrollment_id, user_id, course_id, version_id,
        requirement_id, completed_at, expires_at)
    SELECT gen_random_uuid(), e.organization_id, e.id, e.user_id, e.course_id, e.version_id, 'hazing', now(),
        now() + interval '50 days'
    FROM enrollments e WHERE e.organization_id = $1 AND e.course_id = $2""",
    """INSERT INTO certificates (id, organization_id, completion_id, user_id, course_id, recipient_name,
        course_title, issuer_name, timezone, issued_at, verification_url)
    SELECT gen_random_uuid(), organization_id, id, user_id, course_id, 'M', 'T', 'I', 'UTC', now(), 'https://x'
    FROM course_completions WHERE organization_id = $1 AND course_id = $2""",
    """INSERT INTO chapter_compliance_statuses (organization_id, user_id, requirement_id, completion_id,
        completed_at, expires_at)
    SELECT organization_id, user_id, requirement_id, id, completed_at, expires_at
    FROM course_completions WHERE organization_id = $1 AND course_id = $2""",
    """UPDATE enrollments SET status = 'completed', ended_at = now()
    WHERE organization_id = $1 AND course_id = $2""",
)


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
    ),
    "/api/compliance/statuses/": (
        "status=pending",
        "status=complete",
        "status=expired",
        "requirement_id=hazing",
        "chapter_id=n1",
    ),
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
FORGET = "DELETE FROM pg_statistic", "UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE relkind = 'r'"
SLOW = pytest.mark.slow
MOMENTS = ("never", "members", *(pytest.param(m, marks=SLOW) for m in ("empty", "founded", "assigned")))
"""How far the load was when statistics were last made; `empty`: when there was nothing at all."""
KEPT = 6
"""After so many calls a connection keeps a plan."""


@pytest.fixture(params=MOMENTS)
async def loaded(world: World, database: Database, request: pytest.FixtureRequest) -> Loaded:
    """Members by batch, courses assigned to all of them, one of them completed; statistics from before that."""
    courses = [
        await world.course(small_tree(), linked_compliance_requirement="hazing") for _ in range(COURSES)
    ]

    async def made(moment: str) -> None:
        if moment == request.param:
            await database("ANALYZE")

    for statement in FORGET:
        await database(statement)
    if request.param == "empty":
        await database(
            "UPDATE pg_class SET reltuples = 0 WHERE relname IN ('members','enrollments','chapters')"
        )
    await made("founded")
    for path in FILTERS:
        for _ in range(KEPT):
            await world.admin.ok("GET", path)
    members = [
        {
            "user_id": f"m{n}",
            "chapter_id": ("n1", "n2", "s1", "s2")[n % 4],
            "status": "active",
            "display_name": f"Member {n}",
            "email": None,
        }
        for n in range(MEMBERS)
    ]
    await world.directory.ok("POST", "/api/directory/members/batch/", {"members": members})
    await made("members")
    for course in courses:
        body: Json = {"audience_filter": {}}
        await world.admin.ok("POST", f"/api/courses/{course['id']}/assign/", body)
    await made("assigned")
    for statement in COMPLETED:
        await database(statement, world.id, courses[0]["id"])
    newest = (await world.admin.ok("GET", "/api/enrollments/?limit=1"))["items"][0]
    rules = [{"course_id": one["id"], "trigger": "manual", "audience_filter": {}} for one in courses]
    rule, *_ = [await world.admin.ok("POST", "/api/assignment-rules/", one) for one in rules]
    hooks = [
        {"url": f"http://127.0.0.1:9/{n}", "event_types": ["learning.course.completed"]} for n in range(3)
    ]
    hook, *_ = [await world.admin.ok("POST", "/api/webhooks/", one) for one in hooks]
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


def _touched(node: Json) -> float:
    """Rows that a plan's nodes read, kept or not."""
    rows = sum(
        node.get(key, 0) for key in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Join Filter")
    )
    return float(rows * node["Actual Loops"]) + sum(_touched(part) for part in node.get("Plans", ()))


@contextmanager
def explained(app: FastAPI) -> Iterator[list[tuple[float, str, str]]]:
    """Rows touched, statement and plan of all that the application reads meanwhile."""
    plans: list[tuple[float, str, str]] = []

    def note(connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if not statement.lstrip().startswith(("SELECT", "WITH")) or "set_config" in statement:
            return
        asked = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
        raw = connection.connection.cursor()
        raw.execute(asked, parameters)
        [told] = raw.fetchall()
        plan = (json.loads(told[0]) if isinstance(told[0], str) else told[0])[0]["Plan"]
        blocks = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        plans.append((max(_touched(plan), blocks), statement, json.dumps(plan, indent=1)))

    engine = app.state.context.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield plans
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def test_every_list_is_bounded_right_after_a_bulk_load(app: FastAPI, loaded: Loaded) -> None:
    paths = lists_of(app)
    assert {"/api/enrollments/", "/api/compliance/statuses/", "/api/certificates/"} <= paths
    slow, answered = [], set()
    for path in sorted(paths):
        for query in ("", *FILTERS.get(path, ())):
            for who, caller in loaded.callers.items():
                asked = f"{path}?{query}".format(**loaded.ids)
                if path not in ("/api/reports/compliance/", "/api/events/"):
                    asked += "&limit=200" if "versions" not in path and "modules" not in path else ""
                with explained(app) as plans:
                    response = await caller("GET", asked)
                if response.status_code == 200:
                    answered.add(path)
                assert response.status_code in (200, 403, 404), f"{asked} by {who}: {response.text}"
                slow += [
                    f"{asked} by {who}: {rows:.0f} rows\n{statement}\n{plan}"
                    for rows, statement, plan in plans
                    if rows > MOST_ROWS
                ]
    assert not slow, "\n".join([*(line.split("\n")[0] for line in slow), slow[0]])
    assert answered == paths


@pytest.mark.parametrize("loaded", ["members"], indirect=True)
async def test_a_list_reads_a_page_and_not_all_of_it(app: FastAPI, loaded: Loaded) -> None:
    """A page of one is two rows at most, the second for whether there are more, whoever asks."""
    paged, whole = set(), []
    for path in sorted(lists_of(app)):
        asked = f"{path}?limit=1".format(**loaded.ids)
        for who, caller in loaded.callers.items():
            response = await caller("GET", asked)
            if response.status_code != 200 or response.json()["next_cursor"] is None:
                continue
            paged.add(path)
            with explained(app) as plans:
                await caller.ok("GET", asked)
            whole += [
                f"{asked} by {who}: {json.loads(plan)['Actual Rows']} rows\n{statement}"
                for _, statement, plan in plans
                if json.loads(plan)["Actual Rows"] > 2 and not statement.startswith(IDS_OF_A_CHAPTER)
            ]
    assert not whole, "\n".join(whole)
    assert paged >= PAGED, paged
