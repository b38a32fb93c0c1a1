"""What moving open enrollments to another version of their course means for them."""

import json
import uuid
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sqlalchemy import exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.attempts.queries.positions import Position, QuizCount, positions_of
from learning_service.domain.completion.models import Regrade, VersionMigration
from learning_service.domain.courses.models import CourseVersion
from learning_service.domain.courses.queries.compiled import (
    CompiledLesson,
    CompiledQuiz,
    CompiledVersion,
    compiled_version,
)
from learning_service.domain.courses.queries.corrections import correction_number, list_corrections
from learning_service.domain.courses.queries.versions import load_tree
from learning_service.domain.courses.rules.moving import same_items
from learning_service.domain.enrollments.rules import awaits_review, decide

# Erased members' enrollments stay where they are. A text, so that listing and holding them are one. Each member is
# looked up by the whole key: OFFSET keeps it from being made a join with all of them.
_OPEN = """
SELECT e.id, e.version_id FROM enrollments e
WHERE e.organization_id = :organization_id AND e.course_id = :course_id AND e.id > :after
    AND e.status IN ('assigned', 'in_progress') AND e.version_id <> :version_id
    AND (CAST(:sources AS uuid[]) IS NULL OR e.version_id = ANY(CAST(:sources AS uuid[])))
    AND (CAST(:ids AS uuid[]) IS NULL OR e.id = ANY(CAST(:ids AS uuid[])))
    AND EXISTS (SELECT FROM members m WHERE m.organization_id = e.organization_id
        AND m.user_id = e.user_id AND m.erased_at IS NULL OFFSET 0)
ORDER BY e.id LIMIT :most
"""
_LIST, _HOLD = text(_OPEN), text(f"{_OPEN} FOR NO KEY UPDATE OF e")
# An attempt under way keeps its questions, and a pass in doubt its place until a person has decided.
IS_BUSY = """
EXISTS (SELECT FROM quiz_attempts a WHERE a.organization_id = e.organization_id AND a.enrollment_id = e.id
    AND a.status = 'in_progress')
OR EXISTS (SELECT FROM lost_passes l WHERE l.organization_id = e.organization_id AND l.enrollment_id = e.id
    AND l.resolved_at IS NULL)
OR EXISTS (SELECT FROM quiz_progress p WHERE p.organization_id = e.organization_id AND p.enrollment_id = e.id
    AND p.held_points IS NOT NULL)
"""
_BUSY = text(
    """
SELECT enrollment_id FROM quiz_attempts WHERE organization_id = :organization_id
    AND enrollment_id = ANY(CAST(:ids AS uuid[])) AND status = 'in_progress'
UNION SELECT enrollment_id FROM lost_passes WHERE organization_id = :organization_id
    AND enrollment_id = ANY(CAST(:ids AS uuid[])) AND resolved_at IS NULL
UNION SELECT enrollment_id FROM quiz_progress WHERE organization_id = :organization_id
    AND enrollment_id = ANY(CAST(:ids AS uuid[])) AND held_points IS NOT NULL
"""
)
# What an earlier move has left at a quiz is in the way of what would come there.
_TAKEN = text(
    """
SELECT DISTINCT enrollment_id FROM quiz_progress
WHERE organization_id = :organization_id AND enrollment_id = ANY(CAST(:ids AS uuid[]))
    AND quiz_id = ANY(CAST(:taken AS uuid[]))
"""
)
# Where a lesson that the new version needs was never completed, or a quiz not passed, and none is used up, a move
# ends nothing. A little less than the pass score: shares without a decimal are rounded.
# Nothing is joined: however few rows are expected, an enrollment is never compared with all others.
_CLOSE = text(
    """
SELECT id FROM (
    SELECT e.id, false AS passes, false AS used_up, CAST(NULL AS uuid) AS lesson
    FROM unnest(CAST(:ids AS uuid[])) AS e(id)
    UNION ALL
    SELECT enrollment_id, possible_points * 100 > (CAST(need ->> 0 AS numeric) - 0.001) * max_points,
        attempts_used >= least(attempts_allowed, CAST(need ->> 1 AS integer)), NULL
    FROM (SELECT p.*, CAST(:quizzes AS jsonb) -> CAST(p.quiz_id AS text) AS need FROM quiz_progress p
        WHERE p.organization_id = :organization_id AND p.enrollment_id = ANY(CAST(:ids AS uuid[]))
            AND p.best_points IS NOT NULL) AS tried
    WHERE need IS NOT NULL
    UNION ALL
    SELECT p.enrollment_id, false, false, CAST(CAST(:lessons AS jsonb) ->> CAST(p.lesson_id AS text) AS uuid)
    FROM lesson_progress p
    WHERE p.organization_id = :organization_id AND p.enrollment_id = ANY(CAST(:ids AS uuid[]))
) AS done GROUP BY id
HAVING (count(*) FILTER (WHERE passes) = :needed_quizzes AND count(DISTINCT lesson) = :needed_lessons)
    OR bool_or(used_up)
"""
)
_TOUCHED = """
SELECT p.enrollment_id, p.lesson_id AS item FROM lesson_progress p
    WHERE p.organization_id = :organization_id AND p.enrollment_id = ANY(CAST(:ids AS uuid[]))
UNION ALL SELECT p.enrollment_id, p.quiz_id FROM quiz_progress p
    WHERE p.organization_id = :organization_id AND p.enrollment_id = ANY(CAST(:ids AS uuid[]))
        AND p.attempts_used > 0
"""
_PER_ITEM = text(f"SELECT item, count(*) FROM ({_TOUCHED}) AS touched GROUP BY item")  # noqa: S608
_EACH = text(_TOUCHED)


