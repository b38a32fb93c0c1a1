"""The review queue as graders see it: what a response decides, and whose it is unless grading is blind."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.queries.standings import progress_of
from learning_service.domain.courses.queries.compiled import compiled_version
from learning_service.domain.documents.rules import shown_html
from learning_service.domain.enrollments.queries.standing import OPEN
from learning_service.domain.grading.queries import WaitingResponse
from learning_service.domain.grading.rules.review import course_reached, still_decides
from learning_service.domain.kernel.clock import now
from learning_service.domain.organizations.queries import organization_settings


@dataclass(frozen=True, slots=True)
class ReviewQuestion:
    """A question as its graders see it."""

    id: uuid.UUID
    key: str
    type: str
    prompt_html: str
    points: Decimal
    rubric_html: str | None
    accepted_answers: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Learner:
    """The member who gave a response."""

    user_id: str
    display_name: str | None


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A response that waits for a grader; `learner` is None where the organization grades blind."""

    response_id: uuid.UUID
    attempt_id: uuid.UUID
    course_id: uuid.UUID
    course_title: str
    quiz_title: str
    question: ReviewQuestion
    text: str
    max_points: Decimal
    decides: bool
    submitted_at: datetime
    claimed_by: str | None
    claimed_until: datetime | None
    learner: Learner | None


async def review_views(
    session: AsyncSession, organization_id: str, rows: Sequence[WaitingResponse]
) -> list[ReviewView]:
    """Responses of one organization as its graders see them, in the same order."""
    if not rows:
        return []
    blind = (await organization_settings(session, organization_id)).blind_grading
    reached = await _reached(session, rows)
    instant = now(session)
    return [
        ReviewView(
            response_id=row.id,
            attempt_id=row.attempt_id,
            course_id=row.course_id,
            course_title=row.course_title,
            quiz_title=row.quiz_title,
            question=_question(row),
            text=row.text,
            max_points=row.max_points,
            decides=_decides(row, reached.get(row.id, True)),
            submitted_at=row.submitted_at,
            claimed_by=row.claimed_by if row.is_claimed(instant) else None,
            claimed_until=row.claimed_until if row.is_claimed(instant) else None,
            learner=None if blind else Learner(row.user_id, row.learner_name),
        )
        for row in rows
    ]


def _question(row: WaitingResponse) -> ReviewQuestion:
    return ReviewQuestion(
        id=row.question_id,
        key=row.question_key,
        type=row.question_type,
        prompt_html=shown_html(row.prompt_html),
        points=row.max_points,
        rubric_html=shown_html(row.rubric_html) if row.rubric_html else row.rubric_html,
        accepted_answers=row.accepted_answers,
    )


def _decides(row: WaitingResponse, reached: bool) -> bool:
    return row.graded_at is None and still_decides(
        max_points=row.max_points,
        attempt_passed=row.attempt_passed,
        quiz_passed=row.quiz_passed,
        raises_best=row.raises_best,
        enrollment_open=row.at_version and row.enrollment_status in OPEN,
        course_reached=reached,
    )


async def _reached(session: AsyncSession, rows: Sequence[WaitingResponse]) -> dict[uuid.UUID, bool]:
    """By response: whether its course's score is reached without it. Asked only where the quiz is passed."""
    asked = [row for row in rows if row.quiz_passed and row.enrollment_status in OPEN]
    if not asked:
        return {}
    standings = await progress_of(session, [row.enrollment_id for row in asked])
    return {
        row.id: course_reached(
            (await compiled_version(session, row.version_id)).shape,
            standings[row.enrollment_id],
            row.quiz_id,
        )
        for row in asked
    }
