"""All that is kept about a member, for the member: a document of sections, each read by one function.

Built by allow-list. Marks are shown as far as they are released; there are no answer keys in it, no other people
and no names of graders. A feature that keeps something new about members adds a section to `Export`, or to `PAGED`
where it may grow without end: such a section is read a page at a time, so that a long history does not fill the
memory.
"""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.accommodations.models import Accommodation
from learning_service.domain.accommodations.queries import accommodations_for
from learning_service.domain.attempts.models import (
    EnrollmentGrant,
    PendingResponse,
    QuizAttempt,
    QuizProgress,
)
from learning_service.domain.attempts.queries.positions import AttemptRow, Position, QuizCount
from learning_service.domain.attempts.queries.standings import progress_of
from learning_service.domain.attempts.queries.tried import quiz_of
from learning_service.domain.certificates.models import Certificate
from learning_service.domain.completion.models import EnrollmentMove
from learning_service.domain.completion.views.attempts import given_responses, released, score_of
from learning_service.domain.completion.views.progress import progress_view
from learning_service.domain.compliance.models import ChapterComplianceStatus, MemberSkill
from learning_service.domain.courses.models import CourseGrader
from learning_service.domain.courses.queries.compiled import CompiledQuiz, compiled_version
from learning_service.domain.directory.models import Member
from learning_service.domain.directory.queries.members import get_member
from learning_service.domain.documents.models import Document
from learning_service.domain.enrollments.models import (
    AttestationSignature,
    CourseCompletion,
    Enrollment,
    EnrollmentSource,
    LessonProgress,
)
from learning_service.domain.enrollments.queries.enrollments import (
    EnrollmentView,
    enrollment_views,
    own_enrollments,
)
from learning_service.domain.evidence.models import Evidence
from learning_service.domain.exemptions.models import Exemption
from learning_service.domain.grading.models import ResponseGrade
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import NotAMember
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.preferences.queries import own_preferences
from learning_service.domain.privacy.queries.exported import (
    AnyRow,
    Export,
    ExportedAttempt,
    ExportedEnrollment,
    Rows,
)
from learning_service.domain.privacy.queries.trails import (
    After,
    Page,
    Paged,
    activity,
    member_changes,
    membership_events,
)

ATTEMPTS_AT_ONCE = 10


async def export_member(session: AsyncSession, caller: Principal) -> Export:
    """The caller's document without its paged sections. Raises NotAMember."""
    return Export(
        user_id=caller.user_id,
        organization_id=caller.organization_id,
        exported_at=now(session),
        profile=await _own(session, caller),
        enrollments=await _enrollments(session, caller),
        completions=await _completions(session, caller),
        certificates=await _certificates(session, caller),
        compliance=await _compliance(session, caller),
        exemptions=await _exemptions(session, caller),
        evidence=await _evidence(session, caller),
        accommodations=next(iter(await _accommodations(session, caller)), None),
        skills=await _skills(session, caller),
        preferences=await own_preferences(session, caller),
        grader_of=await _grader_of(session, caller),
        documents=await _documents(session, caller),
    )


async def export_page(session: AsyncSession, caller: Principal, section: str, after: After | None) -> Page:
    """Items of a paged section, and after which the next ones follow. Raises NotAMember."""
    return await PAGED[section](session, caller, await _own(session, caller), after)


async def _own(session: AsyncSession, caller: Principal) -> Member:
    member = await get_member(session, caller.organization_id, caller.user_id)
    if member is None:
        raise NotAMember
    return member


async def _enrollments(session: AsyncSession, caller: Principal) -> list[ExportedEnrollment]:
    rows = await session.execute(
        enrollment_views(
            now(session),
            Enrollment.version_id,
            Enrollment.started_at,
            Enrollment.ended_at,
            Enrollment.extra_time_seconds,
        )
        .where(own_enrollments(caller))
        .order_by(Enrollment.id)
    )
    views = [(EnrollmentView(*row[:-4]), *row[-4:]) for row in rows]
    needed = await accommodations_for(session, caller.organization_id, caller.user_id)
    standings = await progress_of(session, [view.id for view, *_ in views], needed)
    lessons, grants = await _lessons(session, caller), await _grants(session, caller)
    again, signed = await _sources(session, caller), await _attestations(session, caller)
    moves = await _moves(session, caller)
    found = []
    for view, version_id, started_at, ended_at, extra_time in views:
        version = await compiled_version(session, version_id)
        found.append(
            ExportedEnrollment(
                **{name: getattr(view, name) for name in EnrollmentView.__slots__},
                started_at=started_at,
                ended_at=ended_at,
                extra_time_seconds=extra_time,
                progress=progress_view(view, version, standings[view.id]),
                lessons=lessons.get(view.id, []),
                attestations=signed.get(view.id, []),
                grants=grants.get(view.id, []),
                assigned_again=again.get(view.id, []),
                moves=moves.get(view.id, []),
            )
        )
    return found


async def _lessons(session: AsyncSession, caller: Principal) -> dict[uuid.UUID, list[AnyRow]]:
    mine = LessonProgress
    return await _of_enrollments(session, caller, mine, ("lesson_id", "completed_at"), mine.completed_at)


