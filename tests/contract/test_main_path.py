"""From a course to a verified certificate, through the contract alone."""

import io
from decimal import Decimal
from typing import Any

import httpx
import pypdf
import pytest
from tests.kit.courses import TITLE, TREE
from tests.kit.world import Caller, Json, World, right

NAME = "Zoë <b>Müller</b> & Νίκος Иванов 王小明"
ANSWERS: dict[str, Json] = {
    "<p>1</p>": {"texts": ["yes"]},
    "<p>2</p>": {"value": True},
    "<p>3</p>": {"texts": ["a", "b"]},
    "<p>4</p>": {"text": "  Don’t   HAZE  anyone "},
    "<p>5</p>": {"text": "Care."},
    "<p>6</p>": {"value": False},
}


def all_right(questions: list[Json]) -> list[Json]:
    return [right(q, ANSWERS[q["prompt_html"]]) for q in questions]


@pytest.fixture
async def passed(world: World) -> tuple[World, Json, Json, Caller]:
    """A member who passed everything: world, course, the last submission, the member."""
    await world.add_member("zoe", display_name=NAME)
    zoe = world.call_as("zoe")
    course = await world.course(TREE, recertification_cadence="P1Y", linked_compliance_requirement="hazing")
    enrollment = await zoe.ok("POST", f"/api/courses/{course['id']}/enroll/")
    assert enrollment["status"] == "in_progress"
    modules = await zoe.ok("GET", f"/api/courses/{course['id']}/modules/")
    lesson, quiz, essay = modules["items"][0]["items"]
    await zoe.ok("POST", f"/api/lessons/{lesson['id']}/complete/")
    shown = await zoe.ok("GET", f"/api/quizzes/{quiz['id']}/")
    result = await zoe.ok(
        "POST", f"/api/quizzes/{quiz['id']}/submit/", {"responses": all_right(shown["questions"])}
    )
    assert (result["status"], result["score"], result["passed"]) == ("graded", 100, True), result
    written = await zoe.ok("GET", f"/api/quizzes/{essay['id']}/")
    pending = await zoe.ok(
        "POST", f"/api/quizzes/{essay['id']}/submit/", {"responses": all_right(written["questions"])}
    )
    assert (pending["status"], pending["score"], pending["passed"]) == ("pending_review", None, None)
    final = modules["assessment"]["id"]
    started = await zoe.ok("POST", f"/api/assessments/{final}/attempts/")
    submission = await zoe.ok(
        "POST",
        f"/api/assessments/{final}/submit/",
        {"attempt_id": started["attempt_id"], "responses": all_right(started["questions"])},
    )
    return world, course, submission, zoe


async def test_a_pass_has_every_consequence_at_once(passed: Any) -> None:
    _world, course, submission, zoe = passed
    assert submission["enrollment"]["status"] == "completed"
    assert Decimal(str(submission["completion"]["score"])) == 100
    done, expires = submission["completion"]["completed_at"], submission["completion"]["expires_at"]
    assert int(expires[:4]) == int(done[:4]) + 1
    [status] = (await zoe.ok("GET", "/api/users/compliance/"))["items"]
    assert (status["requirement_id"], status["status"], status["expires_at"]) == (
        "hazing",
        "complete",
        expires,
    )
    [skill] = (await zoe.ok("GET", "/api/users/skills/"))["items"]
    assert (skill["skill_id"], skill["course_id"]) == ("hazing-prevention", course["id"])
    progress = await zoe.ok("GET", "/api/users/enrollments/progress/")
    assert [(p["percent"], p["items_completed"], p["items_total"]) for p in progress["items"]] == [
        (100, 3, 3)
    ]
    assert progress["totals"]["completed"] == 1


async def test_the_certificate_says_exactly_the_names(passed: Any) -> None:
    world, _course, submission, zoe = passed
    certificate = submission["certificate"]["id"]
    waiting = await zoe("GET", f"/api/certificates/{certificate}/pdf/")
    assert (waiting.status_code, "retry-after" in waiting.headers) == (202, True)
    await world.run_jobs()
    ready = await zoe("GET", f"/api/certificates/{certificate}/pdf/")
    assert ready.status_code == 307
    async with httpx.AsyncClient() as plain:
        file = await plain.get(ready.headers["location"])
    assert (file.status_code, file.headers["content-type"]) == (200, "application/pdf")
    text = pypdf.PdfReader(io.BytesIO(file.content)).pages[0].extract_text()
    for words in (NAME, TITLE, "Alpha & Co"):
        assert words in text
    [listed] = (await zoe.ok("GET", "/api/users/certificates/"))["items"]
    assert (listed["id"], listed["pdf_ready"], listed["status"]) == (certificate, True, "valid")
    assert (await world.member("bob")("GET", f"/api/certificates/{certificate}/pdf/")).status_code == 404


async def test_anyone_can_verify_as_json_and_as_page(passed: Any) -> None:
    world, _course, submission, _zoe = passed
    certificate = submission["certificate"]["id"]
    seen = await world.http.get(f"/api/certificates/{certificate}/verify/")
    assert seen.json() == {
        "certificate_id": certificate,
        "status": "valid",
        "recipient_name": NAME,
        "course_title": TITLE,
        "issued_at": submission["completion"]["completed_at"],
        "expires_at": submission["completion"]["expires_at"],
        "issuer": {"name": "Alpha & Co"},
    }
    page = await world.http.get(f"/certificates/{certificate}/verify/")
    assert page.status_code == 200
    assert "Zoë &lt;b&gt;Müller&lt;/b&gt; &amp; Νίκος" in page.text
    assert "<b>Müller" not in page.text
    browser = await world.http.get(
        f"/api/certificates/{certificate}/verify/", headers={"Accept": "text/html"}
    )
    assert (browser.status_code, browser.headers["location"]) == (302, f"/certificates/{certificate}/verify/")
