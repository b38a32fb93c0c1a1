"""Courses that ask for others first, and for their items in order: who may say so, who is stopped, who is told."""

import asyncio
import uuid
from typing import Any

from tests.kit.direct import Database
from tests.kit.learner import Learner, final, lesson, quiz, tree
from tests.kit.renewals import age
from tests.kit.world import Json, World

HOT = "/api/courses/"


async def course(world: World, title: str, **policy: Any) -> str:
    made = await world.course(tree(lesson(), quiz(), title=title), **policy)
    found: str = made["id"]
    return found


async def complete(world: World, course_id: str, user: str = "ana") -> Learner:
    learner = await Learner.join(world.member(user), course_id)
    await learner.read()
    await learner.submit()
    return learner


async def test_a_course_is_entered_when_what_it_asks_for_is_completed(world: World) -> None:
    first, second = await course(world, "Basics"), await course(world, "Law")
    last = await course(world, "Leading", prerequisites=[second, first])
    ana = world.member()
    shown = await ana.ok("GET", f"/api/courses/{last}/")
    assert shown["prerequisites"] == [second, first]
    missing = [{"course_id": second, "title": "Law"}, {"course_id": first, "title": "Basics"}]
    assert shown["missing_prerequisites"] == missing
    refused = await ana("POST", f"/api/courses/{last}/enroll/")
    assert (refused.status_code, refused.json()["code"]) == (409, "prerequisites-missing")
    assert refused.json()["missing"] == missing
    await complete(world, second)
    refused = await ana("POST", f"/api/courses/{last}/enroll/")
    assert refused.json()["missing"] == missing[1:]
    await complete(world, first)
    assert (await ana.ok("GET", f"/api/courses/{last}/"))["missing_prerequisites"] == []
    await complete(world, last)


async def test_the_list_shows_what_is_asked_for(world: World) -> None:
    first = await course(world, "Basics")
    await course(world, "Leading", prerequisites=[first], sequence="ordered")
    for caller in (world.member(), world.admin):
        leading, basics = (await caller.ok("GET", "/api/courses/"))["items"]
        assert (leading["prerequisites"], leading["sequence"]) == ([first], "ordered")
        assert (basics["prerequisites"], basics["sequence"]) == ([], "free")


async def test_an_assigned_course_is_begun_when_they_are_completed(world: World) -> None:
    first = await course(world, "Basics")
    last = await course(world, "Leading", prerequisites=[first])
    await world.admin.ok("POST", f"/api/courses/{last}/assign/", {"user_ids": ["ana"]})
    learner = await Learner.join(world.member(), last, enroll=False)
    [mine] = (await learner.call.ok("GET", "/api/users/enrollments/progress/"))["items"]
    assert mine["missing_prerequisites"] == [{"course_id": first, "title": "Basics"}]
    responses = await learner.responses("Q", 1)
    for refused in (
        await learner.call("POST", learner.path("L", "complete")),
        await learner.start(),
        await learner.send("Q", responses),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "prerequisites-missing"), refused.text
    assert await learner.status() == "assigned"
    await complete(world, first)
    assert [
        one["missing_prerequisites"]
        for one in (await learner.call.ok("GET", "/api/users/enrollments/progress/"))["items"]
    ] == [[], []]
    await learner.read()
    await learner.submit()
    assert await learner.status() == "completed"


async def test_what_lapsed_or_was_revoked_is_missing_but_stops_no_course_that_was_begun(
    world: World, database: Database
) -> None:
    first = await course(world, "Basics", recertification_cadence="P1Y")
    last = await course(world, "Leading", prerequisites=[first])
    other = await course(world, "Speaking", prerequisites=[first])
    await complete(world, first)
    begun = await Learner.join(world.member(), last)
    await age(world, database, days=400)
    refused = await begun.call("POST", f"/api/courses/{other}/enroll/")
    assert refused.json()["code"] == "prerequisites-missing"
    await begun.read()
    await begun.submit()
    assert await begun.status() == "completed"


async def test_an_archived_course_is_not_asked_for(world: World) -> None:
    first = await course(world, "Basics")
    last = await course(world, "Leading", prerequisites=[first])
    await world.admin.ok("POST", f"/api/courses/{first}/archive/")
    assert (await world.member().ok("GET", f"/api/courses/{last}/"))["missing_prerequisites"] == []
    await Learner.join(world.member(), last)


NEVER_ASKED: list[tuple[str, str]] = [
    ("a draft", "not-known"),
    ("unknown", "not-known"),
    ("another chapter's", "not-known"),
    ("twice", "twice"),
    ("no ids", "wrong-form"),
    ("null", "wrong-type"),
    ("too many", "too-many"),
    ("a word", "wrong-type"),
]


