"""Published versions compiled for learning: what is shown, what is graded by, and what completing takes.

A published version never changes, but its keys can be corrected. What is compiled after so many corrections stays
right and is kept; which hold is looked up now and then, and for every write. The cache is bounded and knows nothing
of tenants: a version's id is only ever learned from a scoped query.
"""

import hashlib
import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import CourseVersion
from learning_service.domain.courses.queries.corrections import correction_number, list_corrections
from learning_service.domain.courses.queries.shown import AnswerView, QuestionView, shown_question
from learning_service.domain.courses.queries.versions import StoredTree, load_tree
from learning_service.domain.courses.rules.corrections import Correction, scored_now
from learning_service.domain.courses.rules.shape import CourseShape, QuizShape
from learning_service.domain.courses.rules.tree import Assessment, Attestation, Lesson, Quiz, Skill, Tree
from learning_service.domain.documents.rules import shown_html, shown_url
from learning_service.domain.kernel.large_work import apart
from learning_service.domain.questions.rules.answer_keys import AnswerKey
from learning_service.domain.questions.rules.pools import Pool, questions_of
from learning_service.domain.questions.rules.types import Question

K = TypeVar("K")
V = TypeVar("V")
MAX_CACHED = 500
LOOKED_UP = 30.0
"""For how many seconds a reader takes it that no correction has come."""


@dataclass(frozen=True, slots=True)
class CompiledPool:
    """Questions of which an attempt gets some."""

    question_ids: tuple[str, ...]
    draw: int


@dataclass(frozen=True, slots=True)
class CompiledQuiz:
    """A quiz or the assessment. `shown` is the questions as learners see them: no key material in it.

    Those of pools are among them; `paper` is the quiz as one attempt asks it.
    """

    id: uuid.UUID
    kind: str
    key: str
    title: str
    required: bool
    pass_score: Decimal
    max_attempts: int | None
    time_limit_seconds: int | None
    retry_delay_seconds: int | None
    shuffle: bool
    feedback: str
    max_points: Decimal
    keys: Mapping[str, AnswerKey]
    """By the question's id as text, like `explanations`."""
    shown: tuple[QuestionView, ...]
    explanations: Mapping[str, str]
    choice_feedback: Mapping[str, str]
    """By the choice's id."""
    places: tuple[str | CompiledPool, ...] = ()
    """Where there are pools: what stands in each place, a question by its id or a pool."""
    by_id: Mapping[str, QuestionView] = field(default_factory=dict, repr=False, compare=False)
    """The questions by their ids as text, made with the quiz: a start looks up ten of a thousand."""
    choices: Mapping[str, Mapping[str, AnswerView]] = field(default_factory=dict, repr=False, compare=False)
    """The choices of each question by their ids as text, in their own order; made with the quiz too."""

    def __post_init__(self) -> None:
        """Make `by_id` and `choices`. A paper keeps those of its quiz, which has more."""
        if not self.by_id:
            by_id = {str(question.id): question for question in self.shown}
            choices = {
                question_id: {str(answer.id): answer for answer in question.answers}
                for question_id, question in by_id.items()
            }
            object.__setattr__(self, "by_id", by_id)
            object.__setattr__(self, "choices", choices)

    @property
    def pools(self) -> bool:
        """Whether an attempt draws its questions."""
        return bool(self.places)

    @property
    def question_count(self) -> int:
        """How many questions an attempt has."""
        if not self.places:
            return len(self.shown)
        return sum(1 if isinstance(place, str) else place.draw for place in self.places)

    def paper(self, layout: Sequence[tuple[str, list[str]]] | None) -> "CompiledQuiz":
        """The quiz as an attempt with this layout asks it: of each pool what was drawn."""
        if not self.places or layout is None:
            return self
        asked = [question_id for question_id, _ in layout]
        return replace(
            self,
            keys={question_id: self.keys[question_id] for question_id in asked},
            shown=tuple(self.by_id[question_id] for question_id in asked),
            places=(),
            max_points=sum((self.keys[question_id].points for question_id in asked), Decimal(0)),
        )

    correction: int = 0
    """After how many corrections of the version its keys are these."""
    written: dict[object, bytes] = field(init=False, default_factory=dict, repr=False, compare=False)
    """Texts of replies that are made of these keys alone, by whatever names them; one with other keys has its own."""


@dataclass(frozen=True, slots=True)
class CompiledLesson:
    """A lesson, or an attestation, as learners see it."""

    id: uuid.UUID
    kind: str
    """`lesson`, or `attestation`: `body_html` is a text to be signed."""
    key: str
    title: str
    required: bool
    body_html: str
    video_url: str | None
    document_url: str | None
    image_url: str | None
    text_hash: str | None = None
    """Of an attestation: the SHA-256 of the text as its author's tree has it, in hexadecimal."""


