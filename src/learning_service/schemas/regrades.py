"""Wire types of regrades, and of what was corrected of a version."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from learning_service.domain.courses.queries.corrections import read_changes
from learning_service.domain.courses.rules.corrections import Correction
from learning_service.domain.courses.rules.tree import Tree
from learning_service.domain.kernel.values import CleanText, StrictModel, some
from learning_service.domain.questions.rules.corrections import Policy, QuestionChange
from learning_service.schemas.common import Out

MAX_CHANGES = 100
CHOSEN = (
    "`either`: the better of the key in force and the new one; `new_only`: the new key alone; `full_credit`: full"
    " marks for every attempt; `drop`: the question leaves points and maximum."
)


class RegradeIn(StrictModel):
    """What was wrong, and how it is set right."""

    changes: Annotated[tuple[QuestionChange, ...], *some(MAX_CHANGES)]
    """One for each question; `full_credit` and `drop` take its key alone."""
    policy: Annotated[Policy, Field(description=CHOSEN)]
    lower: Annotated[
        bool,
        Field(description="Whether scores may fall; else an attempt that would fall keeps all its marks."),
    ] = False
    note: Annotated[
        CleanText,
        Field(min_length=1, max_length=2000, description="Why; kept with the version's corrections."),
    ]


class RegradedAttemptOut(Out):
    """An attempt that changes."""

    attempt_id: UUID
    enrollment_id: UUID
    quiz_key: Annotated[str, Field(description="Which quiz, by the key that it has in every version.")]
    number: Annotated[int, Field(description="Which attempt of its enrollment.")]
    score_before: Annotated[float, Field(description="What it had for sure, in percent.")]
    score_after: Annotated[float, Field(description="What it has then, in percent.")]
    passed_before: Annotated[bool | None, Field(description="Null: undecided.")]
    passed_after: Annotated[bool | None, Field(description="Null: undecided.")]


class ChoiceChangeOut(Out):
    """Whether a choice is right."""

    key: Annotated[str, Field(description="The choice's key.")]
    is_correct: Annotated[bool, Field(description="Whether choosing it is right since.")]


class QuestionChangeOut(Out):
    """What was corrected of a question; null: it stayed."""

    question_key: str
    answers: Annotated[
        list[ChoiceChangeOut] | None, Field(description="Which choices are right; those not named stayed.")
    ] = None
    correct: Annotated[bool | None, Field(description="Whether the statement is true.")] = None
    accepted_answers: Annotated[list[str] | None, Field(description="The texts that count as right.")] = None
    answer: Annotated[float | None, Field(description="The number that is right.")] = None
    tolerance: Annotated[float | None, Field(description="How far from it an answer may be.")] = None
    points: Annotated[float | None, Field(description="What the question is worth.")] = None

    @classmethod
    def of(cls, change: QuestionChange) -> Self:
        """The change as it was sent."""
        return cls.model_validate(change.model_dump(mode="json"))


class RegradeOut(Out):
    """A regrade: before it is applied what it would do, from then on what it has done."""

    id: UUID
    course_id: UUID
    version: Annotated[int, Field(description="The number of the version that it corrects.")]
    status: Annotated[
        Literal["preview", "applying", "applied", "failed"],
        Field(description="`applying`: attempts are being graded anew; `failed`: it stopped, see `error`."),
    ]
    policy: Annotated[Policy, Field(description=CHOSEN)]
    lower: Annotated[bool, Field(description="Whether scores may fall.")]
    note: Annotated[str, Field(description="Why it was made.")]
    changes: Annotated[list[QuestionChangeOut], Field(description="What it corrects, question by question.")]
    attempts_up: Annotated[int, Field(description="Closed attempts whose score rises.")]
    attempts_down: Annotated[int, Field(description="Closed attempts whose score falls.")]
    unchanged: Annotated[int, Field(description="All other closed attempts at the quizzes it changes.")]
    passes_won: Annotated[int, Field(description="Enrollments that come to be completed.")]
    passes_lost: Annotated[
        int,
        Field(description="Enrollments with a pass that goes to the lost passes, where a person decides."),
    ]
    certificates_touched: Annotated[
        int, Field(description="Certificates that are issued or come into doubt.")
    ]
    compliance_touched: Annotated[
        int, Field(description="Completions for a requirement that are made or come into doubt.")
    ]
    sample: Annotated[
        list[RegradedAttemptOut], Field(description="Some of the attempts, as the preview saw them.")
    ]
    total: Annotated[int, Field(description="Enrollments to go through, as the preview counted them.")]
    done: Annotated[int, Field(description="Enrollments that were gone through.")]
    previewed_by: Annotated[str, Field(description="Whose preview it was.")]
    previewed_at: Annotated[datetime, Field(description="When the preview was made.")]
    applied_by: Annotated[str | None, Field(description="Who applied it; null: it was not.")]
    applied_at: Annotated[datetime | None, Field(description="When; null: it was not applied.")]
    finished_at: Annotated[datetime | None, Field(description="When it ended; null: it has not.")]
    error: Annotated[
        str | None, Field(description="Why it failed: `internal-error`; null: it has not. What it did stays.")
    ]

    @classmethod
    def of(cls, regrade: Any, *, course_id: UUID, version: int) -> Self:
        """The regrade, or its row, of that course's version."""
        own = {name: getattr(regrade, name) for name in cls.model_fields if hasattr(regrade, name)}
        changed = regrade.attempts_up + regrade.attempts_down
        return cls.model_validate(
            own
            | {
                "course_id": course_id,
                "version": version,
                "unchanged": regrade.attempts - changed,
                "changes": [QuestionChangeOut.of(change) for change in read_changes(regrade.changes)],
            }
        )


class CorrectionOut(Out):
    """What was corrected of a published version, whose own tree stays as it is."""

    number: Annotated[int, Field(description="From 1. Each is laid over those before it.")]
    policy: Annotated[Policy, Field(description=CHOSEN)]
    changes: Annotated[
        list[QuestionChangeOut], Field(description="What was corrected, question by question.")
    ]
    note: Annotated[str, Field(description="Why it was made.")]
    corrected_by: Annotated[str, Field(description="Who applied it.")]
    corrected_at: Annotated[datetime, Field(description="When it was applied.")]

    @classmethod
    def of(cls, correction: Correction) -> Self:
        """The correction as it was made."""
        return cls(
            number=correction.number,
            policy=correction.policy,
            changes=[QuestionChangeOut.of(change) for change in correction.changes],
            note=correction.note,
            corrected_by=correction.corrected_by,
            corrected_at=correction.corrected_at,
        )


class VersionTreeOut(Tree):
    """A version's tree as it was published, and what was corrected since, if anything."""

    corrections: list[CorrectionOut] = []
    """What was corrected of its keys and points, in order; the tree itself stays as it was."""
