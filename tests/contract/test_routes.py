"""Every route of the learning path: its success with the exact fields, and who is turned away how."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from tests.contract.fields import (
    ATTEMPT,
    CERTIFICATE,
    COMPLIANCE,
    COURSE,
    ENROLLMENT,
    LESSON,
    MARK,
    MODULE,
    MODULES,
    PROGRESS,
    QUESTION,
    QUIZ,
    SAVED,
    SKILL,
    STARTED,
    SUBMISSION,
    TOTALS,
    TREE,
    random_id,
    refused,
    same_as_unknown,
)
from tests.world import Caller, Json, World, choice, right, small_tree


@dataclass
class Course:
    """A course with its ids, in which ana is enrolled."""

    world: World
    id: str
    tree: Json
    lesson: str
    quiz: str
    final: str
    ids: dict[str, str] = field(default_factory=dict)


async def open_course(world: World, **changes: Any) -> Course:
    """Publish a course and enroll ana."""
    tree = small_tree(**changes)
    made = await world.course(tree, linked_compliance_requirement="hazing", recertification_cadence="P1Y")
    await world.member().ok("POST", f"/api/courses/{made['id']}/enroll/")
    shown = await world.member().ok("GET", f"/api/courses/{made['id']}/modules/")
    lesson, quiz = shown["items"][0]["items"][:2]
    return Course(world, made["id"], tree, lesson["id"], quiz["id"], shown["assessment"]["id"])


@pytest.fixture
async def course(world: World) -> Course:
    return await open_course(world)


async def started(course: Course) -> str:
    """An attempt of ana's under way."""
    begun = await course.world.member().ok("POST", f"/api/quizzes/{course.quiz}/attempts/")
    attempt: str = begun["attempt_id"]
    return attempt


async def completed(course: Course) -> Json:
    """Ana passes everything; the last submission."""
    ana = course.world.member()
    await ana.ok("POST", f"/api/lessons/{course.lesson}/complete/")
    last: Json = {}
    for kind, quiz_id in (("quizzes", course.quiz), ("assessments", course.final)):
        questions = (await ana.ok("GET", f"/api/{kind}/{quiz_id}/"))["questions"]
        body = {"responses": [right(q, {"texts": ["right"]}) for q in questions]}
        last = await ana.ok("POST", f"/api/{kind}/{quiz_id}/submit/", body)
    return last


NO_RESPONSES: Json = {"responses": []}
NEW = {"title": "New", "scope": "national"}
# Method, path, body. `{…}` names an id of the course that ana is enrolled in.
LEARNING: list[tuple[str, str, Any]] = [
    ("GET", "/api/courses/{course}/", None),
    ("GET", "/api/courses/{course}/modules/", None),
    ("POST", "/api/courses/{course}/enroll/", None),
    ("POST", "/api/lessons/{lesson}/complete/", None),
    ("GET", "/api/quizzes/{quiz}/", None),
    ("GET", "/api/assessments/{final}/", None),
    ("POST", "/api/quizzes/{quiz}/attempts/", None),
    ("POST", "/api/assessments/{final}/attempts/", None),
    ("POST", "/api/quizzes/{quiz}/submit/", NO_RESPONSES),
    ("POST", "/api/assessments/{final}/submit/", NO_RESPONSES),
    ("GET", "/api/attempts/{attempt}/", None),
    ("PATCH", "/api/attempts/{attempt}/", NO_RESPONSES),
]
OWN: list[tuple[str, str, Any]] = [
    ("GET", f"/api/users/{what}/", None)
    for what in ("enrollments", "enrollments/progress", "certificates", "compliance", "skills")
]
AUTHORING: list[tuple[str, str, Any]] = [
    ("PATCH", "/api/courses/{course}/", {}),
    ("GET", "/api/courses/{course}/draft/", None),
    ("PUT", "/api/courses/{course}/draft/", {"title": "T"}),
    ("POST", "/api/courses/{course}/publish/", None),
]
DIRECTORY: list[tuple[str, str, Any]] = [
    ("PUT", "/api/directory/organizations/{org}/", {"name": "O", "timezone": "UTC"}),
    ("PUT", "/api/directory/regions/r/", {"organization_id": "{org}", "name": "R"}),
    ("PUT", "/api/directory/chapters/c/", {"region_id": "north", "name": "C"}),
    (
        "PUT",
        "/api/directory/members/zed/",
        {
            "chapter_id": "n1",
            "status": "active",
            "display_name": "Zed",
            "email": "z@example.org",
            "custom_fields": {"year": 3},
        },
    ),
    ("PUT", "/api/directory/compliance-requirements/q/", {"organization_id": "{org}", "name": "Q"}),
]
OTHERS: list[tuple[str, str, Any]] = [
    ("GET", "/api/me/", None),
    ("GET", "/api/courses/", None),
    ("POST", "/api/courses/", NEW),
    ("GET", "/api/certificates/{certificate}/pdf/", None),
]
ALL = LEARNING + OWN + AUTHORING + DIRECTORY + OTHERS


