"""What an attempt under way asks."""

from sqlalchemy import Text, Uuid, bindparam, select

from learning_service.domain.attempts.models import QuizAttempt
from learning_service.domain.courses.models import Quiz
from learning_service.domain.kernel.planning import FENCE

_QUIZZES = Quiz.__table__.c
# Found by its key before anything else is asked of it. Asked at once, an index of those under way would seem smaller,
# and joined, all attempts at the quiz might be gone through, if there were few when the plan was made.
_found = (
    select(
        QuizAttempt.organization_id,
        QuizAttempt.user_id,
        QuizAttempt.status,
        QuizAttempt.quiz_id,
        QuizAttempt.layout,
    )
    .where(
        QuizAttempt.organization_id == bindparam("organization_id", type_=Text()),
        QuizAttempt.id == bindparam("id", type_=Uuid()),
    )
    .offset(FENCE)
    .subquery("attempt")
    .c
)
PAPER = select(
    _found.quiz_id,
    _found.layout,
    select(_QUIZZES.version_id)
    .where(_QUIZZES.organization_id == _found.organization_id, _QUIZZES.id == _found.quiz_id)
    .scalar_subquery()
    .label("version_id"),
).where(_found.user_id == bindparam("user_id", type_=Text()), _found.status == "in_progress")
"""What a member's attempt under way asks, and of which version; it stays so until the attempt is closed."""
