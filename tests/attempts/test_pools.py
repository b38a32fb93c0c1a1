"""Pools: what an attempt draws, that it stays so, and that all attempts are worth the same."""

import asyncio
import random
import uuid
from collections import Counter
from decimal import Decimal

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.kit.grading import grade, waiting
from tests.kit.query_counts import counted
from tests.kit.quiz_taker import QuizTaker, essay, quiz, quiz_taker, tree
from tests.kit.world import Json, World, choice, right

from learning_service.domain.attempts.actions import papers
from learning_service.domain.attempts.actions.papers import drawn
from learning_service.domain.courses.queries.compiled import CompiledPool, CompiledQuiz
from learning_service.domain.courses.queries.shown import QuestionView

RIGHT, WRONG = {"texts": ["right"]}, {"texts": ["wrong"]}


def pool(n: int, draw: int, points: float = 1, name: str = "Pool") -> Json:
    """A pool of so many choices."""
    questions = [choice(f"{name} {i}?", points=points) for i in range(n)]
    return {"type": "pool", "draw": draw, "questions": questions}


async def taker(world: World, *asked: Json, **changes: object) -> QuizTaker:
    return await quiz_taker(world, tree(quiz(*asked, **changes)))


def ids(started: Json) -> list[str]:
    return [question["id"] for question in started["questions"]]


async def test_an_attempt_gets_what_was_drawn_at_its_start_and_nothing_else(world: World) -> None:
    ana = await taker(world, choice("First?"), pool(6, 2, points=3), choice("Last?"))
    started = await ana.start()
    prompts = [question["prompt_html"] for question in started["questions"]]
    assert prompts[0] == "<p>First?</p>"
    assert prompts[3] == "<p>Last?</p>"
    assert all(prompt.startswith("<p>Pool") for prompt in prompts[1:3])
    assert ids(await ana.start()) == ids(started)
    path = f"/api/attempts/{started['attempt_id']}/"
    given = [right(question, RIGHT) for question in started["questions"][:3]]
    await ana.call.ok("PATCH", path, {"responses": given[:2]})
    assert [question["id"] for question in (await ana.call.ok("GET", path))["questions"]] == ids(started)
    done = (await ana.submit(attempt_id=started["attempt_id"], responses=given)).json()
    assert (done["points"], done["max_points"], done["score"]) == (7, 8, 87.5)
    assert sorted(mark["question_id"] for mark in done["responses"]) == sorted(ids(started))
    after = await ana.call.ok("GET", path)
    assert [question["id"] for question in after["questions"]] == ids(started)


async def test_what_was_not_drawn_is_no_question_of_the_attempt(world: World) -> None:
    ana = await taker(world, pool(3, 1))
    first = await ana.start()
    assert (await ana.submit(attempt_id=first["attempt_id"], responses=[])).status_code == 200
    second = await ana.start()
    foreign = [right(first["questions"][0], RIGHT)]
    for response in (
        await ana.submit(attempt_id=second["attempt_id"], responses=foreign),
        await ana.submit(responses=foreign),
        await ana.call("PATCH", f"/api/attempts/{second['attempt_id']}/", {"responses": foreign}),
    ):
        assert response.status_code == 422, response.text
        assert response.json()["errors"][0]["pointer"] == "/responses/0/question_id"


async def test_later_attempts_get_what_was_not_seen_yet(world: World) -> None:
    ana = await taker(world, pool(5, 2), max_attempts=None)
    seen: Counter[str] = Counter()
    for _ in range(5):
        started = await ana.start()
        seen.update(ids(started))
        await ana.submit(attempt_id=started["attempt_id"], responses=[])
        assert (
            max(seen.values()) - min(seen.get(one, 0) for one in (seen if len(seen) == 5 else ["none"])) <= 1
        )
    assert sorted(seen.values()) == [2] * 5