async def ids_of(course: Course) -> dict[str, str]:
    return {
        "course": course.id,
        "lesson": course.lesson,
        "quiz": course.quiz,
        "final": course.final,
        "attempt": await started(course),
        "certificate": random_id(),
        "org": course.world.id,
    }


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: filled(part, ids) for key, part in value.items()}
    return value.format(**ids) if isinstance(value, str) else value


async def test_a_stranger_is_asked_who_they_are(course: Course) -> None:
    ids = await ids_of(course)
    http = course.world.http
    for method, path, body in ALL:
        answer = await http.request(method, filled(path, ids), json=filled(body, ids))
        refused(answer, 401, "unauthenticated")
        forged = await http.request(method, filled(path, ids), headers={"Authorization": "Bearer x.y.z"})
        refused(forged, 401, "unauthenticated")


async def test_who_is_no_member_is_told_so(course: Course) -> None:
    ids = await ids_of(course)
    nobody = course.world.call_as("nobody-here")
    for method, path, body in [*LEARNING, *OWN, ("GET", "/api/courses/", None), *AUTHORING]:
        refused(await nobody(method, filled(path, ids), filled(body, ids)), 403, "not-a-member")


async def test_a_member_without_the_role_may_not(course: Course) -> None:
    ids = await ids_of(course)
    for who in (course.world.member("bob"), course.world.call_as("bob", "chapter_admin:n1")):
        for method, path, body in [*AUTHORING, *DIRECTORY, ("POST", "/api/courses/", NEW)]:
            refused(await who(method, filled(path, ids), filled(body, ids)), 403, "forbidden")


async def test_another_organization_sees_the_same_404_as_for_a_random_id(
    course: Course, other_world: World
) -> None:
    ids = await ids_of(course)
    nothing = {name: random_id() for name in ids}
    callers = [other_world.member(), other_world.admin]
    for who in callers:
        for method, path, body in [*LEARNING, *AUTHORING]:
            if who.user == "boss" and path.split("/")[2] in {"lessons", "quizzes", "assessments", "attempts"}:
                continue  # an administrator who is no member: 403 either way
            theirs = await who(method, filled(path, ids), filled(body, ids))
            same_as_unknown(theirs, await who(method, filled(path, nothing), filled(body, nothing)))


async def test_somebody_elses_learning_is_unknown(course: Course) -> None:
    """Bob is not enrolled: ana's attempt and the course's parts are nothing to him."""
    ids = await ids_of(course)
    nothing = {name: random_id() for name in ids}
    bob = course.world.member("bob")
    for method, path, body in LEARNING[3:]:
        theirs = await bob(method, filled(path, ids), filled(body, ids))
        same_as_unknown(theirs, await bob(method, filled(path, nothing), filled(body, nothing)))


async def test_a_path_without_its_slash_redirects(course: Course) -> None:
    ids = await ids_of(course)
    for method, path, body in ALL:
        answer = await course.world.admin(method, filled(path, ids).rstrip("/"), filled(body, ids))
        assert answer.status_code == 307, (method, path, answer.text)
        assert httpx.URL(answer.headers["location"]).path == filled(path, ids)
    listed = await course.world.admin("GET", "/api/courses?limit=1")
    assert httpx.URL(listed.headers["location"]).query == b"limit=1"


