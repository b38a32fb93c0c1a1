"""After random regrades every attempt, score, pass and completion is what grading from scratch says."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.grading.regrade_model import ATTEMPTS, PASS, Attempt, Key, Learner, corrected
from tests.kit.direct import Database, database
from tests.kit.quiz_taker import QuizTaker, essay, quiz, quiz_taker, tree
from tests.kit.regrades import questions_of, regrade
from tests.kit.world import Json, World, right

__all__ = ["database"]
KINDS = ("single", "statement", "several", "word", "number", "essay")
GIVEN: Mapping[str, st.SearchStrategy[Any]] = {
    "single": st.sampled_from(["a", "b", "c", None]),
    "statement": st.sampled_from([True, False, None]),
    "several": st.sets(st.sampled_from("abcd")).map(sorted),
    "word": st.sampled_from(["yes", "no", "maybe", None]),
    "number": st.sampled_from(["3", "4", None]),
    "essay": st.sampled_from(["Because.", None]),
}
RIGHT: Mapping[str, st.SearchStrategy[Any]] = {
    "single": st.sets(st.sampled_from("abc"), min_size=1).map(frozenset),
    "statement": st.booleans(),
    "several": st.sets(st.sampled_from("abcd"), min_size=1).map(frozenset),
    "word": st.sets(st.sampled_from(["yes", "no", "maybe"]), min_size=1).map(frozenset),
    "number": st.sampled_from(["3", "4"]),
}
FIRST: Mapping[str, Any] = {
    "single": frozenset("a"),
    "statement": True,
    "several": frozenset("ab"),
    "word": frozenset({"yes"}),
    "number": "3",
    "essay": None,
}
POINTS = st.sampled_from([Fraction(1), Fraction(2), Fraction(5, 2)])
POLICIES = st.sampled_from(["either", "new_only", "full_credit", "drop"])


@st.composite
def corrections(draw: st.DrawFn) -> tuple[str, bool, dict[str, tuple[Any, Fraction | None]]]:
    """A policy, whether it may lower, and per question another right answer, other points, or both."""
    policy = draw(POLICIES)
    changes = {}
    for kind in draw(st.sets(st.sampled_from(KINDS), min_size=1, max_size=2)):
        answer = draw(RIGHT[kind]) if kind in RIGHT and draw(st.booleans()) else None
        points = draw(POINTS) if answer is None or draw(st.booleans()) else None
        changes[kind] = (answer, points) if policy in ("either", "new_only") else (None, None)
    return policy, draw(st.booleans()), changes


ANSWERS = st.fixed_dictionaries(dict(GIVEN))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("answer"), st.integers(0, 1), ANSWERS),
        st.tuples(st.just("grade"), st.integers(0, 20), st.integers(0, 4)),
        st.tuples(
            st.just("override"), st.integers(0, 20), st.tuples(st.sampled_from(KINDS), st.integers(0, 5))
        ),
        st.tuples(st.just("regrade"), corrections(), st.none()),
    ),
    min_size=2,
    max_size=5,
)


def course() -> Json:
    """A quiz with a question of each kind."""
    single = [{"text": one, "is_correct": one == "a"} for one in "abc"]
    several = [{"text": one, "is_correct": one in "ab"} for one in "abcd"]
    asked: dict[str, Json] = {
        "single": {"type": "multiple_choice", "answers": single},
        "statement": {"type": "true_false", "correct": True},
        "several": {"type": "multi_select", "answers": several, "scoring": "right_minus_wrong"},
        "word": {"type": "short_answer", "accepted_answers": ["yes"], "review": "unmatched"},
        "number": {"type": "numeric", "answer": 3},
    }
    questions = [{"prompt_html": f"<p>{kind}?</p>", "points": 2, **one} for kind, one in asked.items()]
    questions.append(essay(points=2))
    return tree(quiz(*questions, pass_score=float(100 * PASS), max_attempts=ATTEMPTS))


@dataclass
class Walk:
    """A course, two learners, and what the model says of them."""

    world: World
    database: Database
    takers: list[QuizTaker]
    questions: Mapping[str, Json]
    keys: dict[str, Key] = field(
        default_factory=lambda: {kind: Key(kind, Fraction(2), (FIRST[kind],)) for kind in KINDS}
    )
    learners: list[Learner] = field(default_factory=lambda: [Learner(), Learner()])
    ids: list[list[str]] = field(default_factory=lambda: [[], []])

    async def answer(self, who: int, answers: Mapping[str, Any]) -> None:
        """Close an attempt with these answers, where one is left."""
        learner = self.learners[who]
        if len(learner.attempts) == ATTEMPTS:
            return
        started = await self.takers[who].start()
        responses = [
            right(question, form)
            for question, kind in zip(started["questions"], KINDS, strict=True)
            if (form := _form(kind, answers[kind])) is not None
        ]
        sent = await self.takers[who].submit(attempt_id=started["attempt_id"], responses=responses)
        assert sent.status_code == 200, sent.text
        self.ids[who].append(started["attempt_id"])
        learner.attempts.append(Attempt(answers, dict(self.keys)))

    async def grade(self, which: int, halves: int) -> None:
        """Grade one of the responses that wait."""
        rows = await self.database(
            "SELECT r.id, r.attempt_id, q.key, r.max_points FROM pending_responses r JOIN questions q"
            " ON q.id = r.question_id WHERE r.graded_at IS NULL AND r.course_id = $1 ORDER BY r.id",
            uuid.UUID(self.takers[0].course["id"]),
        )
        expected = sum(len(a.waiting) for learner in self.learners for a in learner.attempts)
        assert len(rows) == expected
        if not rows:
            return
        row = rows[which % len(rows)]
        points = min(Fraction(halves, 2), Fraction(row["max_points"]))
        body = {"points": float(points)}
        await self.world.admin.ok("POST", f"/api/learning/grading/{row['id']}/", body)
        kind = next(kind for kind, one in self.questions.items() if one["key"] == row["key"])
        for learner, ids in zip(self.learners, self.ids, strict=True):
            for attempt, attempt_id in zip(learner.attempts, ids, strict=True):
                if attempt_id == str(row["attempt_id"]):
                    assert kind in attempt.waiting
                    attempt.persons[kind] = points

    async def override(self, which: int, what: tuple[str, int]) -> None:
        """Give a question of one of the attempts other points, by a person."""
        every = [
            pair
            for learner, ids in zip(self.learners, self.ids, strict=True)
            for pair in zip(learner.attempts, ids, strict=True)
        ]
        attempt, attempt_id = every[which % len(every)]
        kind, halves = what
        if attempt.keys[kind].dropped:
            return
        points = min(Fraction(halves, 2), attempt.keys[kind].worth)
        seen = await self.world.admin.ok("GET", f"/api/attempts/{attempt_id}/")
        question_id = seen["responses"][KINDS.index(kind)]["question_id"]
        body = {"question_id": question_id, "points": float(points), "reason": "Read again."}
        await self.world.admin.ok("POST", f"/api/attempts/{attempt_id}/overrides/", body)
        attempt.persons[kind] = points

    async def regrade(self, policy: str, lower: bool, changes: Mapping[str, Any]) -> None:
        """Correct the keys; where nothing would be left, that is refused and the model says so, too."""
        keys = {
            kind: corrected(key, policy, *changes[kind]) if kind in changes else key
            for kind, key in self.keys.items()
        }
        if not any(key.worth for key in keys.values()):
            return
        sent = [self._change(kind, *what) for kind, what in changes.items()]
        before = [[(a.low, a.high) for a in one.attempts] for one in self.learners]
        done = await regrade(self.world, self.takers[0].course, *sent, policy=policy, lower=lower)
        self.keys = keys
        for learner in self.learners:
            for attempt in learner.attempts:
                attempt.regrade(keys, lower=lower)
        pairs = [
            (old, (attempt.low, attempt.high))
            for learner, olds in zip(self.learners, before, strict=True)
            for attempt, old in zip(learner.attempts, olds, strict=True)
        ]
        down = [new[0] < old[0] or new[1] < old[1] for old, new in pairs]
        assert done["attempts_down"] == sum(down)
        assert done["attempts_up"] == sum(
            new > old and not fell for (old, new), fell in zip(pairs, down, strict=True)
        )

    def _change(self, kind: str, answer: Any, points: Fraction | None) -> Json:
        question = self.questions[kind]
        change: Json = {"question_key": question["key"]}
        if points is not None:
            change["points"] = float(points)
        match kind:
            case _ if answer is None:
                pass
            case "single" | "several":
                change["answers"] = [
                    {"key": one["key"], "is_correct": one["text"] in answer} for one in question["answers"]
                ]
            case "statement":
                change["correct"] = answer
            case "word":
                change["accepted_answers"] = sorted(answer)
            case "number":
                change["answer"] = int(answer)
        return change

    async def agree(self) -> None:
        """All that is stored is what the model says."""
        for learner, ids, taker in zip(self.learners, self.ids, self.takers, strict=True):
            learner.settle()
            rows = await self.database(
                "SELECT id, points, pending_points, max_points, passed, status, marks FROM quiz_attempts"
                " WHERE enrollment_id = $1 ORDER BY number",
                uuid.UUID(taker.enrollment_id),
            )
            assert [str(row["id"]) for row in rows] == ids
            for row, attempt in zip(rows, learner.attempts, strict=True):
                assert _exact(row["points"]) == attempt.points
                assert _exact(row["max_points"]) == attempt.most
                assert row["status"] == ("pending_review" if attempt.waiting else "graded")
                decided = True if attempt.low >= PASS else False if attempt.high < PASS else None
                assert row["passed"] is decided
            [stored] = await self.database(
                "SELECT e.status, c.score, (SELECT count(*) FROM lost_passes l WHERE l.enrollment_id = e.id"
                " AND l.resolved_at IS NULL) AS lost FROM enrollments e LEFT JOIN course_completions c"
                " ON c.enrollment_id = e.id WHERE e.id = $1",
                uuid.UUID(taker.enrollment_id),
            )
            assert (stored["status"], stored["lost"]) == (learner.status, int(learner.doubted))
            if learner.score is None:
                assert stored["score"] is None
            else:
                assert abs(_exact(stored["score"]) - learner.score) < Fraction(1, 10**5)


def _exact(number: Decimal) -> Fraction:
    return Fraction(number).limit_denominator(10**9)


def _form(kind: str, answer: Any) -> Json | None:
    if answer is None:
        return None
    match kind:
        case "single":
            return {"texts": [answer]}
        case "several":
            return {"texts": answer}
        case "statement":
            return {"value": answer}
        case "number":
            return {"number": answer}
        case _:
            return {"text": answer}


async def go(world: World, database: Database, steps: list[Any]) -> None:
    """One walk, and a look at everything after each step."""
    made = await world.course(course())
    takers = []
    for _ in range(2):
        user = f"m-{uuid.uuid4().hex[:10]}"
        await world.add_member(user)
        takers.append(await quiz_taker(world, {}, user, made))
    questions = dict(zip(KINDS, await questions_of(world, made), strict=True))
    walk = Walk(world, database, takers, questions)
    for kind, *arguments in [("answer", 0, steps[0][2] if steps[0][0] == "answer" else PERFECT), *steps]:
        match kind:
            case "answer":
                await walk.answer(*arguments)
            case "grade":
                await walk.grade(*arguments)
            case "override":
                await walk.override(*arguments)
            case _:
                await walk.regrade(*arguments[0])
        await walk.agree()


PERFECT = {
    "single": "a",
    "statement": True,
    "several": ["a", "b"],
    "word": "yes",
    "number": "3",
    "essay": "Because.",
}


async def walks(world: World, database: Database, most: int) -> None:
    """So many walks that hypothesis draws."""
    loop = asyncio.get_running_loop()

    @settings(
        max_examples=most,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        # A change is judged by the same walks as the one before it.
        derandomize=True,
    )
    @given(STEPS)
    def check(steps: list[Any]) -> None:
        asyncio.run_coroutine_threadsafe(go(world, database, steps), loop).result(120)

    await asyncio.to_thread(check)


async def test_regrades_come_to_what_grading_from_scratch_says(world: World, database: Database) -> None:
    await walks(world, database, 2)


@pytest.mark.long
@pytest.mark.timeout(3000)
async def test_regrades_come_to_what_grading_from_scratch_says_for_long(
    world: World, database: Database
) -> None:
    await walks(world, database, 500)