@dataclass(frozen=True)
class Move:
    """From one version to another: what stays the same, by the ids that it has in each."""

    organization_id: str
    before: CompiledVersion
    after: CompiledVersion
    correction: int
    """After how many corrections of the version moved to."""
    same: frozenset[str]
    """Keys of the items that are kept."""
    answers: Mapping[uuid.UUID, Mapping[str, str]]
    """By question of the version that is left: the ids of its choices, and what they are afterwards."""

    @cached_property
    def lessons(self) -> Mapping[uuid.UUID, uuid.UUID]:
        """Lessons that are kept, and what they are afterwards."""
        after = {item.key: item.id for item in _items(self.after) if isinstance(item, CompiledLesson)}
        return {
            item.id: after[item.key]
            for item in _items(self.before)
            if isinstance(item, CompiledLesson) and item.key in self.same
        }

    @cached_property
    def quizzes(self) -> Mapping[uuid.UUID, CompiledQuiz]:
        """Quizzes that are kept, and what they are afterwards."""
        after = {quiz.key: quiz for quiz in self.after.quizzes.values()}
        return {quiz.id: after[quiz.key] for quiz in self.before.quizzes.values() if quiz.key in self.same}

    @cached_property
    def items(self) -> Mapping[uuid.UUID, CompiledLesson | CompiledQuiz]:
        """All items of the version that is left."""
        return {item.id: item for item in _items(self.before)}

    @cached_property
    def needed_lessons(self) -> Mapping[str, str]:
        """By each lesson that counts for one that is needed afterwards: which one that is."""
        needed = self.after.shape.required_lessons
        before = {str(old): str(new) for old, new in self.lessons.items() if new in needed}
        return before | {str(lesson): str(lesson) for lesson in needed}

    @cached_property
    def needed_quizzes(self) -> Mapping[str, tuple[str, int | None]]:
        """By each quiz that counts for one to be passed afterwards: its pass score, and how often it may be tried."""
        scores = {quiz.id: str(quiz.pass_score) for quiz in self.after.shape.to_pass}
        before = {
            str(old): (scores[new.id], new.max_attempts)
            for old, new in self.quizzes.items()
            if new.id in scores
        }
        return before | {str(quiz): (score, None) for quiz, score in scores.items()}

    def keeps(self, item: uuid.UUID) -> bool:
        """Whether what was done there counts afterwards."""
        return item in self.lessons or item in self.quizzes

    def ids_in(self, quiz_id: uuid.UUID) -> Mapping[str, str]:
        """What is named in the documents of attempts at a kept quiz, and its names afterwards."""
        new = {question.key: question for question in self.quizzes[quiz_id].shown}
        names: dict[str, str] = {}
        for question in self.before.quizzes[quiz_id].shown:
            other = new[question.key]
            names[str(question.id)] = str(other.id)
            names.update(self.answers[question.id])
            for side in ("left", "right", "items"):
                by_text = {part.text: part.key for part in getattr(other, side)}
                names.update({part.key: by_text[part.text] for part in getattr(question, side)})
        return names

    def allowed(self, quiz_id: uuid.UUID, count: QuizCount) -> int | None:
        """How often a kept quiz may be tried afterwards: what was granted beyond the limit stays granted."""
        most, was = self.quizzes[quiz_id].max_attempts, self.before.quizzes[quiz_id].max_attempts
        if most is None or count.allowed is None or was is None:
            return most
        return most + max(count.allowed - was, 0)

    def moved(self, position: Position) -> Position:
        """Where an enrollment stands once it is moved."""
        lessons = {
            self.lessons.get(key, key): at
            for key, at in sorted(position.lessons.items(), key=lambda one: one[1])
        }
        quizzes = {
            self.quizzes[key].id if key in self.quizzes else key: replace(
                count, allowed=self.allowed(key, count)
            )
            if key in self.quizzes
            else count
            for key, count in position.quizzes.items()
        }
        return replace(position, version_id=self.after.id, lessons=lessons, quizzes=quizzes)