async def test_a_quiz_that_draws_is_started_before_it_is_shown_or_submitted(world: World) -> None:
    ana = await taker(world, choice("First?"), pool(3, 2))
    shown = await ana.call.ok("GET", ana.path)
    assert (shown.get("questions"), shown["question_count"]) == (None, 3)
    refused = await ana.submit(responses=[])
    assert (refused.status_code, refused.json()["code"]) == (409, "attempt-not-started")
    modules = await ana.call.ok("GET", f"/api/courses/{ana.course['id']}/modules/")
    assert modules["items"][0]["items"][0]["question_count"] == 3


async def test_of_many_starts_at_once_there_is_one_draw(world: World) -> None:
    ana = await taker(world, pool(20, 5), shuffle=True)
    answers = await asyncio.gather(*(ana.start() for _ in range(6)))
    assert len({tuple(ids(started)) for started in answers}) == 1
    assert len(ids(answers[0])) == 5


async def test_large_pools_take_no_more_statements_than_questions_do(app: FastAPI, world: World) -> None:
    """An attempt stores what it drew, not what it drew from."""
    counts = []
    for n, paper in enumerate(
        ([choice(f"Q{i}?") for i in range(10)], [pool(200, 2, name=f"P{i}") for i in range(5)])
    ):
        course = await world.course(tree(quiz(*paper)))
        for user in ("warm", "counts"):
            await world.add_member(f"{user}{n}")
            bob = await quiz_taker(world, {}, f"{user}{n}", course)
            with counted(app) as statements:
                assert len(ids(await bob.start())) == 10
        counts.append(len(statements))
    assert counts[1] <= counts[0] + 1, counts


async def test_people_grade_what_was_drawn(world: World) -> None:
    essays = [essay(f"<p>Why {n}?</p>", points=4) for n in range(3)]
    ana = await taker(world, choice(), {"type": "pool", "draw": 1, "questions": essays})
    started = await ana.start()
    choice_given = right(started["questions"][0], RIGHT)
    written = {"question_id": started["questions"][1]["id"], "text": "Because."}
    await ana.submit(attempt_id=started["attempt_id"], responses=[choice_given, written])
    await grade(world.admin, await waiting(world), 3)
    attempt = await ana.call.ok("GET", f"/api/attempts/{started['attempt_id']}/")
    assert (attempt["status"], attempt["points"], attempt["max_points"]) == ("graded", 4, 5)
    draft = await world.admin.ok("GET", f"/api/courses/{ana.course['id']}/draft/")
    assert len(draft["modules"][0]["items"][0]["questions"][1]["questions"]) == 3
    exported = await ana.call.ok("GET", "/api/users/export/")
    assert str(exported).count("Because.") == 1


async def test_statistics_count_each_question_over_all_draws(world: World) -> None:
    course = await world.course(tree(quiz(choice("All?"), pool(3, 2), max_attempts=1)))
    times: Counter[str] = Counter()
    for n in range(6):
        await world.add_member(f"user{n}")
        ana = await quiz_taker(world, {}, f"user{n}", course)
        started = await ana.start()
        given = [right(q, RIGHT if i % 2 else WRONG) for i, q in enumerate(started["questions"])]
        times.update(q["key"] for q in started["questions"])
        await ana.submit(attempt_id=started["attempt_id"], responses=given)
    found = await world.admin.ok("GET", f"/api/courses/{course['id']}/versions/1/statistics/")
    [one] = found["quizzes"]
    assert one["attempts"] == 6
    # One of the three may never have been drawn.
    assert {question["question_key"]: question["n"] for question in one["questions"]} == {
        question["question_key"]: times[question["question_key"]] for question in one["questions"]
    }
    assert sum(question["n"] for question in one["questions"]) == times.total()
    assert one["mean"] == 33.333333