async def test_what_cannot_be_asked_for_is_refused(world: World) -> None:
    first = await course(world, "Basics")
    draft = await world.course(tree(lesson(), title="Draft"), publish=False)
    chapter = await course(world, "Chapter", scope="chapter", scope_id="s1")
    last = await course(world, "Leading", scope="chapter", scope_id="n1", prerequisites=[first])
    for wanted, code in NEVER_ASKED:
        value: Any = {
            "a draft": [draft["id"]],
            "unknown": [str(uuid.uuid4())],
            "another chapter's": [chapter],
            "twice": [first, first],
            "no ids": ["first"],
            "null": None,
            "too many": [str(uuid.uuid4()) for _ in range(21)],
            "a word": first,
        }[wanted]
        refused = await world.admin("PATCH", f"/api/courses/{last}/", {"prerequisites": value})
        assert refused.status_code == 422, (wanted, refused.text)
        [fault] = refused.json()["errors"]
        assert fault["code"] == code, wanted
        assert fault["pointer"].startswith("/prerequisites"), wanted
        assert (await world.admin.ok("GET", f"/api/courses/{last}/"))["prerequisites"] == [first], wanted


async def test_courses_of_the_region_and_of_the_chapter_itself_may_be_asked_for(world: World) -> None:
    region = await course(world, "Region", scope="regional", scope_id="north")
    chapter = await course(world, "Chapter", scope="chapter", scope_id="n1")
    wanted = [region, chapter]
    last = await course(world, "Leading", scope="chapter", scope_id="n1", prerequisites=wanted)
    assert (await world.member().ok("GET", f"/api/courses/{last}/"))["prerequisites"] == wanted
    refused = await world.admin(
        "POST",
        "/api/courses/",
        {"title": "N", "scope": "regional", "scope_id": "north", "prerequisites": wanted},
    )
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/prerequisites/1"]


async def test_courses_never_ask_for_one_another_in_a_circle(world: World) -> None:
    first = await course(world, "First")
    second = await course(world, "Second", prerequisites=[first])
    third = await course(world, "Third", prerequisites=[second])
    for wanted in (first, second, third):
        refused = await world.admin("PATCH", f"/api/courses/{first}/", {"prerequisites": [wanted]})
        assert refused.status_code == 422, refused.text
        assert refused.json()["errors"][0]["code"] == "conflicting"
    assert (await world.admin.ok("GET", f"/api/courses/{first}/"))["prerequisites"] == []


async def test_of_two_changes_that_would_make_a_circle_together_one_is_refused(world: World) -> None:
    one, other = await course(world, "One"), await course(world, "Other")
    answers = await asyncio.gather(
        *(
            world.admin("PATCH", f"/api/courses/{asks}/", {"prerequisites": [asked]})
            for asks, asked in ((one, other), (other, one))
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_a_copy_asks_for_the_same(world: World) -> None:
    first = await course(world, "Basics")
    last = await course(world, "Leading", prerequisites=[first], sequence="ordered")
    copy = await world.admin.ok("POST", f"/api/courses/{last}/duplicate/")
    assert (copy["prerequisites"], copy["sequence"]) == ([first], "ordered")


def in_order() -> Json:
    read = lesson("More", required=False)
    return tree(lesson(), quiz(pass_score=100), read, assessment=final(pass_score=0))


async def test_items_of_an_ordered_course_wait_for_the_required_ones_before_them(world: World) -> None:
    learner = await Learner.enter(world, in_order(), sequence="ordered")
    responses = await learner.responses("Q", 1)
    for refused in (await learner.start("Q"), await learner.send("Q", responses)):
        assert (refused.status_code, refused.json()["code"]) == (409, "items-missing"), refused.text
        assert refused.json()["missing"] == [{"kind": "lesson", "id": learner.ids["L"], "title": "L"}]
    await learner.read("L")
    await learner.submit("Q", correct=0)
    for title, verb in (("More", "complete"), ("Final", "attempts")):
        refused = await learner.call("POST", learner.path(title, verb))
        assert [one["title"] for one in refused.json()["missing"]] == ["Q"]
    await learner.submit("Q", correct=1)
    await learner.submit("Final")
    assert await learner.status() == "completed"


async def test_a_quiz_that_waits_for_a_grader_does_not_hold_up_the_next_item(world: World) -> None:
    written = {"type": "free_form", "prompt_html": "<p>Why?</p>", "points": 1, "rubric_html": ""}
    learner = await Learner.enter(
        world, tree({**quiz(), "questions": [written]}, lesson()), sequence="ordered"
    )
    [question] = await learner.questions("Q")
    await learner.send("Q", [{"question_id": question["id"], "text": "Because."}])
    await learner.read("L")


async def test_an_order_that_comes_later_stops_no_attempt_under_way(world: World) -> None:
    learner = await Learner.enter(world, in_order())
    started = (await learner.start("Q")).json()
    await world.admin.ok("PATCH", f"/api/courses/{learner.course}/", {"sequence": "ordered"})
    responses = await learner.responses("Q", 1)
    answer = await learner.send("Q", responses, attempt_id=started["attempt_id"])
    assert answer.status_code == 200, answer.text
    assert (await learner.start("Q")).json()["code"] == "items-missing"
