"""The member's own copy: everything about them, nothing about anybody else, and no key."""

import json
from typing import Any

import pytest
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.moving import course_tree, edited, enters, moves, publishes, reads
from tests.kit.world import Json, World, small_tree
from tests.privacy.history import ADDRESS, FIELD, NAME, PRAISE, SHORT, TYPED, WRITTEN, learn

from learning_service.domain.privacy.queries import export as queries
from learning_service.domain.privacy.queries import trails


async def export(world: World, user: str) -> Json:
    answer = await world.call_as(user)("GET", "/api/users/export/")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == 'attachment; filename="learning-data.json"'
    document: Json = answer.json()
    return document


async def test_it_has_all_of_a_history(world: World) -> None:
    lived = await learn(world)
    document = await export(world, lived.member.user)
    assert set(document) == {
        "user_id",
        "organization_id",
        "exported_at",
        "profile",
        "enrollments",
        "attempts",
        "completions",
        "certificates",
        "compliance",
        "exemptions",
        "evidence",
        "accommodations",
        "skills",
        "preferences",
        "grader_of",
        "documents",
        "membership_events",
        "changes",
        "activity",
    }
    profile = document["profile"]
    assert (profile["display_name"], profile["email"]) == (NAME, ADDRESS)
    assert profile["custom_fields"] == {"nickname": FIELD}
    assert sorted(e["status"] for e in document["enrollments"]) == ["assigned", "completed"]
    [done] = [e for e in document["enrollments"] if e["status"] == "completed"]
    assert (done["progress"]["percent"], len(done["lessons"])) == (100, 2)
    assert [one["typed_name"] for one in done["attestations"]] == [f"{NAME} herself"]
    assert [a["status"] for a in document["attempts"]] == [
        "graded",
        "graded",
        "pending_review",
        "in_progress",
        "graded",
    ]
    texts = {r["text"] for a in document["attempts"] for r in a["responses"]} - {None}
    assert texts == {WRITTEN, SHORT, TYPED}
    assert {c["id"] for c in document["certificates"]} == set(lived.certificates)
    assert len(document["completions"]) == len(document["compliance"]) == len(document["skills"]) == 1
    assert [e["reason"] for e in document["exemptions"]] == [f"{NAME} served as a judge"]
    assert document["accommodations"]["reason"] == f"{NAME} has a letter"
    assert PRAISE in json.dumps(document)
    assert (done["extra_time_seconds"], done["grants"][0]["reason"]) == (600, f"{NAME} asked")
    assert [(g["kind"], g["amount"]) for g in done["grants"]] == [("extra_time", 600)]
    [words] = [a for a in document["attempts"] if a["quiz_title"] == "Words"]
    assert [(g["points"], g["feedback"], g["correction"]) for g in words["grades"]] == [
        (4, f"<p>{PRAISE}, {NAME}</p>", False),
        (1, f"<p>Less of {PRAISE}</p>", True),
    ]


async def test_marks_are_shown_as_far_as_released_and_keys_never(world: World) -> None:
    lived = await learn(world)
    document = await export(world, lived.member.user)
    released = document["attempts"][0]["responses"][0]
    assert (released["points_awarded"], released["correct"]) == (1, True)
    assessment = document["attempts"][4]
    assert (assessment["score"], assessment["passed"]) == (100, True)
    assert [(r["points_awarded"], r["correct"]) for r in assessment["responses"]] == [(None, None)]
    whole = json.dumps(document)
    for word in (
        "is_correct",
        "accepted",
        "short*",
        "right_answer",
        "rubric",
        "explanation",
        "boss",
        "graded_by",
    ):
        assert word not in whole


async def test_it_has_nobody_else(world: World, other_world: World) -> None:
    course = await world.course(small_tree())
    for user in ("ana", "bob"):
        await world.member(user).ok("POST", f"/api/courses/{course['id']}/enroll/")
    whole = json.dumps(await export(world, "ana"))
    assert "ana@example.org" in whole
    assert "bob" not in whole.lower()
    assert (await world.admin("GET", "/api/users/export/")).status_code == 403
    theirs = await export(other_world, "ana")
    assert theirs["enrollments"] == []


async def test_it_tells_to_which_versions_an_enrollment_was_moved(world: World) -> None:
    course = await world.course(course_tree())
    member = await enters(world, course)
    await reads(member, course, "What it is", "What to do")
    changed = await edited(world, course)
    changed["modules"][0]["items"][0]["body_html"] = "<p>Read this.</p>"
    await publishes(world, course, changed)
    await moves(world, course)
    [mine] = (await export(world, "ana"))["enrollments"]
    [moved] = mine["moves"]
    assert {name: moved[name] for name in moved if name != "moved_at"} == {
        "from_version": 1,
        "to_version": 2,
        "kept": 1,
        "lost": 1,
    }


async def test_a_long_history_is_read_a_page_at_a_time_and_is_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No statement gives more rows than a page, whatever has been done; nothing is missing or twice."""
    monkeypatch.setattr(queries, "ATTEMPTS_AT_ONCE", 3)
    monkeypatch.setattr(trails, "ROWS_AT_ONCE", 4)
    at = await Learner.enter(world, tree(quiz(questions=1), lesson()))
    path = at.path("Q", "")
    for n in range(8):
        attempt = (await at.call.ok("POST", f"{path}attempts/"))["attempt_id"]
        if n < 7:
            await at.call.ok("POST", f"{path}submit/", {"attempt_id": attempt, "responses": []})
    pages = []
    read = queries.PAGED["attempts"]

    async def noted(*given: Any) -> Any:
        found = await read(*given)
        pages.append(len(found[0]))
        return found

    monkeypatch.setattr(queries, "PAGED", {**queries.PAGED, "attempts": noted})
    document = await export(world, "ana")
    assert [attempt["number"] for attempt in document["attempts"]] == list(range(1, 9))
    assert pages == [3, 3, 2]
    actions = [one["at"] for one in document["activity"]]
    assert actions == sorted(actions)
    assert len(document["membership_events"]) == len({e["event_id"] for e in document["membership_events"]})
    assert document["attempts"][-1]["status"] == "in_progress"
