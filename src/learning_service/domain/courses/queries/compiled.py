"""Published versions compiled for learning: what is shown, what is graded by, and what completing takes.

A published version never changes, so what is compiled stays right. The cache is bounded and knows
nothing of tenants, because a version's id is only ever learned from a scoped query.
"""

import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.models import CourseVersion
from learning_service.domain.courses.queries.versions import StoredTree, load_tree
from learning_service.domain.courses.rules.shape import CourseShape, QuizShape
from learning_service.domain.courses.rules.tree import Assessment, Lesson, Quiz, Skill, Tree
from learning_service.domain.documents.rules import shown_html, shown_url
from learning_service.domain.questions.rules.answer_keys import AnswerKey
from learning_service.domain.questions.rules.parts import Part
from learning_service.domain.questions.rules.pools import Pool, most_points, questions_of
from learning_service.domain.questions.rules.question import Answer
from learning_service.domain.questions.rules.types import Question

MAX_CACHED = 500


@dataclass(frozen=True, slots=True)
class AnswerView:
    """A choice of a question as learners see it."""

    id: uuid.UUID
    text: str
    html: str | None = None
    pinned: bool = False
    """Whether it stays last when they are shuffled."""


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question as learners see it. An allow-list: what is not named here stays with the key."""

    id: uuid.UUID
    key: str
    type: str
    prompt_html: str
    points: Decimal
    answers: tuple[AnswerView, ...] = ()
    """The choices; empty where the question has none."""
    left: tuple[Part, ...] = ()
    right: tuple[Part, ...] = ()
    items: tuple[Part, ...] = ()
    """What is put together, in an order that tells nothing."""


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
        shown = {str(question.id): question for question in self.shown}
        return replace(
            self,
            keys={question_id: self.keys[question_id] for question_id in asked},
            shown=tuple(shown[question_id] for question_id in asked),
            places=(),
        )


@dataclass(frozen=True, slots=True)
class CompiledLesson:
    """A lesson as learners see it."""

    id: uuid.UUID
    key: str
    title: str
    required: bool
    body_html: str
    video_url: str | None
    document_url: str | None
    image_url: str | None


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


_cache: OrderedDict[uuid.UUID, CompiledVersion] = OrderedDict()


def cached_version(version_id: uuid.UUID) -> CompiledVersion | None:
    """The published version, if this process has seen it before."""
    cached = _cache.get(version_id)
    if cached is not None:
        _cache.move_to_end(version_id)
    return cached


async def compiled_version(session: AsyncSession, version_id: uuid.UUID) -> CompiledVersion:
    """The published version, from memory when this process has seen it before."""
    cached = cached_version(version_id)
    if cached is not None:
        return cached
    version = (
        await session.execute(select(CourseVersion).where(CourseVersion.id == version_id))
    ).scalar_one()
    compiled = compile_version(version, await load_tree(session, version_id))
    if version.published_at is not None:
        _cache[version_id] = compiled
        while len(_cache) > MAX_CACHED:
            _cache.popitem(last=False)
    return compiled


def compile_version(version: CourseVersion, stored: StoredTree) -> CompiledVersion:
    """Compile a stored tree. An unfinished draft compiles too; its unanswerable questions have no answer key."""
    tree, ids = stored.tree, stored.ids
    modules = tuple(
        CompiledModule(
            id=ids[module.key or ""],
            key=module.key or "",
            title=module.title,
            items=tuple(
                _compile_lesson(item, ids) if isinstance(item, Lesson) else _compile_quiz(item, ids)
                for item in module.items
            ),
        )
        for module in tree.modules
    )
    assessment = _compile_quiz(tree.assessment, ids) if tree.assessment is not None else None
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
        key=key,
        title=lesson.title,
        required=lesson.required,
        body_html=shown_html(lesson.body_html),
        video_url=lesson.video_url,
        document_url=shown_url(lesson.document_url),
        image_url=shown_url(lesson.image_url),
    )


def _compile_quiz(quiz: Quiz | Assessment, ids: Mapping[str, uuid.UUID]) -> CompiledQuiz:
    key = quiz.key or ""
    keys: dict[str, AnswerKey] = {}
    explanations: dict[str, str] = {}
    questions = [question for _, question in questions_of(quiz.questions)]
    for question in questions:
        question_id = str(ids[question.key or ""])
        try:
            keys[question_id] = question.answer_key(question_id, _choice_ids(question, ids))
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
        max_points=most_points(quiz.questions),
        keys=keys,
        shown=tuple(_shown(question, ids) for question in questions),
        explanations=explanations,
        choice_feedback={
            str(ids[answer.key or ""]): shown_html(answer.feedback_html)
            for question in questions
            for answer in question.choices
            if answer.feedback_html
        },
        places=_places(quiz, ids),
    )


def _places(quiz: Quiz | Assessment, ids: Mapping[str, uuid.UUID]) -> tuple[str | CompiledPool, ...]:
    if not any(isinstance(asked, Pool) for asked in quiz.questions):
        return ()
    return tuple(
        CompiledPool(tuple(str(ids[question.key or ""]) for question in asked.questions), asked.draw)
        if isinstance(asked, Pool)
        else str(ids[asked.key or ""])
        for asked in quiz.questions
    )


def _choice_ids(question: Question, ids: Mapping[str, uuid.UUID]) -> tuple[str, ...]:
    return tuple(str(ids[answer.key or ""]) for answer in question.choices)


def _shown(question: Question, ids: Mapping[str, uuid.UUID]) -> QuestionView:
    key = question.key or ""
    return QuestionView(
        id=ids[key],
        key=key,
        type=question.type,
        prompt_html=shown_html(question.prompt_html),
        points=question.points,
        answers=tuple(_shown_answer(answer, ids) for answer in question.choices),
        **question.parts(str(ids[key])),
    )


def _shown_answer(answer: Answer, ids: Mapping[str, uuid.UUID]) -> AnswerView:
    html = None if answer.html is None else shown_html(answer.html)
    return AnswerView(ids[answer.key or ""], answer.words, html, answer.pinned)
