"""Responses that were judged before. Pure but for remembering them.

Twenty questions with four choices have eighty responses, however many learners give them. Each is looked up by what
is sent, and nothing of it is validated, graded or written down again. One that is not known here is judged in full.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_json

from learning_service.domain.attempts.rules import told, weight_of
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.answer_keys import AnswerKey, check_responses
from learning_service.domain.questions.rules.marks import Mark
from learning_service.domain.questions.rules.responses import Response, dump_responses

MOST = 10_000
"""Of all quizzes; each takes about a kilobyte."""
Sent = tuple[str, tuple[str, ...] | None]
"""A question, and the choices as they are sent; None: left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A response that fits its question, and needs no person."""

    key: AnswerKey
    """What judged it. Another one, as after a correction, judges anew."""
    mark: Mark
    whole: int | None
    """Its points where they are a whole number, as nearly all are: those are added up in no time."""
    told: bytes
    """Its part of a submission's digest."""
    kept: bytes
    """The response as an attempt keeps it, behind its question's id."""
    marked: bytes
    """Its mark as an attempt keeps it, behind the question's id."""
    weight: int
    """How many bytes it takes of what an attempt may have."""
    shown: dict[bool, bytes] = field(default_factory=dict)
    """What a learner sees of the mark, once its right answer is released and before; filled by who shows it."""


_known: dict[Sent, Judged] = {}


def judged_before(responses: Any) -> dict[str, Judged] | None:
    """What is known of all responses of a body, by question; None where one is not known, or is none at all."""
    found: dict[str, Judged] = {}
    if type(responses) is not list:
        return None
    try:
        for one in responses:
            chosen = one["answer_ids"]
            if type(chosen) is not list or len(one) != 2:
                return None
            question_id = one["question_id"]
            found[question_id] = _known[question_id, tuple(chosen)]
    except (KeyError, TypeError):
        return None
    return found if len(found) == len(responses) else None


def laid_over(kept: Mapping[str, JsonObject], sent: Mapping[str, Judged]) -> Mapping[str, Judged] | None:
    """What was sent, and what is known of the others that an attempt keeps; None where one of those is not."""
    if not kept:
        return sent
    try:
        others = {
            question_id: _known[question_id, tuple(form["answer_ids"])]
            for question_id, form in kept.items()
            if question_id not in sent
        }
    except (KeyError, TypeError):
        return None
    return {**others, **sent}


def remember(keys: Mapping[str, AnswerKey], given: Mapping[str, Response]) -> None:
    """Judge these where all fit and are choices: one that is not makes looking the others up futile."""
    if all(one.answer_ids is not None for one in given.values()) and not check_responses(
        keys, given.values()
    ):
        for question_id, one in given.items():
            judged(keys[question_id], one)


def judged(key: AnswerKey, response: Response | None) -> Judged | None:
    """What the response is worth, remembered where it is one of choices or left out; None for all others."""
    chosen = None if response is None else response.answer_ids
    found = _known.get((key.question_id, chosen))
    if found is not None and found.key is key:
        return found
    mark = key.grade(response)
    if mark.pending or (response is not None and chosen is None):
        return None
    found = Judged(
        key,
        mark,
        mark.points.numerator if mark.points is not None and mark.points.denominator == 1 else None,
        b"" if response is None else told(response),
        b"" if response is None else to_json(dump_responses([response]))[1:-1],
        to_json({key.question_id: mark.stored})[1:-1],
        0 if response is None else weight_of(response),
    )
    if len(_known) >= MOST:
        _known.clear()
    _known[key.question_id, chosen] = found
    return found
