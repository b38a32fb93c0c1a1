"""Grading a closed attempt anew after its questions were corrected. Pure.

Only what was changed is graded again: the sums change by the difference, exactly.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from learning_service.domain.grading.rules.release import BY_PERSON
from learning_service.domain.grading.rules.score import early_decision
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.answer_keys import AnswerKey
from learning_service.domain.questions.rules.corrections import DroppedKey
from learning_service.domain.questions.rules.marks import Mark, award_points
from learning_service.domain.questions.rules.responses import load_responses
from learning_service.domain.questions.rules.scores import exact, exact_score, kept


@dataclass(frozen=True, slots=True)
class KeyBook:
    """What a quiz is graded by at one time: its keys by question, their points together, and what passes."""

    keys: Mapping[str, AnswerKey]
    max_points: Decimal
    pass_score: Decimal
    correction: int


@dataclass(frozen=True, slots=True)
class MarkedAttempt:
    """A closed attempt, with responses and marks of those questions at least that were changed."""

    id: uuid.UUID
    enrollment_id: uuid.UUID
    quiz_id: uuid.UUID
    number: int
    status: str
    submitted_at: datetime
    points: Decimal
    pending_points: Decimal
    max_points: Decimal
    passed: bool | None
    correction: int
    layout: list[tuple[str, list[str]]] | None
    responses: JsonObject
    marks: JsonObject

    @property
    def low(self) -> Fraction:
        """What it has for sure, in percent."""
        return exact_score(self.points, self.max_points)

    @property
    def high(self) -> Fraction:
        """What it can come to, in percent."""
        return exact_score(kept(exact(self.points) + exact(self.pending_points)), self.max_points)


@dataclass(frozen=True, slots=True)
class Regraded:
    """What a regrade makes of an attempt, and the questions whose marks it changed."""

    before: MarkedAttempt
    after: MarkedAttempt
    changed: Mapping[str, JsonObject]
    waiting: frozenset[str] = frozenset()
    """Questions that wait for a person from now on."""
    settled: frozenset[str] = frozenset()
    """Questions that wait no more."""

    @property
    def is_new(self) -> bool:
        """Whether anything of it changes."""
        return self.before is not self.after

    @property
    def rises(self) -> bool:
        """Whether its score does."""
        return (self.after.low, self.after.high) > (self.before.low, self.before.high)

    @property
    def falls(self) -> bool:
        """Whether its score does, for sure or in what it can come to."""
        return self.after.low < self.before.low or self.after.high < self.before.high


@dataclass(frozen=True, slots=True)
class Persons:
    """What persons have to do with an attempt: points that they gave, and questions that wait for one."""

    grades: Mapping[str, Decimal] = field(default_factory=dict)
    waits: frozenset[str] = frozenset()


def regraded(
    attempt: MarkedAttempt,
    before: KeyBook,
    after: KeyBook,
    questions: frozenset[str],
    persons: Persons,
    *,
    lower: bool,
    withdrawn: bool = False,
) -> Regraded:
    """The attempt by the keys of `after`, of which `questions` are other ones than in `before`.

    Points that persons gave beat every key, but are at most what the question is worth now, and go with a question
    that is dropped. Without `lower`, an attempt that would fall keeps all its marks. `withdrawn`: its enrollment was,
    and nothing waits in it that did not wait before.
    """
    given = load_responses({q: attempt.responses[q] for q in questions if q in attempt.responses})
    points, pending = exact(attempt.points), exact(attempt.pending_points)
    changed: dict[str, JsonObject] = {}
    waits = set(persons.waits)
    for question in questions & after.keys.keys():
        old, key = attempt.marks.get(question, {}), after.keys[question]
        grade = None if isinstance(key, DroppedKey) else persons.grades.get(question)
        mark = _mark(key, given.get(question), grade)
        points += (mark.points or Fraction(0)) - exact(Decimal(old.get("points") or 0))
        if question in persons.waits:
            pending -= exact(before.keys[question].points)
            waits.discard(question)
        if mark.pending and (question in persons.waits or not withdrawn):
            pending += exact(key.points)
            waits.add(question)
        new = _stored(mark, old, by_person=grade is not None)
        if new != old:
            changed[question] = new
    facts: dict[str, Any] = {
        "points": kept(points),
        "pending_points": kept(pending),
        "max_points": after.max_points,
        "passed": early_decision(points, pending, exact(after.max_points), after.pass_score),
        "status": "pending_review" if waits else "graded",
    }
    # Most attempts stay as they are: a copy of each, made to be compared, took a tenth of a run.
    if not changed and all(getattr(attempt, name) == fact for name, fact in facts.items()):
        return Regraded(attempt, attempt, {})
    judged = replace(attempt, **facts, correction=after.correction, marks={**attempt.marks, **changed})
    result = Regraded(attempt, judged, changed, frozenset(waits) - persons.waits, persons.waits - waits)
    return Regraded(attempt, attempt, {}) if result.falls and not lower else result


def _mark(key: AnswerKey, response: Any, grade: Decimal | None) -> Mark:
    if grade is None:
        return key.grade(response)
    return award_points(min(grade, key.points), key.points)


def _stored(mark: Mark, old: JsonObject, *, by_person: bool) -> JsonObject:
    """The mark as an attempt keeps it. What a person wrote stays where a person's points do."""
    told = {name: old[name] for name in (BY_PERSON, "feedback") if name in old} if by_person else {}
    return {**mark.stored, **told}
