"""A quiz as its author made it, with its keys, for authors of the course alone."""

import uuid

import pytest
from tests.kit.author import Author, changed
from tests.kit.learner import Learner, final, quiz, tree
from tests.kit.quiz_taker import essay
from tests.kit.world import Json, World, choice

PREVIEW = {"preview": "true"}
SHORT: Json = {
    "type": "short_answer",
    "prompt_html": "?",
    "points": 2,
    "accepted_answers": ["harm*"],
    "explanation_html": "<p>Since 1998</p>",
}
HELD = {"title": "Held", "pass_score": 60, "max_attempts": 2, "time_limit_seconds": 600, "shuffle": True}


def rich() -> Json:
    asked = quiz("Q") | HELD | {"questions": [choice(), SHORT, essay()]}
    return tree(asked, assessment=final(questions=2, max_attempts=1))


async def test_an_author_sees_a_quiz_with_its_keys(world: World) -> None:
    at = await Learner.enter(world, rich())
    stored = await world.admin.ok("GET", f"/api/courses/{at.course}/draft/")
    [item] = stored["modules"][0]["items"]
    for title, kind, made in (("Held", "quiz", item), ("Final", "assessment", stored["assessment"])):
        shown = await world.admin.ok("GET", at.path(title), params=PREVIEW)
        assert (shown["id"], shown["kind"], shown["course_id"], shown["version"]) == (
            at.ids[title],
            kind,
            at.course,
            1,
        )
        assert (shown["questions"], shown["question_count"]) == (made["questions"], len(made["questions"]))
        assert {name: shown[name] for name in made} == made
    assert shown["required"] is True


@pytest.mark.parametrize("title", ["Held", "Final"])
async def test_others_see_no_key(world: World, other_world: World, title: str) -> None:
    at = await Learner.enter(world, rich(), scope="regional", scope_id="north")
    path = at.path(title)
    unknown = path.replace(at.ids[title], str(uuid.uuid4()))
    for who, status in (
        (at.call, 403),
        (world.call_as("c", "chapter_admin:n1"), 403),
        (world.call_as("gil", "grader"), 403),
        (world.member("dan"), 404),
        (world.call_as("s", "regional_admin:south"), 404),
        (other_world.admin, 404),
        (other_world.member("ana"), 404),
        (world.call_as("r", "regional_admin:north"), 200),
        (world.admin, 200),
    ):
        seen = await who("GET", path, params=PREVIEW)
        assert seen.status_code == status, (who.user, seen.text)
        assert ("is_correct" in seen.text) == (status == 200)
        assert (await who("GET", unknown, params=PREVIEW)).status_code in (403, 404)
    for words in ({}, {"preview": "false"}):
        assert "is_correct" not in (await at.call("GET", path, params=words)).text
        assert (await world.admin("GET", path, params=words)).status_code in (403, 404)
    assert (await at.call("GET", path, params={"preview": "draft"})).status_code == 422
    other = path.replace("quizzes", "x").replace("assessments", "quizzes").replace("/x/", "/assessments/")
    assert (await world.admin("GET", other, params=PREVIEW)).status_code == 404


async def test_a_quiz_of_a_draft_is_there_for_authors_alone(world: World) -> None:
    at = await Learner.enter(world, rich())
    author = Author(world.admin, at.course)
    draft, etag = await author.draft()
    await author.put(changed(draft, "/modules/0/items/0/questions/1/accepted_answers", ["other"]), etag)
    shown = await world.admin.ok("GET", f"{author.path}/modules/", params={"preview": "draft"})
    [item] = shown["items"][0]["items"]
    assert item["id"] != at.ids["Held"]
    path = f"/api/quizzes/{item['id']}/"
    drafted = await world.admin.ok("GET", path, params=PREVIEW)
    assert (drafted["version"], drafted["questions"][1]["accepted_answers"]) == (2, ["other"])
    published = await world.admin.ok("GET", at.path("Held"), params=PREVIEW)
    assert (published["version"], published["questions"][1]["accepted_answers"]) == (1, ["harm*"])
    assert (await at.call("GET", path, params=PREVIEW)).status_code == 404, "as if there were no draft"