@dataclass(frozen=True, slots=True)
class CompiledModule:
    """A module and its items in order."""

    id: uuid.UUID
    key: str
    title: str
    items: tuple[CompiledLesson | CompiledQuiz, ...]


@dataclass(frozen=True, slots=True)
class CompiledVersion:
    """Everything about a version that learning needs, by id."""

    id: uuid.UUID
    course_id: uuid.UUID
    number: int
    title: str
    pass_score: Decimal
    skills: tuple[Skill, ...]
    modules: tuple[CompiledModule, ...]
    assessment: CompiledQuiz | None
    shape: CourseShape
    quizzes: Mapping[uuid.UUID, CompiledQuiz]
    """Quizzes and the assessment."""

    @property
    def has_content(self) -> bool:
        """Whether there is something to learn: a program has nothing of its own."""
        return bool(self.modules or self.assessment)


@dataclass(frozen=True, slots=True)
class _Latest:
    """A version's last correction, and when it was looked up, by the process's clock."""

    number: int
    at: float


_cache: OrderedDict[tuple[uuid.UUID, int], CompiledVersion] = OrderedDict()
_latest: OrderedDict[uuid.UUID, _Latest] = OrderedDict()


def cached_version(version_id: uuid.UUID) -> CompiledVersion | None:
    """The published version, if this process has seen it before and looked for corrections a moment ago."""
    latest = _latest.get(version_id)
    if latest is None or time.monotonic() - latest.at > LOOKED_UP:
        return None
    return _cached(version_id, latest.number)


def note_correction(version_id: uuid.UUID, number: int) -> None:
    """Remember that this is the version's last correction now."""
    _remember(_latest, version_id, _Latest(number, time.monotonic()))


def _cached(version_id: uuid.UUID, number: int) -> CompiledVersion | None:
    cached = _cache.get((version_id, number))
    if cached is not None:
        _cache.move_to_end((version_id, number))
    return cached


async def compiled_version(
    session: AsyncSession, version_id: uuid.UUID, correction: int | None = None
) -> CompiledVersion:
    """The published version, from memory when this process has seen it before.

    `correction`: after so many, as a locked position or an attempt says; by default the last that this process knows
    of, which a write must not rely on.
    """
    if correction is None:
        cached = cached_version(version_id)
        if cached is not None:
            return cached
        correction = await correction_number(session, version_id)
        note_correction(version_id, correction)
    return _cached(version_id, correction) or await _compile(session, version_id, correction)


async def _compile(session: AsyncSession, version_id: uuid.UUID, correction: int) -> CompiledVersion:
    found = await session.execute(select(CourseVersion).where(CourseVersion.id == version_id))
    version = found.scalar_one()
    corrections = await list_corrections(session, version_id, upto=correction) if correction else ()
    stored = await load_tree(session, version_id)
    who, what = (version.organization_id, ""), (version, stored, corrections)
    compiled = await apart(*who, compile_version, *what) if stored.is_large else compile_version(*what)
    if version.published_at is not None:
        _remember(_cache, (version_id, correction), compiled)
    return compiled


def _remember(memory: OrderedDict[K, V], key: K, value: V) -> None:
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > MAX_CACHED:
        memory.popitem(last=False)


def compile_version(
    version: CourseVersion, stored: StoredTree, corrections: Sequence[Correction] = ()
) -> CompiledVersion:
    """Compile a stored tree. An unfinished draft compiles too; its unanswerable questions have no answer key."""
    tree, ids = stored.tree, stored.ids
    modules = tuple(
        CompiledModule(
            id=ids[module.key or ""],
            key=module.key or "",
            title=module.title,
            items=tuple(
                _compile_lesson(item, ids)
                if isinstance(item, Lesson)
                else _compile_attestation(item, ids)
                if isinstance(item, Attestation)
                else _compile_quiz(item, ids, corrections)
                for item in module.items
            ),
        )
        for module in tree.modules
    )
    assessment = None if tree.assessment is None else _compile_quiz(tree.assessment, ids, corrections)
    quizzes = [i for module in modules for i in module.items if isinstance(i, CompiledQuiz)]
    if assessment is not None:
        quizzes.append(assessment)
    return CompiledVersion(
        id=version.id,
        course_id=version.course_id,
        number=version.number,
        title=tree.title,
        pass_score=tree.pass_score,
        skills=tree.mastered_skills,
        modules=modules,
        assessment=assessment,
        shape=_shape(tree, modules, assessment),
        quizzes={quiz.id: quiz for quiz in quizzes},
    )