async def _attestations(session: AsyncSession, caller: Principal) -> dict[uuid.UUID, list[AnyRow]]:
    """What was signed in each enrollment, and under which name."""
    mine = AttestationSignature
    names = ("key", "typed_name", "signed_at", "text_hash")
    return await _of_enrollments(session, caller, mine, names, mine.signed_at)


async def _grants(session: AsyncSession, caller: Principal) -> dict[uuid.UUID, list[AnyRow]]:
    """What was granted to each enrollment, and why; not by whom."""
    names = ("kind", "quiz_id", "amount", "due_at", "reason", "granted_at")
    return await _of_enrollments(session, caller, EnrollmentGrant, names, EnrollmentGrant.id)


async def _sources(session: AsyncSession, caller: Principal) -> dict[uuid.UUID, list[AnyRow]]:
    """What assigned each enrollment again while it was open; not who."""
    names = ("source", "due_at", "assigned_at")
    return await _of_enrollments(session, caller, EnrollmentSource, names, EnrollmentSource.id)


async def _moves(session: AsyncSession, caller: Principal) -> dict[uuid.UUID, list[AnyRow]]:
    """To which versions each enrollment was moved, and how much of what was done was kept."""
    names = ("from_version", "to_version", "moved_at", "kept", "lost")
    return await _of_enrollments(session, caller, EnrollmentMove, names, EnrollmentMove.id)


async def _of_enrollments(
    session: AsyncSession, caller: Principal, mine: Any, names: tuple[str, ...], order: Any
) -> dict[uuid.UUID, list[AnyRow]]:
    # The member's few enrollments come first: joined, they were looked for anew for each row of the organization.
    ids = func.array(select(Enrollment.id).where(own_enrollments(caller)).scalar_subquery())
    rows = await session.execute(
        select(mine.enrollment_id, *(getattr(mine, name) for name in names))
        .where(mine.organization_id == caller.organization_id, mine.enrollment_id == func.any(ids))
        .order_by(order)
    )
    return _by_first(rows)


