"""Every route of the learning path: its success with the exact fields."""

from tests.contract.course import NO_RESPONSES, Course, completed, open_course
from tests.kit.fields import (
    ATTEMPT,
    CERTIFICATE,
    COMPLIANCE,
    COURSE,
    LESSON,
    LISTED_ENROLLMENT,
    LISTED_PROGRESS,
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
from tests.kit.world import Json, World, choice, right, small_tree


async def test_courses_have_the_contracts_fields(course: Course) -> None:
    admin, ana = course.world.admin, course.world.member()
    made = await admin("POST", "/api/courses/", {"title": "New", "scope": "national"})
    assert (made.status_code, set(made.json())) == (201, COURSE)
    assert made.json()["draft_version"] == 1
    assert made.json()["published_version"] is None
    assert made.json()["self_enrollment"] is True
    seen = await ana.ok("GET", f"/api/courses/{course.id}/")
    assert set(seen) == COURSE | {"missing_prerequisites"}
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
    assert (set(published), published["published_version"]) == (COURSE | {"warnings"}, 2)
    refused(await admin("POST", f"/api/courses/{course.id}/publish/"), 409, "nothing-to-publish")


async def test_learning_has_the_contracts_fields(course: Course) -> None:
    ana = course.world.member()
    enrolled = await ana("POST", f"/api/courses/{course.id}/enroll/")
    assert (enrolled.status_code, set(enrolled.json())) == (200, LISTED_ENROLLMENT)
    shown = await ana.ok("GET", f"/api/courses/{course.id}/modules/")
    assert (set(shown), shown["next_cursor"], shown["version"]) == (MODULES, None, 1)
    assert set(shown["enrollment"]) == LISTED_ENROLLMENT
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
        ("enrollments", LISTED_ENROLLMENT),
        ("enrollments/progress", LISTED_PROGRESS),
        ("certificates", CERTIFICATE),
        ("compliance", COMPLIANCE),
        ("skills", SKILL),
    ]
    for what, fields in expected:
        page = await ana.ok("GET", f"/api/users/{what}/")
        assert set(page) == {"items", "next_cursor"} | ({"totals"} if "progress" in what else set()), what
        assert [set(item) for item in page["items"]] == [fields], what
        others = (await world.member("bob").ok("GET", f"/api/users/{what}/"))["items"]
        # Bob must meet the requirement too, and has not begun.
        assert [item.get("status") for item in others] == (["not_started"] if what == "compliance" else [])
    totals = (await ana.ok("GET", "/api/users/enrollments/progress/"))["totals"]
    assert totals == dict.fromkeys(TOTALS, 0) | {"completed": 1}
    refused(await ana("POST", f"/api/courses/{course.id}/enroll/"), 409, "already-completed")


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