async def test_courses_have_the_contracts_fields(course: Course) -> None:
    admin, ana = course.world.admin, course.world.member()
    made = await admin("POST", "/api/courses/", NEW)
    assert (made.status_code, set(made.json())) == (201, COURSE)
    assert made.json()["draft_version"] == 1
    assert made.json()["published_version"] is None
    assert made.json()["self_enrollment"] is True
    seen = await ana.ok("GET", f"/api/courses/{course.id}/")
    assert set(seen) == COURSE
    assert (seen["published_version"], seen["draft_version"], seen["archived"]) == (1, None, False)
    assert (seen["pass_score"], seen["linked_compliance_requirement"]) == (80, "hazing")
    listed = await ana.ok("GET", "/api/courses/")
    assert set(listed) == {"items", "next_cursor"}
    assert [item["id"] for item in listed["items"]] == [course.id]
    drafts = await admin.ok("GET", "/api/courses/?status=draft")
    assert [item["id"] for item in drafts["items"]] == [made.json()["id"]]
    patched = await admin.ok("PATCH", f"/api/courses/{course.id}/", {"self_enrollment": False})
    assert set(patched) == COURSE
    assert patched["self_enrollment"] is False
    cleared = {"recertification_cadence": None, "linked_compliance_requirement": None}
    patched = await admin.ok("PATCH", f"/api/courses/{course.id}/", cleared)
    assert patched["recertification_cadence"] is None
    assert patched["self_enrollment"] is False


async def test_a_draft_goes_out_as_it_came_in(course: Course) -> None:
    admin, path = course.world.admin, f"/api/courses/{course.id}/draft/"
    first = await admin("GET", path)
    assert set(first.json()) == TREE
    assert first.headers["etag"].startswith('"')
    saved = await admin("PUT", path, first.json(), headers={"If-Match": first.headers["etag"]})
    assert saved.status_code == 200, saved.text
    assert saved.json() == first.json(), "what GET answers can be sent back, and keys stay"
    assert saved.headers["etag"] != first.headers["etag"]
    again = await admin("GET", path)
    assert (again.json(), again.headers["etag"]) == (saved.json(), saved.headers["etag"])
    dirty = {**first.json(), "description_html": "<p>ok</p><script>alert(1)</script>"}
    cleaned = await admin("PUT", path, dirty, headers={"If-Match": again.headers["etag"]})
    assert set(cleaned.json()) == TREE | {"removed_html"}
    assert cleaned.json()["description_html"] == "<p>ok</p>"
    stale = await admin("PUT", path, dirty, headers={"If-Match": again.headers["etag"]})
    refused(stale, 412, "precondition-failed")
    refused(await admin("PUT", path, dirty), 428, "precondition-required")
    published = await admin.ok("POST", f"/api/courses/{course.id}/publish/", {"note": "second"})
    assert (set(published), published["published_version"]) == (COURSE, 2)
    refused(await admin("POST", f"/api/courses/{course.id}/publish/"), 409, "nothing-to-publish")


