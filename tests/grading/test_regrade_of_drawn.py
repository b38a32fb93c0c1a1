"""Regrades of quizzes that draw their questions, with attempts under way: as grading from scratch says."""

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pytest
from tests.grading.regrade_model import RULES, Attempt, Key, corrected
from tests.kit.direct import Database, database
from tests.kit.quiz_taker import QuizTaker, quiz, quiz_taker, tree
from tests.kit.regrades import questions_of, regrade, swapped
from tests.kit.world import Json, World, choice

__all__ = ["database"]
TEXTS = "abc"
DRAWN = [f"Drawn {n}" for n in range(4)]
PAIRS = {"one": "uno", "two": "dos", "three": "tres"}
ITEMS = ("first", "second", "third", "fourth")
POINTS = {"Fixed": 2, "Pairs": 3, "Order": 2, **dict.fromkeys(DRAWN, 1)}
KINDS = {"Fixed": "single", "Pairs": "pairs", "Order": "order", **dict.fromkeys(DRAWN, "single")}
RIGHTS: Mapping[str, Any] = {"single": frozenset("a"), "pairs": PAIRS, "order": ITEMS}
PASS = Fraction(3, 5)


def _pairs(right: Mapping[str, str], given: Any) -> Fraction:
    return Fraction(sum((given or {}).get(left) == other for left, other in right.items()), len(right))


def _order(right: tuple[str, ...], given: Any) -> Fraction:
    return Fraction(sum(a == b for a, b in zip(right, given or (), strict=False)), len(right))


def single(prompt: str, points: int) -> Json:
    answers = [{"text": text, "is_correct": text == "a"} for text in TEXTS]
    return {**choice(prompt, points), "answers": answers}


def content() -> Json:
    """Three questions for all, and two of four for each."""
    pairs = {"type": "matching", "pairs": [{"left": a, "right": b} for a, b in PAIRS.items()]}
    order = {"type": "ordering", "items": list(ITEMS)}
    drawn = [single(name, POINTS[name]) for name in DRAWN]
    return tree(
        quiz(
            single("Fixed", POINTS["Fixed"]),
            {**pairs, "prompt_html": "<p>Pairs</p>", "points": POINTS["Pairs"], "scoring": "per_part"},
            {"type": "pool", "draw": 2, "questions": drawn},
            {**order, "prompt_html": "<p>Order</p>", "points": POINTS["Order"], "scoring": "per_part"},
            pass_score=float(100 * PASS),
            max_attempts=20,
        )
    )


@dataclass
class Taken:
    """An attempt of a learner: what it asks, and what was given."""

    taker: QuizTaker
    id: str
    asked: Mapping[str, Json]
    given: dict[str, Any] = field(default_factory=dict)


def answer_of(chance: random.Random, name: str) -> Any:
    match KINDS[name]:
        case "single":
            return chance.choice(TEXTS)
        case "pairs":
            rights = list(PAIRS.values())
            return dict(
                zip(PAIRS, rights if chance.random() < 0.5 else chance.sample(rights, 3), strict=True)
            )
    return ITEMS if chance.random() < 0.4 else tuple(chance.sample(ITEMS, 4))


def sent(question: Json, answer: Any) -> Json:
    """The answer as a learner sends it."""
    if isinstance(answer, str):
        [chosen] = [one["id"] for one in question["answers"] if one["text"] == answer]
        return {"question_id": question["id"], "answer_ids": [chosen]}
    if isinstance(answer, dict):
        left, other = ({one["text"]: one["key"] for one in question[side]} for side in ("left", "right"))
        return {"question_id": question["id"], "matches": {left[a]: other[b] for a, b in answer.items()}}
    keys = {one["text"]: one["key"] for one in question["items"]}
    return {"question_id": question["id"], "order": [keys[text] for text in answer]}


