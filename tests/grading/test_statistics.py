"""What the answers say about a version's questions, held to formulas that are written out here.

They are those of R's `psych::alpha` (`raw_alpha`, and `r.drop` for the discrimination), and Moodle's facility index.
"""

import random
from collections import Counter
from math import isclose
from statistics import correlation, fmean, median, variance
from typing import Any

import pytest
from sqlalchemy import text
from tests.kit.direct import Database, database
from tests.kit.learner import Learner
from tests.kit.quiz_taker import QuizTaker, quiz, quiz_taker, tree
from tests.kit.world import Json, World, choice

from learning_service.domain.completion.actions import statistics as kept
from learning_service.domain.grading.rules.statistics import (
    Alike,
    AskedQuestion,
    Choice,
    QuestionStatistics,
    QuizStatistics,
    Totals,
    quiz_statistics,
)

__all__ = ["database"]
WORD = {"type": "short_answer", "prompt_html": "<p>Word?</p>", "points": 2, "accepted_answers": ["hazing"]}
STATEMENT = {"type": "true_false", "prompt_html": "<p>So?</p>", "points": 1, "correct": True}
RIGHT, WRONG = {"texts": ["right"]}, {"texts": ["wrong"]}


def raw_alpha(points: list[list[float]]) -> float:
    """Cronbach's alpha of learners' points by question: k / (k - 1) · (1 - sum of variances / variance of sums)."""
    questions = list(zip(*points, strict=True))
    k = len(questions)
    whole = variance([sum(row) for row in points])
    return float(k / (k - 1) * (1 - sum(variance(q) for q in questions) / whole))


def r_drop(points: list[list[float]], question: int) -> float:
    """The correlation of a question's points with the sum of all others."""
    own, others = [row[question] for row in points], [sum(row) - row[question] for row in points]
    return float(correlation(own, others))


def asked(points: list[list[float]], chosen: list[list[str]], question: int, most: float) -> AskedQuestion:
    """A question of choices a, b and c, a being right, from what each learner chose."""
    found: dict[tuple[float, str], list[float]] = {}
    for row, picks in zip(points, chosen, strict=True):
        found.setdefault((row[question], picks[question]), []).append(sum(row))
    return AskedQuestion(
        f"q{question}",
        most,
        [Choice(name, name, name.upper(), name == "a") for name in "abc"],
        [
            Alike(worth, (pick,), len(totals), sum(totals), sum(t * t for t in totals))
            for (worth, pick), totals in found.items()
        ],
    )


def statistics_of(points: list[list[float]], chosen: list[list[str]], most: list[float]) -> QuizStatistics:
    """The statistics of a quiz from its learners' points and choices."""
    sums = [sum(row) for row in points]
    totals = Totals(len(sums), fmean(sums), median(sums), variance(sums))
    questions = [asked(points, chosen, n, worth) for n, worth in enumerate(most)]
    return quiz_statistics("quiz", "Quiz", sum(most), totals, questions)


@pytest.mark.parametrize("seed", range(20))
def test_figures_are_those_of_the_formulas(seed: int) -> None:
    chance = random.Random(seed)
    most = [chance.choice([1.0, 2.0, 0.5]) for _ in range(chance.randint(2, 12))]
    points: list[list[float]] = []
    chosen: list[list[str]] = []
    for _ in range(chance.randint(5, 200)):
        able = chance.random()
        picks = ["a" if chance.random() < able else chance.choice("bc") for _ in most]
        chosen.append(picks)
        points.append([worth if pick == "a" else 0.0 for worth, pick in zip(most, picks, strict=True)])
    found = statistics_of(points, chosen, most)
    sums = [sum(row) for row in points]
    assert found.attempts == len(points)
    assert isclose(found.mean or 0, 100 * fmean(sums) / sum(most), abs_tol=1e-6)
    assert isclose(found.median or 0, 100 * median(sums) / sum(most), abs_tol=1e-6)
    assert isclose(found.alpha or 0, raw_alpha(points), abs_tol=1e-6)
    for n, question in enumerate(found.questions):
        column = [row[n] for row in points]
        assert isclose(question.facility or 0, fmean(column) / most[n], abs_tol=1e-6)
        if len(set(column)) == 1 or len({s - x for s, x in zip(sums, column, strict=True)}) == 1:
            assert question.discrimination is None
        else:
            assert question.discrimination is not None
            assert isclose(question.discrimination, r_drop(points, n), abs_tol=1e-6)
        counts = Counter(picks[n] for picks in chosen)
        assert {one.key: one.chosen for one in question.choices} == {name: counts[name] for name in "abc"}
        for one in question.choices:
            scores = [s for s, picks in zip(sums, chosen, strict=True) if picks[n] == one.key]
            if not scores:
                assert one.mean_score is None
            else:
                assert isclose(one.mean_score or 0, 100 * fmean(scores) / sum(most), abs_tol=1e-6)


