"""Where a learner stands: the one read behind every call on lessons, quizzes, assessments and attempts.

`load_position` finds the enrollment that a call means and everything its state follows from, in one statement.
With `lock`, it holds the enrollment's row: a learner's own calls then go one at a time, and no other caller waits.

While a statement waits for that lock, what it reads beside the row is as old as the statement. Every change of
progress therefore adds one to `enrollments.revision`; when the locked row's revision is not the one that the
statement saw, the read is made again under the lock.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, Uuid, bindparam, exists, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from learning_service.domain.accommodations.queries import accommodations_of
from learning_service.domain.accommodations.rules import NONE, Accommodations, read_accommodations
from learning_service.domain.attempts.models import Layout, QuizAttempt
from learning_service.domain.attempts.queries.progress import lessons_of, quizzes_of, under_way_of
from learning_service.domain.courses.models import Course, Lesson, Quiz
from learning_service.domain.courses.queries.compiled import (
    CompiledVersion,
    compiled_version,
    note_correction,
)
from learning_service.domain.courses.queries.corrections import last_correction
from learning_service.domain.directory.models import Member
from learning_service.domain.directory.queries.members import is_member
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.enrollments import EnrollmentView
from learning_service.domain.enrollments.queries.standing import OPEN, WITHDRAWN, standing_order
from learning_service.domain.enrollments.rules import (
    QuizStanding,
    Standing,
    awaits_review,
    quiz_standing,
)
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import NotAMember, NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import (
    INSTANT,
    ORGANIZATION_ID,
    USER_ID,
    Kept,
    fetch_first,
    kept,
)
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.scores import exact

known_id = lru_cache(maxsize=10_000)(uuid.UUID)
"""Items are the same for all who learn a version, and to read an id takes longer than to remember it."""
Target = Literal["course", "lesson", "attestation", "quiz", "attempt", "enrollment"]


@dataclass(frozen=True, slots=True)
class QuizCount:
    """An enrollment's row for one quiz."""

    used: int
    allowed: int | None
    best_points: Decimal | None
    possible_points: Decimal | None
    max_points: Decimal | None
    passed_at: datetime | None = None

    def standing(self, *, open: bool, needed: Accommodations = NONE) -> QuizStanding:
        """The same as the rules take it; `open`: with an attempt under way; `needed` by the member."""
        return quiz_standing(
            used=self.used,
            allowed=needed.attempts_of(self.allowed),
            open=open,
            best_points=self.best_points,
            possible_points=self.possible_points,
            max_points=self.max_points,
        )


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt as stored."""

    id: uuid.UUID
    enrollment_id: uuid.UUID
    quiz_id: uuid.UUID
    user_id: str
    number: int
    status: str
    started_at: datetime
    deadline_at: datetime | None
    submitted_at: datetime | None
    sequence: int
    layout: Layout | None
    responses: JsonObject
    marks: JsonObject | None
    max_points: Decimal
    points: Decimal | None
    pending_points: Decimal | None
    passed: bool | None


@dataclass(frozen=True, slots=True)
class Position:
    """An enrollment and everything that its state follows from."""

    enrollment_id: uuid.UUID
    organization_id: str
    user_id: str
    course_id: uuid.UUID
    version_id: uuid.UUID
    status: str
    source: str
    assigned_at: datetime
    due_at: datetime | None
    extra_time_seconds: int
    revision: int = 0
    """Every change of progress adds one."""
    accommodations: Accommodations = NONE
    """What the member needs at attempts now."""
    lessons: Mapping[uuid.UUID, datetime] = field(default_factory=dict)
    quizzes: Mapping[uuid.UUID, QuizCount] = field(default_factory=dict)
    under_way: frozenset[uuid.UUID] = frozenset()
    """Quizzes with an attempt in progress."""
    attempt: AttemptRow | None = None
    """The attempt under way at the quiz that the call names, or the attempt that it names."""
    correction: int | None = None
    """The number of the version's last correction; None where the position is not locked."""
    guarded: bool = False
    """Whether the course asks for an order or for other courses first, as far as the position is locked."""

    @property
    def is_open(self) -> bool:
        """Whether the enrollment has not ended."""
        return self.status in OPEN

    @property
    def is_withdrawn(self) -> bool:
        """Whether the enrollment is closed for learning."""
        return self.status == WITHDRAWN

    def is_of_before(self, at: datetime) -> bool:
        """Whether what was done then was done in an earlier enrollment, which this one renews."""
        return self.source == "recertification" and at < self.assigned_at

    def view(self, version: CompiledVersion, instant: datetime) -> EnrollmentView:
        """The enrollment as its member sees it, unless it was withdrawn: the position does not know when."""
        waits = self.is_open and awaits_review(version.shape, self.standing())
        return EnrollmentView(
            id=self.enrollment_id,
            user_id=self.user_id,
            course_id=self.course_id,
            course_title=version.title,
            version=version.number,
            status=self.status,
            assigned_at=self.assigned_at,
            due_at=self.due_at,
            overdue=self.is_open and not waits and self.due_at is not None and self.due_at < instant,
            awaiting_review=waits,
            source=self.source,
            withdrawn_at=None,
        )

    def standing(self) -> Standing:
        """The same as the rules take it."""
        return Standing(
            completed_lessons=frozenset(self.lessons),
            quizzes={quiz_id: self.quiz_standing(quiz_id) for quiz_id in self.quizzes},
        )

    def quiz_standing(self, quiz_id: uuid.UUID) -> QuizStanding:
        """Where the enrollment stands with one quiz that it has tried."""
        count = self.quizzes[quiz_id]
        return count.standing(open=quiz_id in self.under_way, needed=self.accommodations)

    def with_count(self, quiz_id: uuid.UUID, count: QuizCount) -> "Position":
        """The position with another row for one quiz."""
        return replace(self, quizzes={**self.quizzes, quiz_id: count})

    def has_passed(self, quiz_id: uuid.UUID, pass_score: Decimal) -> bool:
        """Whether the best attempt at a quiz passes, whatever becomes of responses that wait."""
        if quiz_id not in self.quizzes:
            return False
        low = self.quiz_standing(quiz_id).low
        return low is not None and low >= exact(pass_score)


