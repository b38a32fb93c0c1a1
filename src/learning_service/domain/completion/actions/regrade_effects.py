"""What follows for an enrollment when its attempts are graded anew. Pure, and the same for a preview and a run."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from learning_service.domain.attempts.queries.positions import Position, QuizCount
from learning_service.domain.completion.actions.doubts import counted_again, loses
from learning_service.domain.completion.queries.regrading import Plan, Weighing
from learning_service.domain.courses.queries.compiled import CompiledQuiz
from learning_service.domain.enrollments.rules import awaits_review, decide
from learning_service.domain.grading.rules.regrading import Regraded
from learning_service.domain.questions.rules.scores import scaled


@dataclass(frozen=True, slots=True)
class Effect:
    """Where an enrollment stands after it, and what that sets off."""

    weighing: Weighing
    counts: dict[uuid.UUID, QuizCount]
    """Of the quizzes whose counts change."""
    lost: tuple[uuid.UUID, ...]
    """Quizzes whose pass comes into doubt."""
    completes: bool
    """Whether it comes to be completed, unless the member has a completion elsewhere."""
    score: Decimal | None
    """What its completion's score is after it; None: it has none, or no completion.

    Of one that `completes` that of the completion to come.
    """
    is_plain: bool
    """Whether nothing but marks, counts and the score of a completion changes."""

    @property
    def wins(self) -> bool:
        """Whether it completes by what the regrade changes, and no pass of it is in doubt."""
        return self.completes and self.is_due and not self.weighing.doubted and not self.lost

    @property
    def is_due(self) -> bool:
        """Whether there is anything to be done: marks change, or a count is in points of another maximum."""
        return bool(self.weighing.changed or self.counts)

    @property
    def position(self) -> Position:
        """Where it stood before."""
        return self.weighing.position


def effect_of(plan: Plan, weighing: Weighing) -> Effect:
    """The effect on one enrollment, by the rules that hold when an attempt is closed or corrected by hand."""
    position, shape = weighing.position, plan.version.shape
    voided = weighing.completed is not None and weighing.completed.voided
    counts: dict[uuid.UUID, QuizCount] = {}
    lost = []
    after = position
    for quiz_id, attempts in weighing.attempts.items():
        quiz = plan.quizzes[quiz_id]
        before = after.quizzes[quiz_id]
        count = counted_again(after, quiz_id, [one.after for one in attempts], quiz.max_points)
        if count == before:
            continue
        if not voided and loses(plan.version, quiz, after, after.with_count(quiz_id, count)):
            lost.append(quiz_id)
            count = _held(before, count, quiz)
        counts[quiz_id] = count
        after = after.with_count(quiz_id, count)
    standing = after.standing()
    decision = decide(shape, standing)
    completes = decision.status == "completed" and (position.is_open or position.status == "failed")
    return Effect(
        weighing,
        counts,
        tuple(lost),
        completes,
        decision.score
        if decision.status == "completed" and (completes or position.status == "completed")
        else None,
        not weighing.doubted
        and not lost
        and not completes
        and (
            position.status in ("completed", "withdrawn")
            or (
                position.is_open
                and decision.status == "in_progress"
                and (
                    after is position
                    or awaits_review(shape, standing) == awaits_review(shape, position.standing())
                )
            )
            or (position.status == "failed" and decision.status == "failed")
        ),
    )


def _held(before: QuizCount, count: QuizCount, quiz: CompiledQuiz) -> QuizCount:
    best = scaled(before.best_points or Decimal(0), before.max_points or quiz.max_points, quiz.max_points)
    possible = max(best, count.possible_points or Decimal(0))
    return replace(count, best_points=best, possible_points=possible, passed_at=before.passed_at)


@dataclass(slots=True)
class Counts:
    """What a regrade does, counted."""

    attempts: int = 0
    attempts_up: int = 0
    attempts_down: int = 0
    passes_won: int = 0
    passes_lost: int = 0
    certificates_touched: int = 0
    compliance_touched: int = 0

    def add_attempts(self, changed: Sequence[Regraded]) -> None:
        """Count attempts that change."""
        self.attempts_up += sum(one.rises and not one.falls for one in changed)
        self.attempts_down += sum(one.falls for one in changed)

    def add_won(self, *, for_requirement: bool) -> None:
        """Count an enrollment that comes to be completed."""
        self.passes_won += 1
        self.certificates_touched += 1
        self.compliance_touched += for_requirement

    def add_lost(self, weighing: Weighing) -> None:
        """Count an enrollment with a pass that comes into doubt."""
        self.passes_lost += 1
        if weighing.completed is not None:
            self.certificates_touched += 1
            self.compliance_touched += weighing.completed.for_requirement