def test_a_pool_counts_by_the_places_that_it_fills() -> None:
    chance = random.Random(5)
    alphas = []
    for size in (8, 40):
        points: list[dict[int, float]] = []
        for _ in range(800):
            ability = chance.gauss(0, 1.5)
            points.append({q: float(ability + chance.gauss(0, 1) > 0) for q in chance.sample(range(size), 8)})
        sums = [sum(row.values()) for row in points]
        questions = []
        for q in range(size):
            found = [(row[q], total) for row, total in zip(points, sums, strict=True) if q in row]
            answers = [Alike(worth, (), 1, total, total * total) for worth, total in found]
            questions.append(AskedQuestion(f"q{q}", 1, [], answers, "pool"))
        totals = Totals(len(sums), fmean(sums), median(sums), variance(sums))
        whole = quiz_statistics("quiz", "Quiz", 8, totals, questions, {"pool": 8})
        assert [one.n for one in whole.questions] == [len(one.answers) for one in questions]
        alphas.append(whole.alpha)
        if size == 8:
            table = [[row[q] for q in range(8)] for row in points]
            assert whole.alpha is not None
            assert isclose(whole.alpha, raw_alpha(table), abs_tol=1e-6)
    assert alphas[1] is not None
    assert abs(alphas[1] - (alphas[0] or 0)) < 0.05


def looked_at(*picks: str) -> QuestionStatistics:
    """The last question of five, from learners' choices; those who choose b know the rest, others do not."""
    rows = [["a" if pick in "bx" else "c"] * 4 + [pick] for pick in picks]
    rows[0][0] = "a"
    points = [[1.0 if pick == "a" else 0.0 for pick in row] for row in rows]
    return statistics_of(points, rows, [1.0] * 5).questions[-1]


def test_a_key_that_those_who_do_well_miss_is_suspected() -> None:
    found = looked_at(*"bbbbbbaaa")
    assert found.suspect == "likely-wrong-key"
    assert found.reason == (
        "Learners who do well tend to choose “B”: those who chose “B”, which is not marked as right, reached 100 % on"
        " the other questions, those who chose “A” reached 0 %."
    )
    none_right = looked_at(*"bbbbbbbcc")
    assert (none_right.suspect, none_right.reason) == (
        "likely-wrong-key",
        "No learner chose what is marked as right; 7 of 9 chose “B”.",
    )


def test_two_answers_that_look_right_are_ambiguous_and_what_is_always_right_too_easy() -> None:
    rows = [["a", "a", pick] for pick in "abab"] + [["c", "a", pick] for pick in "abab"]
    points = [[1.0 if pick == "a" else 0.0 for pick in row] for row in rows]
    found = statistics_of(points, rows, [1.0] * 3).questions
    assert [one.suspect for one in found[1:]] == ["too-easy", "ambiguous"]
    assert [bool(one.reason) for one in found[1:]] == [True, True]


def test_a_sound_question_is_not_suspected() -> None:
    rows = [["a", "a", "a"]] * 6 + [["a", "b", "b"]] * 2 + [["b", "c", "c"]] * 3 + [["c", "b", "c"]] * 2
    points = [[1.0 if pick == "a" else 0.0 for pick in row] for row in rows]
    assert [one.suspect for one in statistics_of(points, rows, [1.0] * 3).questions] == [None] * 3