_Seen = aliased(Enrollment, name="seen")
ATTEMPT_COLUMNS = tuple(getattr(QuizAttempt, name) for name in AttemptRow.__slots__)
"""What `AttemptRow` takes."""


@cache
def position_statement(target: Target, *, lock: bool = False, own: bool = True) -> Any:
    """The statement for a kind of target; parameters `organization_id`, `user_id` (if own), `id` and `instant`.

    Its columns are those that `read_position` takes, then with `lock` the number of the version's last correction,
    whether the course is guarded, and whether they are as fresh as the row.
    """
    mine, attempt = _meant(target, own=own)
    if lock:
        mine = mine.with_for_update(of=Enrollment)
    held = aliased(Enrollment, mine.cte("held").prefix_with("MATERIALIZED", dialect="postgresql"))
    statement: Any = select(*_columns(held)).select_from(held)
    if attempt is not None:
        # Looked up for this enrollment, whatever the planner knows of the others' attempts.
        one = select(*ATTEMPT_COLUMNS).where(QuizAttempt.enrollment_id == held.id, attempt).limit(1)
        found = one.lateral("attempt")
        columns = (column.label(f"attempt_{column.name}") for column in found.c)
        statement = statement.add_columns(*columns).outerjoin(found, true())
    if lock:
        seen = select(_Seen.revision).where(_Seen.id == held.id).scalar_subquery()
        number = last_correction(held.organization_id, held.version_id)
        statement = statement.add_columns(
            number.label("correction"),
            _is_guarded(held).label("guarded"),
            (held.revision == seen).label("fresh"),
        )
    return statement


def _columns(e: type[Enrollment]) -> tuple[Any, ...]:
    """What `read_position` takes."""
    row = e.id, e.organization_id, e.user_id, e.course_id, e.version_id, e.status, e.source
    more = e.assigned_at, e.due_at, e.extra_time_seconds, e.revision
    return *row, *more, accommodations_of(e), lessons_of(e), quizzes_of(e), under_way_of(e)


async def positions_of(
    session: AsyncSession, organization_id: str, ids: Sequence[uuid.UUID]
) -> Sequence[Position]:
    """The positions of these enrollments, in the order of their ids and without attempts."""
    if not ids:
        return ()
    e = Enrollment
    own = e.organization_id == organization_id, e.id == func.any(list(ids))
    rows = await session.execute(select(*_columns(e)).where(*own).order_by(e.id))
    return [read_position(row) for row in rows]


def _is_guarded(held: Any) -> Any:
    asks = or_(Course.sequence == "ordered", Course.prerequisites != [])
    own = Course.organization_id == held.organization_id, Course.id == held.course_id
    return select(asks).where(*own).scalar_subquery()