class Story:
    """A course, its learners, and what the model says of their attempts."""

    def __init__(
        self, world: World, database: Database, chance: random.Random, takers: list[QuizTaker]
    ) -> None:
        self.world, self.database, self.chance, self.takers = world, database, chance, takers
        self.keys = {name: Key(kind, Fraction(POINTS[name]), (RIGHTS[kind],)) for name, kind in KINDS.items()}
        self.questions: dict[str, Json] = {}
        self.open: dict[int, Taken] = {}
        self.closed: dict[str, Attempt] = {}

    async def begin(self, who: int) -> None:
        """Start an attempt, and save some answers."""
        taker = self.takers[who]
        started = await taker.start()
        names = {question["prompt_html"].strip("</p>"): question for question in started["questions"]}
        taken = self.open[who] = Taken(taker, started["attempt_id"], names)
        saved = {name: answer_of(self.chance, name) for name in names if self.chance.random() < 0.5}
        taken.given.update(saved)
        body = {"responses": [sent(names[name], answer) for name, answer in saved.items()]}
        await taker.call.ok("PATCH", f"/api/attempts/{taken.id}/", body)

    async def end(self, who: int) -> None:
        """Submit, with answers to what was not answered before; one in ten stays without."""
        taken = self.open.pop(who)
        more = {
            name: answer_of(self.chance, name)
            for name in taken.asked
            if name not in taken.given and self.chance.random() < 0.9
        }
        taken.given.update(more)
        responses = [sent(taken.asked[name], answer) for name, answer in more.items()]
        answer = await taken.taker.submit(attempt_id=taken.id, responses=responses)
        assert answer.status_code == 200, answer.text
        given = {name: taken.given.get(name) for name in taken.asked}
        self.closed[taken.id] = Attempt(given, {name: self.keys[name] for name in taken.asked})

    async def correct(self) -> None:
        """Correct one or two questions."""
        policy = self.chance.choice(["either", "new_only", "full_credit", "drop"])
        names = self.chance.sample(sorted(POINTS), self.chance.choice([1, 2]))
        lower = self.chance.random() < 0.5
        keys, changes = dict(self.keys), []
        for name in names:
            change: Json = {"question_key": self.questions[name]["key"]}
            right, points = None, None
            if policy in ("either", "new_only"):
                if KINDS[name] == "single":
                    right = frozenset(self.chance.sample(TEXTS, self.chance.choice([1, 2])))
                    change["answers"] = [
                        {"key": one["key"], "is_correct": one["text"] in right}
                        for one in self.questions[name]["answers"]
                    ]
                if name not in DRAWN and (right is None or self.chance.random() < 0.5):
                    points = Fraction(self.chance.choice([1, 2, 4]))
                    change["points"] = float(points)
            changes.append(change)
            keys[name] = corrected(keys[name], policy, right, points)
        if not any(key.worth for name, key in keys.items() if name not in DRAWN):
            return
        before = {id_: one.low for id_, one in self.closed.items()}
        course = self.takers[0].course
        done = await regrade(self.world, course, *changes, policy=policy, lower=lower)
        self.keys = keys
        for one in self.closed.values():
            one.regrade({name: keys[name] for name in one.given}, lower=lower)
        changed = [(before[id_], one.low) for id_, one in self.closed.items()]
        assert done["attempts_down"] == sum(after < was for was, after in changed), (policy, names, lower)
        assert done["attempts_up"] == sum(after > was for was, after in changed), (policy, names, lower)

    async def agree(self) -> None:
        """Every closed attempt has the model's points, maximum and outcome."""
        rows = await self.database(
            "SELECT a.id, a.points, a.max_points, a.passed FROM quiz_attempts a JOIN enrollments e"
            " ON e.id = a.enrollment_id WHERE e.course_id = $1 AND a.status = 'graded'",
            uuid.UUID(self.takers[0].course["id"]),
        )
        assert {str(row["id"]) for row in rows} == self.closed.keys()
        for row in rows:
            one = self.closed[str(row["id"])]
            points, most = (Fraction(row[name]).limit_denominator(10**9) for name in ("points", "max_points"))
            assert (points, most, row["passed"]) == (one.points, one.most, one.low >= PASS)


async def tell(world: World, database: Database, seed: int, steps: int) -> None:
    chance = random.Random(seed)
    course = await world.course(content())
    takers = []
    for _ in range(3):
        user = f"m-{uuid.uuid4().hex[:10]}"
        await world.add_member(user)
        takers.append(await quiz_taker(world, {}, user, course))
    story = Story(world, database, chance, takers)
    asked = (await world.admin.ok("GET", f"/api/courses/{course['id']}/versions/1/"))["modules"][0]["items"][
        0
    ]
    for one in asked["questions"]:
        for question in one.get("questions") or [one]:
            story.questions[question["prompt_html"].strip("</p>")] = question
    assert story.questions.keys() == POINTS.keys()
    for _ in range(steps):
        who = chance.randrange(len(takers))
        if story.closed and chance.random() < 0.3:
            await story.correct()
        elif who in story.open:
            await story.end(who)
        else:
            await story.begin(who)
        await story.agree()


@pytest.fixture(autouse=True)
def _rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model's rules, and those of what is worth its parts."""
    monkeypatch.setitem(RULES, "pairs", _pairs)
    monkeypatch.setitem(RULES, "order", _order)


@pytest.mark.parametrize("seed", [1, 2])
async def test_drawn_questions_and_attempts_under_way(world: World, database: Database, seed: int) -> None:
    await tell(world, database, seed, 14)


async def test_a_pass_in_doubt_stays_so_by_an_attempt_of_fewer_points(world: World) -> None:
    """The count is in points of the attempt that came last, and what that one drew is worth less than before."""
    drawn = [choice(name, 2) for name in DRAWN[:2]]
    asked = quiz(choice("Fixed", 2), {"type": "pool", "draw": 1, "questions": drawn})
    ana = await quiz_taker(world, tree(asked))
    first = await ana.start()
    given = [sent(question, "right") for question in first["questions"]]
    assert (await ana.submit(attempt_id=first["attempt_id"], responses=given)).json()["passed"]
    fixed, pool = (await questions_of(world, ana.course))[:2]
    done = await regrade(world, ana.course, swapped(fixed), lower=True)
    assert done["passes_lost"] == 1
    # A second attempt gets what the first did not see.
    unseen = next(
        one for one in pool["questions"] if one["prompt_html"] != first["questions"][1]["prompt_html"]
    )
    await regrade(world, ana.course, {"question_key": unseen["key"]}, policy="drop")
    second = await ana.start()
    assert second["questions"][1]["prompt_html"] == unseen["prompt_html"]
    answer = await ana.submit(attempt_id=second["attempt_id"], responses=[])
    assert (answer.status_code, answer.json().get("passed")) == (200, False), answer.text
    lost = (await world.admin.ok("GET", "/api/learning/grading/lost-passes/"))["items"]
    assert [one["user_id"] for one in lost] == ["ana"]
    # It holds again by an attempt that passes.
    third = await ana.start()
    given = [sent(third["questions"][0], "wrong"), *(sent(one, "right") for one in third["questions"][1:])]
    assert (await ana.submit(attempt_id=third["attempt_id"], responses=given)).json()["passed"]
    assert (await world.admin.ok("GET", "/api/learning/grading/lost-passes/"))["items"] == []


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10, 20))
async def test_drawn_questions_and_attempts_under_way_for_long(
    world: World, database: Database, seed: int
) -> None:
    await tell(world, database, seed, 60)
