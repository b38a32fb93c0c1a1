"""What completing a version takes, and nothing else about it."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class QuizShape:
    """What passing a quiz or the assessment takes. `pass_score` in percent; `max_attempts` None: no limit."""

    id: UUID
    pass_score: Decimal
    max_attempts: int | None = None


@dataclass(frozen=True, slots=True)
class CourseShape:
    """What completing a version takes: its required items, its assessment, and the score to reach, in
    percent.
    """

    pass_score: Decimal
    required_lessons: frozenset[UUID] = frozenset()
    required_quizzes: tuple[QuizShape, ...] = ()
    assessment: QuizShape | None = None
    optional_quizzes: tuple[QuizShape, ...] = ()

    @property
    def requires_nothing(self) -> bool:
        """Whether all is optional: of versions published before that was refused."""
        return not (self.required_lessons or self.to_pass)

    @property
    def to_pass(self) -> tuple[QuizShape, ...]:
        """Required quizzes, then the assessment."""
        return self.required_quizzes if self.assessment is None else (*self.required_quizzes, self.assessment)