def _shape(tree: Tree, modules: tuple[CompiledModule, ...], assessment: CompiledQuiz | None) -> CourseShape:
    every = [item for module in modules for item in module.items]
    items = [item for item in every if item.required]
    optional = [item for item in every if isinstance(item, CompiledQuiz) and not item.required]
    return CourseShape(
        pass_score=tree.pass_score,
        required_lessons=frozenset(item.id for item in items if isinstance(item, CompiledLesson)),
        required_quizzes=tuple(_quiz_shape(item) for item in items if isinstance(item, CompiledQuiz)),
        assessment=_quiz_shape(assessment) if assessment is not None else None,
        optional_quizzes=tuple(map(_quiz_shape, optional)),
    )


def _quiz_shape(quiz: CompiledQuiz) -> QuizShape:
    return QuizShape(id=quiz.id, pass_score=quiz.pass_score, max_attempts=quiz.max_attempts)


def _compile_lesson(lesson: Lesson, ids: Mapping[str, uuid.UUID]) -> CompiledLesson:
    key = lesson.key or ""
    return CompiledLesson(
        id=ids[key],
        kind=lesson.kind,
        key=key,
        title=lesson.title,
        required=lesson.required,
        body_html=shown_html(lesson.body_html),
        video_url=lesson.video_url,
        document_url=shown_url(lesson.document_url),
        image_url=shown_url(lesson.image_url),
    )


def _compile_attestation(attestation: Attestation, ids: Mapping[str, uuid.UUID]) -> CompiledLesson:
    key = attestation.key or ""
    return CompiledLesson(
        id=ids[key],
        kind=attestation.kind,
        key=key,
        title=attestation.title,
        required=attestation.required,
        body_html=shown_html(attestation.text_html),
        video_url=None,
        document_url=None,
        image_url=None,
        text_hash=hashlib.sha256(attestation.text_html.encode()).hexdigest(),
    )


def _compile_quiz(
    quiz: Quiz | Assessment, ids: Mapping[str, uuid.UUID], corrections: Sequence[Correction]
) -> CompiledQuiz:
    key = quiz.key or ""
    keys: dict[str, AnswerKey] = {}
    explanations: dict[str, str] = {}
    questions = [question for _, question in questions_of(quiz.questions)]
    for question in questions:
        question_id = str(ids[question.key or ""])
        try:
            keys[question_id] = scored_now(question, ids, corrections).key
        except ValueError:
            continue  # only in a draft: publishing refuses such a question
        if question.explanation_html:
            explanations[question_id] = shown_html(question.explanation_html)
    return CompiledQuiz(
        id=ids[key],
        kind="quiz" if isinstance(quiz, Quiz) else "assessment",
        key=key,
        title=quiz.title,
        required=quiz.required if isinstance(quiz, Quiz) else True,
        pass_score=quiz.pass_score,
        max_attempts=quiz.max_attempts,
        time_limit_seconds=quiz.time_limit_seconds,
        retry_delay_seconds=quiz.retry_delay_seconds,
        shuffle=quiz.shuffle,
        feedback=quiz.feedback,
        max_points=_most(quiz, ids, keys),
        keys=keys,
        shown=tuple(shown_question(question, _worth(question, ids, keys), ids) for question in questions),
        explanations=explanations,
        choice_feedback={
            str(ids[answer.key or ""]): shown_html(answer.feedback_html)
            for question in questions
            for answer in question.choices
            if answer.feedback_html
        },
        places=_places(quiz, ids),
        correction=corrections[-1].number if corrections else 0,
    )


def _most(quiz: Quiz | Assessment, ids: Mapping[str, uuid.UUID], keys: Mapping[str, AnswerKey]) -> Decimal:
    """What an attempt can come to at the most: after corrections not all questions of a pool are worth the same."""
    most = Decimal(0)
    for asked in quiz.questions:
        if isinstance(asked, Pool):
            most += asked.draw * max((_worth(one, ids, keys) for one in asked.questions), default=Decimal(0))
        else:
            most += _worth(asked, ids, keys)
    return most


def _places(quiz: Quiz | Assessment, ids: Mapping[str, uuid.UUID]) -> tuple[str | CompiledPool, ...]:
    if not any(isinstance(asked, Pool) for asked in quiz.questions):
        return ()
    return tuple(
        CompiledPool(tuple(str(ids[question.key or ""]) for question in asked.questions), asked.draw)
        if isinstance(asked, Pool)
        else str(ids[asked.key or ""])
        for asked in quiz.questions
    )


def _worth(question: Question, ids: Mapping[str, uuid.UUID], keys: Mapping[str, AnswerKey]) -> Decimal:
    key = keys.get(str(ids[question.key or ""]))
    return question.points if key is None else key.points