async def test_a_pool_that_cannot_be_drawn_from_is_not_published(world: World) -> None:
    unequal = pool(2, 1)
    unequal["questions"][1]["points"] = 2
    empty_prompt = pool(2, 2)
    empty_prompt["questions"][1]["prompt_html"] = ""
    course = await world.course(tree(quiz(pool(2, 3), unequal, empty_prompt)), publish=False)
    refused = await world.admin("POST", f"/api/courses/{course['id']}/publish/")
    faults = refused.json()["errors"]
    found = {(fault["pointer"].removeprefix("/modules/0/items/0"), fault["code"]) for fault in faults}
    assert found == {
        ("/questions/0/questions", "too-few"),
        ("/questions/1/questions/1/points", "conflicting"),
        ("/questions/2/questions/1/prompt_html", "empty"),
    }


@pytest.mark.parametrize("change", ["draw = 1", "pool = NULL"])
async def test_a_published_pool_never_changes(world: World, change: str) -> None:
    ana = await taker(world, pool(3, 2))
    async with world.worker.transaction(world.id) as session:
        with pytest.raises(DBAPIError, match="published"):
            await session.execute(
                text(f"UPDATE questions SET {change} WHERE organization_id = :id"), {"id": world.id}
            )
        await session.rollback()
    assert len(ids(await ana.start())) == 2


async def test_what_an_author_reads_can_be_sent_back_and_keys_stay(world: World) -> None:
    ana = await taker(world, pool(3, 2))
    path = f"/api/courses/{ana.course['id']}/draft/"
    read = await world.admin("GET", path)
    sent = read.json() | {"title": "Another"}
    saved = await world.admin("PUT", path, sent, headers={"If-Match": read.headers["etag"]})
    assert saved.status_code == 200, saved.text
    assert saved.json()["modules"] == read.json()["modules"]
    found = await world.admin.ok("GET", f"/api/courses/{ana.course['id']}/versions/2/diff/?against=1")
    assert [change["kind"] for change in found["changes"]] == ["course"]


def paper_of(count: int, draw: int) -> CompiledQuiz:
    """A quiz of one pool."""
    questions = [
        QuestionView(uuid.uuid4(), f"k{n}", "free_form", "<p>?</p>", Decimal(1)) for n in range(count)
    ]
    names = tuple(str(question.id) for question in questions)
    return CompiledQuiz(
        id=uuid.uuid4(),
        kind="quiz",
        key="q",
        title="Quiz",
        required=True,
        pass_score=Decimal(70),
        max_attempts=None,
        time_limit_seconds=None,
        retry_delay_seconds=None,
        shuffle=False,
        feedback="never",
        max_points=Decimal(2),
        keys={},
        shown=tuple(questions),
        explanations={},
        choice_feedback={},
        places=(CompiledPool(names, draw),),
    )


def test_neither_place_nor_order_says_which_questions_there_are() -> None:
    paper = paper_of(4, draw=2)
    names = [str(question.id) for question in paper.shown]
    met = Counter(tuple(str(q.id) for q in drawn(paper, {}).shown) for _ in range(1200))
    assert len(met) == 12  # each ordered pair
    assert min(met.values()) > 50
    preferred = {
        frozenset(str(q.id) for q in drawn(paper, {names[0]: 1, names[1]: 1}).shown) for _ in range(50)
    }
    assert preferred == {frozenset(names[2:])}
    # Of those that were seen alike, each as often; of those seen less, all.
    seen = {names[0]: 0, names[1]: 1, names[2]: 1, names[3]: 2}
    often = Counter(str(q.id) for _ in range(600) for q in drawn(paper, seen).shown)
    assert often[names[0]] == 600
    assert min(often[names[1]], often[names[2]]) > 200
    assert names[3] not in often


def test_chance_is_asked_for_what_is_drawn_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the system's: five pools of 200 took a thousand calls of it for ten questions."""
    paper = paper_of(200, draw=2)
    chance = Counting()
    monkeypatch.setattr(papers, "_chance", chance)
    assert len(drawn(paper, {}).shown) == 2
    assert chance.asked <= 20


class Counting(random.Random):
    """Counts how often it is asked."""

    asked = 0

    def getrandbits(self, k: int, /) -> int:
        self.asked += 1
        return super().getrandbits(k)
