"""Every write of many rows right after a bulk load, while statistics and kept plans are from before."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from tests.kit.bulk_load import KEPT, MEMBERS, Statistics, complete, many_members, statistics
from tests.kit.direct import Database
from tests.kit.directory import PATH as EVENTS
from tests.kit.directory import event
from tests.kit.learner import Learner
from tests.kit.moving import edited, forecast, path_of, publishes
from tests.kit.plans import Work, excess, explained, measured
from tests.kit.running import Runner
from tests.kit.world import Json, World, small_tree

from learning_service.context import Context
from learning_service.worker.jobs.completions import expire_completions, open_recertifications
from learning_service.worker.jobs.purge import purge
from learning_service.worker.jobs.reminders import send_course_reminders
from learning_service.worker.jobs.webhooks import number_all_events
from learning_service.worker.process import functions_of

__all__ = ["statistics"]
MOST = 150 * MEMBERS
"""What a statement about all of them may touch. One that goes by pairs touches more than a million."""
SET_WISE = {name: function for name, function in functions_of(["jobs"]).items() if name != "send_mails"}
"""Mails are sent one by one, which takes a minute."""
Look = Callable[[Context], AbstractContextManager[list[Work]]]
DUE = timedelta(days=5)
SWEEPS: dict[str, tuple[Callable[[Context, datetime | None], Awaitable[None]], timedelta]] = {
    "reminders": (send_course_reminders, DUE - timedelta(days=2)),
    "what is overdue": (send_course_reminders, DUE + timedelta(days=1)),
    "renewals": (open_recertifications, timedelta(days=40)),
    "expired statuses": (expire_completions, timedelta(days=60)),
    "purge": (purge, timedelta(days=200)),
}


# What they did for it, in the version that they passed: renewals of the next one keep it.
DONE = (
    """INSERT INTO lesson_progress (organization_id, enrollment_id, lesson_id, completed_at)
    SELECT e.organization_id, e.id, l.id, now() FROM enrollments e
    JOIN lessons l ON l.organization_id = e.organization_id AND l.version_id = e.version_id
    WHERE e.organization_id = $1 AND e.course_id = $2 ON CONFLICT DO NOTHING""",
    """INSERT INTO quiz_progress (organization_id, enrollment_id, quiz_id, attempts_used, best_points,
        possible_points, max_points)
    SELECT e.organization_id, e.id, q.id, 1, 1, 1, 1 FROM enrollments e
    JOIN quizzes q ON q.organization_id = e.organization_id AND q.version_id = e.version_id
    WHERE e.organization_id = $1 AND e.course_id = $2 ON CONFLICT DO NOTHING""",
)


async def publish_more(world: World, course_id: str) -> None:
    """A version with a lesson more, for which a renewal asks."""
    path = f"/api/courses/{course_id}"
    content = await world.admin.ok("GET", f"{path}/draft/")
    content["modules"][0]["items"].append({"kind": "lesson", "title": "More", "body_html": "<p>New.</p>"})
    await world.admin.ok("PUT", f"{path}/draft/", content, headers={"If-Match": "*"})
    await world.admin.ok("POST", f"{path}/publish/")


def membership_events(n: int, users: list[str]) -> list[Json]:
    """One of each of these members, the nth time."""
    return [
        event(n * 1000 + place, user=user, hours=n, status="active" if n % 2 else "alumni")
        for place, user in enumerate(users)
    ]


class Watch:
    """What the application and its worker do, call by call."""

    def __init__(self, look: Look, app: FastAPI, worker: Context) -> None:
        self._look = look
        self._contexts = app.state.context, worker
        self.done: list[tuple[str, list[Work]]] = []

    @asynccontextmanager
    async def __call__(self, what: str) -> AsyncIterator[None]:
        """Note what is done meanwhile under this name."""
        served, worked = self._contexts
        with self._look(served) as by_service, self._look(worked) as by_worker:
            yield
        self.done.append((what, by_service + by_worker))


async def live(world: World, courses: list[Json], n: int) -> None:
    """All writes once, in an organization of five; so that connections have their plans."""
    await world.directory.ok("POST", EVENTS, membership_events(n, ["ana", "bob"]))
    await world.add_member(f"early{n}")
    for course in courses:
        body = {"audience_filter": {}, "due_at": (datetime.now(UTC) + DUE).isoformat()}
        await world.admin.ok("POST", f"/api/courses/{course['id']}/assign/", body)
    await world.call_as("bus", scopes=["events:read"]).ok("GET", "/api/events/")
    await number_all_events(world.worker)
    for sweep, later in SWEEPS.values():
        await sweep(world.worker, datetime.now(UTC) + later)


@pytest.mark.long
@pytest.mark.timeout(240)
@pytest.mark.parametrize("look", [measured, pytest.param(explained, marks=pytest.mark.slow)])
async def test_every_write_is_bounded_right_after_a_bulk_load(
    app: FastAPI, world: World, database: Database, statistics: Statistics, look: Look
) -> None:
    delta: Json = {"linked_compliance_requirement": "hazing", "recertification": "delta"}
    courses = [await world.course(small_tree(), **delta), await world.course(small_tree())]
    rule = {"course_id": courses[1]["id"], "trigger": "manual", "audience_filter": {}}
    rule = await world.admin.ok("POST", "/api/assignment-rules/", rule)
    hook = {"url": "http://127.0.0.1:9/x", "event_types": ["learning.enrollment.assigned"]}
    await world.admin.ok("POST", "/api/webhooks/", hook)
    await statistics.forget(world)
    for n in range(KEPT):
        await live(world, courses, n)
    await statistics.reached("founded")
    watch = Watch(look, app, world.worker)
    members = many_members()
    async with watch("members"):
        await world.directory.ok("POST", "/api/directory/members/batch/", members)
    await statistics.reached("members")
    for course in courses:
        async with watch("assign"):
            body = {"audience_filter": {}, "due_at": (datetime.now(UTC) + DUE).isoformat()}
            await world.admin.ok("POST", f"/api/courses/{course['id']}/assign/", body)
    await statistics.reached("assigned")
    async with watch("the feed"):
        await world.call_as("bus", scopes=["events:read"]).ok("GET", "/api/events/")
    async with watch("members again"):
        for member in members["members"]:
            member["status"] = "alumni"
        await world.directory.ok("POST", "/api/directory/members/batch/", members)
    async with watch("membership events"):
        for n in range(10):
            users = [member["user_id"] for member in members["members"][n * 100 : n * 100 + 100]]
            await world.directory.ok("POST", EVENTS, membership_events(100 + n, users))
    async with watch("a rule"):
        await world.admin.ok("POST", f"/api/assignment-rules/{rule['id']}/run/")
    async with watch("jobs"):
        await Runner(world.worker, functions=SET_WISE).run_until_idle()
    async with watch("one member"):
        one = await Learner.join(world.member("m1"), courses[1]["id"], enroll=False)
        await one.read("What it is")
        await one.submit("Check")
        await one.submit("Final")
    await complete(database, world, courses[0]["id"])
    for statement in DONE:
        await database(statement, world.id, courses[0]["id"])
    await publish_more(world, courses[0]["id"])
    await statistics.reached("completed")
    for what, (sweep, later) in SWEEPS.items():
        async with watch(what):
            await sweep(world.worker, datetime.now(UTC) + later)
    async with watch("numbering all that"):
        await number_all_events(world.worker)
    async with watch("erasure"):
        await world.directory("DELETE", "/api/directory/members/m1/")
    for statement in DONE:
        await database(statement, world.id, courses[1]["id"])
    await publish_more(world, courses[1]["id"])
    tree = await edited(world, courses[1])
    tree["modules"][0]["items"].pop()
    await publishes(world, courses[1], tree)
    async with watch("what a move would do"):
        said = await forecast(world, courses[1], 3)
    assert said["would_complete"] >= MEMBERS - 2, said
    async with watch("a move"):
        asked = await world.admin("POST", path_of(courses[1]))
        assert asked.status_code == 202, asked.text
        await Runner(world.worker, functions=SET_WISE).run_until_idle()
    run = await world.admin.ok("GET", f"/api/runs/{asked.json()['run_id']}/")
    assert run["done"] == said["would_complete"], run
    [kept] = await database(
        "SELECT count(DISTINCT enrollment_id) FROM lesson_progress p JOIN enrollments e ON e.id = p.enrollment_id"
        " WHERE e.organization_id = $1 AND e.source = 'recertification'",
        world.id,
    )
    assert kept[0] >= MEMBERS, "renewals kept what was done"
    most = {what: max((work.touched for work in done), default=0.0) for what, done in watch.done}
    assert min(most.values()) > 0, most
    over = [line for what, done in watch.done for line in excess(what, done, MOST)]
    assert not over, "\n".join([*(line.split("\n")[0] for line in over), over[0]])