async def learners(world: World, content: Json, n: int) -> list[QuizTaker]:
    """So many learners at the first quiz of a new course."""
    first = await quiz_taker(world, content)
    found = [first]
    for number in range(1, n):
        await world.add_member(f"l{number}")
        learner = await Learner.join(world.member(f"l{number}"), first.course["id"])
        found.append(
            QuizTaker(world, first.course, learner, first.path, first.quiz_id, learner.enrollment_id)
        )
    return found


async def statistics(world: World, course_id: str, number: int = 1) -> Json:
    """What the service says of a version."""
    answer: Json = await world.admin.ok("GET", f"/api/courses/{course_id}/versions/{number}/statistics/")
    return answer


CONTENT = tree(
    quiz(choice(points=2), STATEMENT, WORD, {**choice("All?", 1), "type": "multi_select"}, max_attempts=None)
)
GIVEN: list[tuple[list[Json], list[float]]] = [
    ([RIGHT, {"value": True}, {"text": "Hazing"}, RIGHT], [2, 1, 2, 1]),
    ([RIGHT, {"value": True}, {"text": "hazing "}, WRONG], [2, 1, 2, 0]),
    ([WRONG, {"value": True}, {"text": "no"}, {"texts": ["right", "wrong"]}], [0, 1, 0, 0]),
    ([WRONG, {"value": False}, {"text": ""}, WRONG], [0, 0, 0, 0]),
    ([RIGHT, {"value": False}, {"text": "hazing"}, RIGHT], [2, 0, 2, 1]),
    ([WRONG, {"value": True}, {"text": "hazing"}, RIGHT], [0, 1, 2, 1]),
]


async def test_the_best_attempt_of_each_enrollment_counts(world: World) -> None:
    people = await learners(world, CONTENT, 8)
    for who, (answers, _) in zip(people, GIVEN, strict=False):
        await who.answer(*answers)
    course = people[0].course["id"]
    points = [row for _, row in GIVEN]
    # A worse and a better second try, one that was withdrawn, one under way.
    await people[0].answer(*GIVEN[3][0])
    better, points[3] = GIVEN[5]
    await people[3].answer(*better)
    await people[6].answer(*GIVEN[2][0])
    withdrawn = f"/api/enrollments/{people[6].enrollment_id}/withdraw/"
    await world.admin.ok("POST", withdrawn, {"reason": "Left"})
    await people[7].start()
    [found] = (await statistics(world, course))["quizzes"]
    sums = [sum(row) for row in points]
    assert (found["title"], found["attempts"]) == ("Check", 6)
    assert isclose(found["mean"], 100 * fmean(sums) / 6, abs_tol=1e-6)
    assert isclose(found["median"], 100 * median(sums) / 6, abs_tol=1e-6)
    assert isclose(found["alpha"], raw_alpha(points), abs_tol=1e-6)
    for n, question in enumerate(found["questions"]):
        assert question["n"] == 6
        assert isclose(question["facility"], fmean(row[n] for row in points) / [2, 1, 2, 1][n], abs_tol=1e-6)
        assert isclose(question["discrimination"], r_drop(points, n), abs_tol=1e-6)
    picked, stated, typed, several = (q["choices"] for q in found["questions"])
    assert [one["chosen"] for one in picked] == [3, 3]
    assert [(one["key"], one["chosen"]) for one in stated] == [("true", 5), ("false", 1)]
    assert typed == []
    assert [one["chosen"] for one in several] == [5, 2]
    assert isclose(stated[1]["mean_score"], 100 * 5 / 6, abs_tol=1e-6)