async def test_learning_has_the_contracts_fields(course: Course) -> None:
    ana = course.world.member()
    enrolled = await ana("POST", f"/api/courses/{course.id}/enroll/")
    assert (enrolled.status_code, set(enrolled.json())) == (200, ENROLLMENT)
    shown = await ana.ok("GET", f"/api/courses/{course.id}/modules/")
    assert (set(shown), shown["next_cursor"], shown["version"]) == (MODULES, None, 1)
    assert set(shown["enrollment"]) == ENROLLMENT
    assert set(shown["items"][0]) == MODULE
    lesson, quiz = shown["items"][0]["items"]
    assert (set(lesson), lesson["kind"]) == (LESSON, "lesson")
    assert (set(quiz), quiz["kind"]) == (QUIZ, "quiz")
    assert (set(shown["assessment"]), shown["assessment"]["kind"]) == (QUIZ, "assessment")
    assert (quiz["attempts_used"], quiz["best_score"], quiz["passed"]) == (0, None, False)
    read = await ana.ok("GET", f"/api/quizzes/{course.quiz}/")
    assert set(read) == QUIZ | {"attempts", "questions"}
    [question] = read["questions"]
    assert set(question) == QUESTION | {"answers"}
    assert [set(answer) for answer in question["answers"]] == [{"id", "text"}] * 2
    assert set(await ana.ok("POST", f"/api/lessons/{course.lesson}/complete/")) == PROGRESS
    begun = await ana("POST", f"/api/quizzes/{course.quiz}/attempts/")
    assert (begun.status_code, set(begun.json())) == (201, STARTED)
    attempt = begun.json()["attempt_id"]
    response = right(question, {"texts": ["wrong"]})
    saved = await ana.ok("PATCH", f"/api/attempts/{attempt}/", {"responses": [response], "sequence": 1})
    assert (set(saved), saved["saved"], saved["sequence"]) == (SAVED, 1, 1)
    under_way = await ana.ok("GET", f"/api/attempts/{attempt}/")
    assert set(under_way) >= ATTEMPT
    assert (under_way["status"], under_way["submitted_at"]) == ("in_progress", None)
    assert under_way["responses"][0]["answer_ids"] == response["answer_ids"]
    result = await ana.ok("POST", f"/api/quizzes/{course.quiz}/submit/", NO_RESPONSES)
    assert set(result) == SUBMISSION
    assert (result["status"], result["points"], result["max_points"]) == ("graded", 0, 1)
    assert (result["score"], result["passed"], result["attempts_remaining"]) == (0, False, 2)
    assert set(result["enrollment"]) == {"id", "status"}
    assert set(result["responses"][0]) >= MARK
    closed = await ana.ok("GET", f"/api/attempts/{attempt}/")
    assert (closed["status"], closed["submitted_at"] is None) == ("graded", False)


async def test_what_a_member_sees_of_themselves(course: Course) -> None:
    world, ana = course.world, course.world.member()
    last = await completed(course)
    assert set(last) == SUBMISSION | {"completion", "certificate"}
    assert set(last["completion"]) == {"id", "score", "completed_at", "expires_at"}
    assert set(last["certificate"]) == {"id", "verification_url"}
    expected = [
        ("enrollments", ENROLLMENT),
        ("enrollments/progress", PROGRESS),
        ("certificates", CERTIFICATE),
        ("compliance", COMPLIANCE),
        ("skills", SKILL),
    ]
    for what, fields in expected:
        page = await ana.ok("GET", f"/api/users/{what}/")
        assert set(page) == {"items", "next_cursor"} | ({"totals"} if "progress" in what else set()), what
        assert [set(item) for item in page["items"]] == [fields], what
        assert (await world.member("bob").ok("GET", f"/api/users/{what}/"))["items"] == []
    totals = (await ana.ok("GET", "/api/users/enrollments/progress/"))["totals"]
    assert totals == dict.fromkeys(TOTALS, 0) | {"completed": 1}
    refused(await ana("POST", f"/api/courses/{course.id}/enroll/"), 409, "already-completed")


async def test_me(world: World) -> None:
    me = await world.call_as("ana", "grader", scopes=["reports:read"], name="Ana A.").ok("GET", "/api/me/")
    assert me == {
        "user_id": "ana",
        "organization_id": world.id,
        "name": "Ana A.",
        "roles": ["grader"],
        "scopes": ["reports:read"],
        "is_member": True,
    }
    assert (await world.admin.ok("GET", "/api/me/"))["is_member"] is False


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
    await chair.ok("PUT", f"/api/courses/{made['id']}/draft/", small_tree(), headers={"If-Match": etag})
    await chair.ok("POST", f"/api/courses/{made['id']}/publish/")
    away = {"title": "T", "scope": "chapter", "scope_id": "n2"}
    refused(await chair("POST", "/api/courses/", away), 403, "forbidden")
    north = world.call_as("nora", "regional_admin:north")
    refused(await north("POST", "/api/courses/", away), 403, "forbidden")
    refused(await north("POST", f"/api/courses/{made['id']}/publish/"), 403, "forbidden")


