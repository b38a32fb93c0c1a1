"""Marks that were written for one submission are shown for another one only where they say the same."""

import pytest
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.world import World

FIELDS = ("question_id", "points_awarded", "correct", "feedback", "explanation_html", "right_answer")


@pytest.mark.parametrize("feedback", ["never", "after_submit", "after_last_attempt"])
async def test_each_submission_shows_the_marks_that_its_attempt_has(world: World, feedback: str) -> None:
    content = tree(
        lesson(), quiz("Q", questions=2, max_attempts=3) | {"feedback": feedback, "pass_score": 100}
    )
    ana = await Learner.enter(world, content, user="ana")
    for correct in (0, 1, 2):
        closed = await ana.submit("Q", correct=correct)
        stored = await ana.call.ok("GET", f"/api/attempts/{closed['attempt_id']}/")
        assert closed["points"] == stored["points"]
        shown = {mark["question_id"]: mark for mark in stored["responses"]}
        for mark in closed["responses"]:
            assert mark == {name: shown[mark["question_id"]][name] for name in FIELDS}
        released = feedback == "after_submit" or (feedback == "after_last_attempt" and correct == 2)
        told = [mark["correct"] for mark in closed["responses"]]
        assert sorted(told, key=str) == sorted(
            [n < correct for n in range(2)] if released else [None] * 2, key=str
        )