def _by_first(rows: Iterable[AnyRow]) -> dict[uuid.UUID, list[AnyRow]]:
    found: dict[uuid.UUID, list[AnyRow]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found


async def _grades(session: AsyncSession, attempts: list[AttemptRow]) -> dict[uuid.UUID, list[AnyRow]]:
    """Every judgement of each attempt's responses, corrected ones too; not by whom."""
    rows = await session.execute(
        select(
            PendingResponse.attempt_id,
            PendingResponse.question_id,
            ResponseGrade.points,
            ResponseGrade.feedback_html.label("feedback"),
            ResponseGrade.reason,
            ResponseGrade.is_correction.label("correction"),
            ResponseGrade.graded_at,
        )
        .join(PendingResponse, PendingResponse.id == ResponseGrade.response_id)
        .where(PendingResponse.attempt_id.in_([attempt.id for attempt in attempts]))
        .order_by(ResponseGrade.id)
    )
    return _by_first(rows)


async def _attempts(session: AsyncSession, caller: Principal, _member: Member, after: After | None) -> Page:
    columns = [getattr(QuizAttempt, name) for name in AttemptRow.__slots__]
    key = (QuizAttempt.started_at, QuizAttempt.id)
    statement = select(*columns).where(
        QuizAttempt.organization_id == caller.organization_id, QuizAttempt.user_id == caller.user_id
    )
    if after is not None:
        statement = statement.where(tuple_(*key) > after)
    rows = await session.execute(statement.order_by(*key).limit(ATTEMPTS_AT_ONCE))
    attempts = [AttemptRow(*row) for row in rows]
    positions, grades = await _positions(session, caller, attempts), await _grades(session, attempts)
    found = []
    for attempt in attempts:
        position = positions[attempt.enrollment_id]
        version = await compiled_version(session, position.version_id)
        quiz = (await quiz_of(session, version, attempt.quiz_id)).paper(attempt.layout)
        found.append(_attempt(quiz, attempt, position, grades.get(attempt.id, [])))
    is_last = len(attempts) < ATTEMPTS_AT_ONCE
    return found, None if is_last else (attempts[-1].started_at, attempts[-1].id)


async def _positions(
    session: AsyncSession, caller: Principal, attempts: list[AttemptRow]
) -> Mapping[uuid.UUID, Position]:
    """Positions of the attempts' enrollments, as far as releasing marks needs them."""
    these = frozenset(attempt.enrollment_id for attempt in attempts)
    counts: dict[uuid.UUID, dict[uuid.UUID, QuizCount]] = {}
    for row in await session.scalars(
        select(QuizProgress)
        .join(Enrollment, Enrollment.id == QuizProgress.enrollment_id)
        .where(own_enrollments(caller), Enrollment.id.in_(these))
    ):
        counts.setdefault(row.enrollment_id, {})[row.quiz_id] = QuizCount(
            row.attempts_used,
            row.attempts_allowed,
            row.best_points,
            row.possible_points,
            row.max_points,
            row.passed_at,
        )
    open_ones = select(QuizAttempt.enrollment_id, QuizAttempt.quiz_id).where(
        QuizAttempt.enrollment_id.in_(these), QuizAttempt.status == "in_progress"
    )
    needed = await accommodations_for(session, caller.organization_id, caller.user_id)
    under_way = {(owner, quiz_id) for owner, quiz_id in await session.execute(open_ones)}
    return {
        enrollment.id: Position(
            enrollment_id=enrollment.id,
            organization_id=enrollment.organization_id,
            user_id=enrollment.user_id,
            course_id=enrollment.course_id,
            version_id=enrollment.version_id,
            status=enrollment.status,
            source=enrollment.source,
            assigned_at=enrollment.assigned_at,
            due_at=enrollment.due_at,
            extra_time_seconds=enrollment.extra_time_seconds,
            accommodations=needed,
            quizzes=counts.get(enrollment.id, {}),
            under_way=frozenset(quiz_id for owner, quiz_id in under_way if owner == enrollment.id),
        )
        for enrollment in await session.scalars(
            select(Enrollment).where(own_enrollments(caller), Enrollment.id.in_(these))
        )
    }


def _attempt(quiz: CompiledQuiz, attempt: AttemptRow, position: Position, grades: Rows) -> ExportedAttempt:
    show = attempt.status != "in_progress" and released(quiz, position)
    return ExportedAttempt(
        attempt_id=attempt.id,
        enrollment_id=attempt.enrollment_id,
        quiz_id=attempt.quiz_id,
        quiz_title=quiz.title,
        number=attempt.number,
        status=attempt.status,
        started_at=attempt.started_at,
        deadline_at=attempt.deadline_at,
        submitted_at=attempt.submitted_at,
        points=attempt.points,
        max_points=attempt.max_points,
        score=score_of(attempt),
        passed=attempt.passed,
        responses=given_responses(quiz, attempt, show=show),
        grades=grades,
    )


async def _completions(session: AsyncSession, caller: Principal) -> Rows:
    mine = CourseCompletion
    names = ("id", "enrollment_id", "course_id", "requirement_id", "score", "completed_at", "expires_at")
    return await _rows(session, caller, mine, (*names, "voided_at"), mine.completed_at)


async def _certificates(session: AsyncSession, caller: Principal) -> Rows:
    mine = Certificate
    names = ("id", "completion_id", "course_id", "course_title", "recipient_name", "issuer_name", "issued_at")
    more = ("expires_at", "revoked_at", "verification_url")
    return await _rows(session, caller, mine, (*names, *more), mine.issued_at)


async def _compliance(session: AsyncSession, caller: Principal) -> Rows:
    mine = ChapterComplianceStatus
    names = ("requirement_id", "completion_id", "completed_at", "expires_at")
    return await _rows(session, caller, mine, names, mine.requirement_id)


async def _exemptions(session: AsyncSession, caller: Principal) -> Rows:
    mine = Exemption
    names = (
        "id",
        "requirement_id",
        "course_id",
        "reason",
        "document_id",
        "expires_at",
        "granted_at",
        "ended_at",
    )
    return await _rows(session, caller, mine, names, mine.id)


async def _evidence(session: AsyncSession, caller: Principal) -> Rows:
    """What the member sent, and what was decided; not by whom."""
    mine = Evidence
    names = ("id", "requirement_id", "completed_on", "note", "document_id", "status", "sent_at", "reason")
    more = ("expires_at", "decided_at", "approved_at", "taken_back_at")
    return await _rows(session, caller, mine, (*names, *more), mine.id)


async def _accommodations(session: AsyncSession, caller: Principal) -> Rows:
    names = ("time_multiplier", "extra_attempts", "reason", "granted_at")
    return await _rows(session, caller, Accommodation, names, Accommodation.user_id)


async def _skills(session: AsyncSession, caller: Principal) -> Rows:
    mine = MemberSkill
    return await _rows(session, caller, mine, ("skill_id", "name", "acquired_at", "course_id"), mine.skill_id)


async def _grader_of(session: AsyncSession, caller: Principal) -> Rows:
    return await _rows(session, caller, CourseGrader, ("course_id",), CourseGrader.course_id)


async def _rows(
    session: AsyncSession, caller: Principal, model: Any, names: tuple[str, ...], order: Any
) -> Rows:
    """These columns of the caller's rows of a table."""
    rows = await session.execute(
        select(*(getattr(model, name) for name in names))
        .where(model.organization_id == caller.organization_id, model.user_id == caller.user_id)
        .order_by(order)
    )
    return rows.all()


async def _documents(session: AsyncSession, caller: Principal) -> Rows:
    rows = await session.execute(
        select(Document.id, Document.name, Document.media_type, Document.created_at)
        .where(Document.organization_id == caller.organization_id, Document.uploaded_by == caller.user_id)
        .order_by(Document.id)
    )
    return rows.all()


PAGED: Mapping[str, Paged] = {
    "attempts": _attempts,
    "membership_events": membership_events,
    "changes": member_changes,
    "activity": activity,
}
"""Sections by their name in the document, whose shape is `schemas.privacy.ExportOut`."""