async def test_operation_is_open(world: World) -> None:
    assert (await world.http.get("/healthz")).json() == {"status": "ok"}
    ready = await world.http.get("/readyz")
    assert (ready.status_code, set(ready.json()["parts"])) == (
        200,
        {"database", "redis", "storage", "converter"},
    )
    docs = await world.http.get("/docs")
    assert (docs.status_code, docs.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "/openapi.json" in docs.text


async def test_a_certificate_is_for_its_owner_and_anyone_with_its_id(course: Course) -> None:
    world, last = course.world, await completed(course)
    certificate = last["certificate"]["id"]
    assert last["certificate"]["verification_url"].endswith(f"/certificates/{certificate}/verify/")
    seen = await world.http.get(f"/api/certificates/{certificate}/verify/")
    fields = "certificate_id status recipient_name course_title issued_at expires_at issuer"
    assert set(seen.json()) == set(fields.split())
    refused(await world.http.get(f"/api/certificates/{random_id()}/verify/"), 404, "not-found")
    page = await world.http.get(f"/certificates/{certificate}/verify/")
    assert "default-src" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "noindex" in page.headers["x-robots-tag"]
    assert page.headers["referrer-policy"]
    assert "valid" in page.text.lower()
    lost = await world.http.get(f"/certificates/{random_id()}/verify/")
    assert (lost.status_code, lost.headers["content-type"]) == (404, "text/html; charset=utf-8")
    path = f"/api/certificates/{certificate}/pdf/"
    nothing = f"/api/certificates/{random_id()}/pdf/"
    for who in (world.member("bob"), world.call_as("x", "regional_admin:south"), world.call_as("nobody")):
        same_as_unknown(await who("GET", path), await who("GET", nothing))
    for who in (world.member(), world.admin, world.call_as("x", "regional_admin:north")):
        assert (await who("GET", path)).status_code == 202


async def test_questions_of_a_timed_quiz_come_with_the_attempt_only(world: World) -> None:
    timed = {**small_tree()["assessment"], "time_limit_seconds": 600}
    course = await open_course(world, assessment=timed)
    ana = world.member()
    read = await ana.ok("GET", f"/api/assessments/{course.final}/")
    assert set(read) == QUIZ | {"attempts"}
    refused(
        await ana("POST", f"/api/assessments/{course.final}/submit/", NO_RESPONSES),
        409,
        "attempt-not-started",
    )
    begun = await ana.ok("POST", f"/api/assessments/{course.final}/attempts/")
    assert len(begun["questions"]) == 1
    assert begun["deadline_at"] is not None
    assert "questions" not in await ana.ok("GET", f"/api/assessments/{course.final}/")


async def test_a_quiz_is_not_an_assessment(course: Course) -> None:
    ana = course.world.member()
    for method, path in (
        ("GET", "/api/quizzes/{final}/"),
        ("POST", "/api/quizzes/{final}/attempts/"),
        ("GET", "/api/assessments/{quiz}/"),
        ("POST", "/api/assessments/{quiz}/submit/"),
        ("POST", "/api/lessons/{quiz}/complete/"),
        ("GET", "/api/quizzes/{lesson}/"),
    ):
        ids = {"quiz": course.quiz, "final": course.final, "lesson": course.lesson}
        body = NO_RESPONSES if "submit" in path else None
        refused(await ana(method, path.format(**ids), body), 404, "not-found")


async def test_a_question_is_shown_by_type(world: World) -> None:
    extra: list[Json] = [
        {"type": "true_false", "prompt_html": "<p>t</p>", "correct": True},
        {"type": "multi_select", "prompt_html": "<p>m</p>", "answers": choice()["answers"]},
        {"type": "short_answer", "prompt_html": "<p>s</p>", "accepted_answers": ["x"]},
        {"type": "free_form", "prompt_html": "<p>f</p>"},
    ]
    final = {"title": "F", "pass_score": 80, "questions": [choice(), *extra]}
    course = await open_course(world, assessment=final)
    shown = (await world.member().ok("GET", f"/api/assessments/{course.final}/"))["questions"]
    assert [q["type"] for q in shown] == ["multiple_choice", *(q["type"] for q in extra)]
    for question in shown:
        chosen = question["type"] in {"multiple_choice", "multi_select"}
        assert set(question) == QUESTION | ({"answers"} if chosen else set())
