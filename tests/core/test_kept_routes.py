"""Routes of which every statement is a kept read: their calls need no transaction of the engine."""

from tests.kit.kept_reads import opened
from tests.kit.quiz_taker import essay, quiz, quiz_taker, tree
from tests.kit.world import World, choice

from learning_service.domain.certificates.rules.codes import printed_code

__all__ = ["opened"]
NOTHING = "00000000-0000-7000-8000-000000000000"
OF_A_NATIONAL_ADMIN = (
    "/api/me/",
    "/api/organization/",
    "/api/events/",
    "/api/webhooks/",
    "/api/webhooks/{hook}/deliveries/?status=failed",
    "/api/directory/regions/?limit=1",
    "/api/directory/chapters/?region_id=north&closed=true",
    "/api/documents/",
    "/api/documents/?q=50%25_a&kind=picture&status=ready",
    "/api/assignment-rules/",
    "/api/assignment-rules/{rule}/",
    "/api/assignment-rules/{rule}/runs/",
    "/api/assignment-rules/runs/{run}/",
)
OF_A_MEMBER = ("/api/directory/regions/", "/api/directory/chapters/")
OF_ANYONE = (
    ("/c/", 200),
    (f"/c/{printed_code(bytes(10))}/", 404),
    (f"/certificates/{NOTHING}/verify/", 404),
    (f"/api/certificates/{NOTHING}/credential/", 404),
    (f"/api/certificates/{NOTHING}/badge.png/", 404),
    (f"/achievements/{NOTHING}/1/", 404),
    ("/status/999999/", 404),
    ("/.well-known/jwks.json", 200),
    ("/.well-known/did.json", 200),
)


async def test_calls_of_administrators_and_members(world: World, opened: list[object]) -> None:
    course = await world.course()
    rule = {"course_id": course["id"], "trigger": "manual", "audience_filter": {"status": ["nobody"]}}
    receiver = {"url": "http://127.0.0.1:9/x", "event_types": ["learning.enrollment.assigned"]}
    found = {
        "hook": (await world.admin.ok("POST", "/api/webhooks/", receiver))["id"],
        "rule": (await world.admin.ok("POST", "/api/assignment-rules/", rule))["id"],
    }
    started = await world.admin.ok("POST", f"/api/assignment-rules/{found['rule']}/run/")
    await world.admin.ok("GET", "/api/events/")  # numbers what has happened
    opened.clear()
    asked = [path.format(**found, run=started["run_id"]) for path in OF_A_NATIONAL_ADMIN]
    for caller, paths in ((world.admin, asked), (world.call_as("ana"), OF_A_MEMBER)):
        for path in paths:
            await caller.ok("GET", path)
            assert not opened, path


async def test_calls_of_anyone(world: World, opened: list[object]) -> None:
    for path, status in OF_ANYONE:
        assert (await world.http.get(path)).status_code == status, path
        assert not opened, path


async def test_calls_of_graders_and_about_one_enrollment(world: World, opened: list[object]) -> None:
    ana = await quiz_taker(world, tree(quiz(choice(points=5), essay())))
    sent = await ana.answer({"texts": ["right"]}, {"text": "Because it harms."})
    enrollment, grading = f"/api/enrollments/{ana.enrollment_id}/", "/api/learning/grading/"
    admin, grader, region = (
        world.admin,
        world.call_as("gil", "grader"),
        world.call_as("reg", "regional_admin:north"),
    )
    calls = [
        *((grader, grading + path) for path in ("summary/", "groups/", "history/")),
        (admin, f"{grading}lost-passes/"),
        *(
            (caller, enrollment + path)
            for caller in (admin, region)
            for path in ("", "explain/", "attempts/")
        ),
        *((caller, "/api/audit/") for caller in (admin, region)),
        *((caller, "/api/attestations/signatures/") for caller in (admin, region)),
        (ana.call, "/api/users/enrollments/"),
        (ana.call, f"/api/attempts/{sent['attempt_id']}/"),
    ]
    # The first time a process compiles the version that they are about.
    for caller, path in calls:
        await caller.ok("GET", path)

    opened.clear()
    for caller, path in calls:
        await caller.ok("GET", path)
        assert not opened, path