def _meant(target: Target, *, own: bool) -> tuple[Any, Any]:
    """The enrollment that a call on the target means, and which of its attempts comes with it, if one does."""
    order = standing_order(Enrollment, INSTANT)
    mine: Any = (
        select(Enrollment)
        .join(
            Member,
            (Member.organization_id == Enrollment.organization_id) & (Member.user_id == Enrollment.user_id),
        )
        .where(
            Enrollment.organization_id == ORGANIZATION_ID,
            Member.erased_at.is_(None),
        )
        .limit(1)
    )
    wanted: ColumnElement[Any] = bindparam("id", type_=Uuid())
    if own:
        mine = mine.where(Enrollment.user_id == USER_ID)
    match target:
        case "course":
            return mine.where(Enrollment.course_id == wanted).order_by(*order), None
        case "lesson" | "attestation":
            mine = mine.join(Lesson, Lesson.version_id == Enrollment.version_id)
            mine = mine.where(Lesson.id == wanted, Lesson.kind == target)
            return mine.order_by(*order), None
        case "quiz":
            quizzes = Quiz.__table__
            mine = mine.join(quizzes, quizzes.c.version_id == Enrollment.version_id).where(
                quizzes.c.id == wanted
            )
            under_way = (QuizAttempt.quiz_id == wanted) & (QuizAttempt.status == "in_progress")
            here = exists().where(QuizAttempt.enrollment_id == Enrollment.id, under_way)
            return mine.order_by(here.desc(), *order), under_way
        case "attempt":
            named = aliased(QuizAttempt)
            mine = mine.join(named, named.enrollment_id == Enrollment.id).where(named.id == wanted)
            return mine, QuizAttempt.id == wanted
        case "enrollment":
            return mine.where(Enrollment.id == wanted), None


async def load_position(
    session: AsyncSession, caller: Principal, target: Target, target_id: uuid.UUID, *, lock: bool = False
) -> Position:
    """The enrollment that the call means: the one it names, or of the attempt that it names; else the one with an
    attempt under way there, else where the caller stands with what it names.

    Raises NotFound without one, NotAMember for a caller who is no member.
    """
    found = await find_position(
        session, caller.organization_id, target, target_id, user_id=caller.user_id, lock=lock
    )
    if found is None:
        raise NotFound if await is_member(session, caller) else NotAMember
    return found


async def find_position(
    session: AsyncSession,
    organization_id: str,
    target: Target,
    target_id: uuid.UUID,
    *,
    user_id: str | None,
    lock: bool = False,
) -> Position | None:
    """The position behind a target, of one user, or, for an attempt or enrollment, of its owner."""
    parameters = {
        "organization_id": organization_id,
        "id": target_id,
        "instant": now(session),
        "user_id": user_id,
    }
    if not lock:
        row = await fetch_first(session, _kept_position(target, own=user_id is not None), parameters)
        return None if row is None else read_position(row)
    statement = position_statement(target, lock=True, own=user_id is not None)
    row = (await session.execute(statement, parameters)).first()
    while row is not None and not row.fresh:
        row = (await session.execute(statement, parameters)).first()
    if row is None:
        return None
    return replace(read_position(row[:-3]), correction=row.correction, guarded=row.guarded)


@cache
def _kept_position(target: Target, *, own: bool) -> Kept:
    return kept(position_statement(target, own=own))


async def version_of(session: AsyncSession, position: Position) -> CompiledVersion:
    """The position's version; of a locked one with the corrections that hold."""
    if position.correction is not None:
        note_correction(position.version_id, position.correction)
    return await compiled_version(session, position.version_id, position.correction)


def read_position(row: Sequence[Any]) -> Position:
    """A position from a row's columns, in the order of the statement; the attempt's may be left out."""
    needed, lessons, quizzes, under_way, *attempt = row[11:]
    done: tuple[Any, ...] = (
        read_accommodations(needed),
        {known_id(k): datetime.fromisoformat(v) for k, v in (lessons or {}).items()},
        {known_id(k): read_count(v) for k, v in (quizzes or {}).items()},
        frozenset(map(known_id, under_way or ())),
        AttemptRow(*attempt) if attempt and attempt[0] is not None else None,
    )
    return Position(*row[:11], *done)


def read_count(row: Sequence[Any]) -> QuizCount:
    """An enrollment's row for one quiz, from `quizzes_of`."""
    used, allowed, *points, passed_at = row
    best, possible, most = map(_decimal, points)
    at = datetime.fromisoformat(passed_at) if passed_at is not None else None
    return QuizCount(used, allowed, best, possible, most, at)


def _decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None