def _items(version: CompiledVersion) -> Iterator[CompiledLesson | CompiledQuiz]:
    for module in version.modules:
        yield from module.items
    if version.assessment is not None:
        yield version.assessment


_moves: OrderedDict[tuple[uuid.UUID, int, uuid.UUID, int], Move] = OrderedDict()
"""What was compared: versions do not change, and after so many corrections neither do their keys."""
KEPT_MOVES = 50


async def move_between(
    session: AsyncSession, organization_id: str, before_id: uuid.UUID, after_id: uuid.UUID
) -> Move:
    """What is the same in two published versions of a course, by the keys that hold now."""
    left, right = await correction_number(session, before_id), await correction_number(session, after_id)
    key = before_id, left, after_id, right
    if key not in _moves:
        _moves[key] = await _compared(session, organization_id, *key)
        while len(_moves) > KEPT_MOVES:
            _moves.popitem(last=False)
    return _moves[key]


async def _compared(
    session: AsyncSession,
    organization_id: str,
    before_id: uuid.UUID,
    left: int,
    after_id: uuid.UUID,
    right: int,
) -> Move:
    old, new = await load_tree(session, before_id), await load_tree(session, after_id)
    before = await compiled_version(session, before_id, left)
    after = await compiled_version(session, after_id, right)
    names = {id_: key for key, id_ in old.ids.items()}
    answers = {
        question.id: {
            str(one.id): str(new.ids[names[one.id]]) for one in question.answers if names[one.id] in new.ids
        }
        for quiz in before.quizzes.values()
        for question in quiz.shown
    }
    same = same_items(
        old.tree,
        new.tree,
        await list_corrections(session, before_id, upto=left),
        await list_corrections(session, after_id, upto=right),
    )
    return Move(organization_id, before, after, right, same, answers)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which enrollments are to be moved, and where to."""

    organization_id: str
    course_id: uuid.UUID
    version_id: uuid.UUID
    sources: Sequence[uuid.UUID] | None
    """The versions that are left; None: every other one."""
    ids: Sequence[uuid.UUID] | None
    """Which enrollments; None: all."""


async def open_elsewhere(
    session: AsyncSession, wanted: Wanted, *, after: uuid.UUID | None, most: int, hold: bool = False
) -> Mapping[uuid.UUID, Sequence[uuid.UUID]]:
    """The next open enrollments to be moved, by the version that they are at; with `hold`, locked in their order."""
    rows = await session.execute(
        _HOLD if hold else _LIST,
        {
            "organization_id": wanted.organization_id,
            "course_id": wanted.course_id,
            "version_id": wanted.version_id,
            "sources": None if wanted.sources is None else list(wanted.sources),
            "ids": None if wanted.ids is None else list(wanted.ids),
            "after": after or uuid.UUID(int=0),
            "most": most,
        },
    )
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    for enrollment_id, version_id in rows:
        found.setdefault(version_id, []).append(enrollment_id)
    return found


@dataclass(frozen=True, slots=True)
class Fate:
    """What a move would do to some enrollments of one version."""

    plain: Sequence[uuid.UUID]
    """They go on at the other version."""
    awaiting: Sequence[uuid.UUID]
    """Those of them that have handed in everything."""
    completing: Sequence[uuid.UUID]
    """They would be completed by it."""
    busy: Sequence[uuid.UUID]
    """They cannot be moved as yet."""
    staying: Sequence[uuid.UUID]
    """They would fail by it, or have done other things there before, and are not moved."""


async def fate_of(session: AsyncSession, move: Move, ids: Sequence[uuid.UUID]) -> Fate:
    """What becomes of these enrollments; three statements, and one more where a move may end some."""
    own = {"organization_id": move.organization_id, "ids": list(ids)}
    taken = [quiz.id for quiz in move.quizzes.values()]
    busy = set((await session.scalars(_BUSY, own)).all())
    stay = set((await session.scalars(_TAKEN, own | {"taken": taken})).all()) - busy if taken else set()
    free = [one for one in ids if one not in busy and one not in stay]
    shape = move.after.shape
    close = await session.scalars(
        _CLOSE,
        own
        | {
            "ids": free,
            "lessons": json.dumps(move.needed_lessons),
            "quizzes": json.dumps(move.needed_quizzes),
            "needed_lessons": len(shape.required_lessons),
            "needed_quizzes": len(shape.to_pass),
        },
    )
    ends: dict[str, list[uuid.UUID]] = {"completed": [], "failed": [], "in_progress": []}
    waits = []
    for position in await positions_of(session, move.organization_id, close.all()):
        standing = move.moved(position).standing()
        status = decide(shape, standing).status
        ends[status].append(position.enrollment_id)
        if status == "in_progress" and awaits_review(shape, standing):
            waits.append(position.enrollment_id)
    ended = {*ends["completed"], *ends["failed"]}
    return Fate(
        [one for one in free if one not in ended],
        waits,
        ends["completed"],
        sorted(busy),
        [*ends["failed"], *stay],
    )


async def touched_items(session: AsyncSession, move: Move, ids: Sequence[uuid.UUID]) -> Counter[uuid.UUID]:
    """How many of these enrollments have done or tried each item of the version that they leave."""
    rows = await session.execute(_PER_ITEM, {"organization_id": move.organization_id, "ids": list(ids)})
    return Counter({item: count for item, count in rows if item in move.items})


async def touched_by(
    session: AsyncSession, move: Move, ids: Sequence[uuid.UUID]
) -> Mapping[uuid.UUID, Sequence[uuid.UUID]]:
    """The items of the version that is left which each of these enrollments has done or tried, in their order."""
    rows = await session.execute(_EACH, {"organization_id": move.organization_id, "ids": list(ids)})
    touched: dict[uuid.UUID, set[uuid.UUID]] = {one: set() for one in ids}
    for enrollment_id, item in rows:
        touched[enrollment_id].add(item)
    return {one: [item for item in move.items if item in done] for one, done in touched.items()}


async def is_moving(session: AsyncSession, organization_id: str, course_id: uuid.UUID) -> bool:
    """Whether enrollments of the course are being moved."""
    running = exists().where(
        VersionMigration.organization_id == organization_id,
        VersionMigration.course_id == course_id,
        VersionMigration.status == "running",
    )
    return bool(await session.scalar(select(running)))


async def is_regrading(session: AsyncSession, organization_id: str, course_id: uuid.UUID) -> bool:
    """Whether attempts at any version of the course are being graded anew."""
    running = (
        select(Regrade.id)
        .join(
            CourseVersion,
            (CourseVersion.organization_id == Regrade.organization_id)
            & (CourseVersion.id == Regrade.version_id),
        )
        .where(
            Regrade.organization_id == organization_id,
            Regrade.status == "applying",
            CourseVersion.course_id == course_id,
        )
    )
    return await session.scalar(running.limit(1)) is not None