async def test_a_persons_mark_counts_and_few_attempts_have_no_figures(world: World) -> None:
    people = await learners(world, CONTENT, 5)
    course = people[0].course["id"]
    for who, (answers, _) in zip(people[:4], GIVEN, strict=False):
        sent = await who.answer(*answers)
    [few] = (await statistics(world, course))["quizzes"]
    assert (few["attempts"], few["mean"], few["median"], few["alpha"]) == (4, None, None, None)
    assert [(q["n"], q["facility"], q["suspect"], q["choices"]) for q in few["questions"]] == [
        (4, None, None, [])
    ] * 4
    await people[4].answer(*GIVEN[4][0])
    seen = await world.admin.ok("GET", f"/api/attempts/{sent['attempt_id']}/")
    body = {"question_id": seen["responses"][0]["question_id"], "points": 1, "reason": "Nearly"}
    await world.admin.ok("POST", f"/api/attempts/{sent['attempt_id']}/overrides/", body)
    [found] = (await statistics(world, course))["quizzes"]
    assert isclose(found["questions"][0]["facility"], (2 + 2 + 0 + 1 + 2) / 5 / 2, abs_tol=1e-6)


async def test_a_draft_has_no_attempts_and_strangers_do_not_find_it(world: World) -> None:
    course = await world.course(CONTENT, publish=False)
    [found] = (await statistics(world, course["id"]))["quizzes"]
    assert (found["attempts"], len(found["questions"])) == (0, 4)
    path = f"/api/courses/{course['id']}/versions"
    for number in ("2", "0", "x", "99999999999"):
        assert (await world.admin("GET", f"{path}/{number}/statistics/")).status_code == 404
    assert (await world.member()("GET", f"{path}/1/statistics/")).status_code == 404
    published = await world.course(CONTENT)
    answer = await world.member()("GET", f"/api/courses/{published['id']}/versions/1/statistics/")
    assert answer.status_code == 403


async def test_those_of_many_attempts_are_kept_for_a_minute(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MANY", 5)
    people = await learners(world, CONTENT, 6)
    for who, (answers, _) in zip(people[:5], GIVEN, strict=False):
        await who.answer(*answers)
    course = people[0].course["id"]
    first = await statistics(world, course)
    await people[5].answer(*GIVEN[5][0])
    assert await statistics(world, course) == first
    await database(
        "UPDATE kept_statistics SET made_at = made_at - interval '61 seconds' WHERE organization_id = $1",
        world.id,
    )
    later: Any = await statistics(world, course)
    assert [first["quizzes"][0]["attempts"], later["quizzes"][0]["attempts"]] == [5, 6]
    assert later["made_at"] > first["made_at"]


async def test_what_is_not_made_in_time_is_made_by_a_job(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await learners(world, CONTENT, 6)
    for who, (answers, _) in zip(people[:5], GIVEN, strict=False):
        await who.answer(*answers)
    course = people[0].course["id"]
    exact = await statistics(world, course)
    [quiz_key] = [one["quiz_key"] for one in exact["quizzes"]]
    assert exact["under_way"] == []
    with monkeypatch.context() as hurry:
        hurry.setattr(kept, "PATIENCE", 0.0)
        none_yet = await statistics(world, course)
        assert (none_yet["under_way"], none_yet["quizzes"][0]["attempts"]) == ([quiz_key], 0)
        await world.run_jobs()
        first = await statistics(world, course)
        assert (first["under_way"], first["quizzes"]) == ([], exact["quizzes"])
        # Figures from before are better than none, and say when they were made.
        await people[5].answer(*GIVEN[5][0])
        await database(
            "UPDATE kept_statistics SET made_at = made_at - interval '61 seconds' WHERE organization_id = $1",
            world.id,
        )
        old = await statistics(world, course)
        assert (old["under_way"], old["quizzes"]) == ([quiz_key], exact["quizzes"])
        assert old["made_at"] < first["made_at"]
    assert [(await statistics(world, course))["quizzes"][0]["attempts"]] == [6]


async def test_who_asks_while_they_are_made_is_answered_in_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await quiz_taker(world, CONTENT)
    await first.answer(*GIVEN[0][0])
    monkeypatch.setattr(kept, "PATIENCE", 0.3)
    async with world.worker.transaction(world.id) as session:
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended('statistics ' || :quiz, 0))")
        await session.execute(lock, {"quiz": first.quiz_id})
        waited = await statistics(world, first.course["id"])
        assert len(waited["under_way"]) == 1
    monkeypatch.undo()
    assert (await statistics(world, first.course["id"]))["under_way"] == []
