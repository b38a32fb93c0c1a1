"""What an attempt under way asks."""

from sqlalchemy import Text, Uuid, bindparam, select

from learning_service.domain.attempts.models import QuizAttempt
from learning_service.domain.courses.models import Quiz

PAPER = (
    select(QuizAttempt.quiz_id, QuizAttempt.layout, Quiz.__table__.c.version_id)
    .join(
        Quiz.__table__,
        (Quiz.__table__.c.organization_id == QuizAttempt.organization_id)
        & (Quiz.__table__.c.id == QuizAttempt.quiz_id),
    )
    .where(
        QuizAttempt.organization_id == bindparam("organization_id", type_=Text()),
        QuizAttempt.user_id == bindparam("user_id", type_=Text()),
        QuizAttempt.id == bindparam("id", type_=Uuid()),
        QuizAttempt.status == "in_progress",
    )
)
"""What a member's attempt under way asks, and of which version; it stays so until the attempt is closed."""
