"""The tree: a whole course version as authors send it and get it back.

These models are the wire form and the stored form at once. They refuse what can never be right; what is
merely incomplete passes here and is named by `publish_faults`. Source: the contract, "Courses and versions".
"""

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import from_json

from learning_service.domain.courses.rules.urls import document_url, https_url
from learning_service.domain.directory.rules.facts import Locale
from learning_service.domain.kernel.errors import Invalid
from learning_service.domain.kernel.pointers import Path, at_places, faults_of
from learning_service.domain.kernel.values import (
    Html,
    Name,
    Number,
    OpaqueId,
    Percent,
    StrictModel,
    number_between,
)
from learning_service.domain.questions.rules.pools import Paper, Pool
from learning_service.domain.questions.rules.question import Answer, Key
from learning_service.domain.questions.rules.types import AnyQuestion

MAX_SKILLS = 100
MAX_MODULES = 200
MAX_ITEMS = 500
MAX_PARTS = 30_000
MAX_ATTEMPTS = 1000
MAX_TIME_LIMIT_SECONDS = 2_592_000
MAX_HTML = 200_000
MAX_MINUTES = 100_000
MAX_CREDIT_HOURS = 1000
DEFAULT_PASS_SCORE = Decimal(80)

HttpsUrl: TypeAlias = Annotated[str, Field(max_length=2000), AfterValidator(https_url)]
"""An address on the public web."""
DocumentUrl: TypeAlias = Annotated[str, Field(max_length=2000), AfterValidator(document_url)]
"""An address on the public web, or `document:<id>`."""
CreditHours: TypeAlias = Annotated[
    Number,
    Field(ge=0, le=MAX_CREDIT_HOURS, decimal_places=2),
    number_between(0, MAX_CREDIT_HOURS),
]
MaxAttempts: TypeAlias = Annotated[int, Field(ge=1, le=MAX_ATTEMPTS)]
TimeLimit: TypeAlias = Annotated[int, Field(ge=1, le=MAX_TIME_LIMIT_SECONDS)]
RetryDelay: TypeAlias = Annotated[int, Field(ge=1, le=MAX_TIME_LIMIT_SECONDS)]
"""How long after an attempt the next one may begin."""
Feedback: TypeAlias = Literal["never", "after_submit", "after_last_attempt"]
"""When right answers and explanations are shown to the learner."""


class Lesson(StrictModel):
    """Something to read or watch."""

    kind: Literal["lesson"]
    key: Key | None = None
    """Names the lesson within its course, the same in every version; made where it is left out."""
    title: Name
    body_html: Html = ""
    video_url: HttpsUrl | None = None
    document_url: DocumentUrl | None = None
    image_url: DocumentUrl | None = None
    required: bool = True


class Attestation(StrictModel):
    """A text that the learner signs with their name."""

    kind: Literal["attestation"]
    key: Key | None = None
    """Names the attestation within its course, the same in every version; made where it is left out."""
    title: Name
    text_html: Html = ""
    """What is signed, as sanitized HTML. Who has signed another text is asked again."""
    required: bool = True


class Quiz(StrictModel):
    """Questions inside a module. Without `max_attempts` or `time_limit_seconds` there is none."""

    kind: Literal["quiz"]
    key: Key | None = None
    """Names the quiz within its course, the same in every version; made where it is left out."""
    title: Name
    pass_score: Percent = DEFAULT_PASS_SCORE
    max_attempts: MaxAttempts | None = None
    time_limit_seconds: TimeLimit | None = None
    retry_delay_seconds: RetryDelay | None = None
    required: bool = True
    shuffle: bool = False
    feedback: Feedback = "after_last_attempt"
    """When learners see which answers are right."""
    questions: Paper = ()
    """In the order in which they are shown, unless shuffled; pools among them."""


class Assessment(StrictModel):
    """The final assessment: always required."""

    key: Key | None = None
    """Names the assessment within its course, the same in every version; made where it is left out."""
    title: Name
    pass_score: Percent = DEFAULT_PASS_SCORE
    max_attempts: MaxAttempts | None = None
    time_limit_seconds: TimeLimit | None = None
    retry_delay_seconds: RetryDelay | None = None
    shuffle: bool = False
    feedback: Feedback = "never"
    """When learners see which answers are right."""
    questions: Paper = ()
    """In the order in which they are shown, unless shuffled; pools among them."""


Item: TypeAlias = Annotated[Lesson | Attestation | Quiz, Field(discriminator="kind")]


class Module(StrictModel):
    """A part of the course: items in order."""

    key: Key | None = None
    """Names the module within its course, the same in every version; made where it is left out."""
    title: Name
    items: Annotated[tuple[Item, ...], Field(max_length=MAX_ITEMS)] = ()
    """Lessons, attestations and quizzes, in order."""


class Skill(StrictModel):
    """A skill that a pass proves."""

    skill_id: OpaqueId
    """Names the skill in the whole organization."""
    name: Name
    """As members read it."""


def _distinct_skills(skills: tuple[Skill, ...]) -> tuple[Skill, ...]:
    again = _repeated(skill.skill_id for skill in skills)
    if again:
        raise at_places("is listed twice", [(n, "skill_id") for n in again], "twice")
    return skills


Skills: TypeAlias = Annotated[
    tuple[Skill, ...], Field(max_length=MAX_SKILLS), AfterValidator(_distinct_skills)
]


class Tree(StrictModel):
    """A course version: everything that is read, graded or printed, and nothing about people."""

    title: Name
    description_html: Html = ""
    image_url: DocumentUrl | None = None
    language: Locale | None = None
    """The language that it is written in, as a tag such as `es-MX`."""
    estimated_minutes: Annotated[int, Field(ge=1, le=MAX_MINUTES)] | None = None
    credit_hours: CreditHours | None = None
    pass_score: Percent = DEFAULT_PASS_SCORE
    mastered_skills: Skills = ()
    """Skills that a pass proves."""
    modules: Annotated[tuple[Module, ...], Field(max_length=MAX_MODULES)] = ()
    """The course's parts, in order."""
    assessment: Assessment | None = None
    """The final assessment; null: the course has none."""

    @model_validator(mode="after")
    def _whole_is_sound(self) -> "Tree":
        parts = list(islice(keyed_nodes(self), MAX_PARTS + 1))
        if len(parts) > MAX_PARTS:
            raise at_places(
                f"has more than {MAX_PARTS:,} modules, items, questions and answers",
                [()],
                "too-many",
                {"most": MAX_PARTS},
            )
        nodes = [(path, node.key) for path, node in parts if node.key is not None]
        again = _repeated(key for _, key in nodes)
        if again:
            raise at_places(
                "another part of the course has the same key", [(*nodes[n][0], "key") for n in again], "twice"
            )
        return self


Keyed: TypeAlias = Module | Lesson | Attestation | Quiz | Assessment | Pool | AnyQuestion | Answer
"""What carries a key."""


def keyed_nodes(tree: Tree) -> Iterator[tuple[Path, Keyed]]:
    """Everything that carries a key, parents first, with its path in the tree."""
    for m, module in enumerate(tree.modules):
        yield ("modules", m), module
        for i, item in enumerate(module.items):
            path: Path = ("modules", m, "items", i)
            yield path, item
            if isinstance(item, Quiz):
                yield from _question_nodes(item, path)
    if tree.assessment is not None:
        yield ("assessment",), tree.assessment
        yield from _question_nodes(tree.assessment, ("assessment",))


def quizzes(tree: Tree) -> Iterator[tuple[Path, Quiz | Assessment]]:
    """Every quiz in order, then the assessment, with paths."""
    for path, node in keyed_nodes(tree):
        if isinstance(node, Quiz | Assessment):
            yield path, node


def each_paper(tree: Tree, change: Callable[[Paper], Paper]) -> Tree:
    """The tree with the questions of each quiz and the assessment changed."""

    def changed(quiz: Quiz | Assessment) -> Any:
        return quiz.model_copy(update={"questions": change(quiz.questions)})

    modules = tuple(
        module.model_copy(
            update={
                "items": tuple(changed(item) if isinstance(item, Quiz) else item for item in module.items)
            }
        )
        for module in tree.modules
    )
    assessment = None if tree.assessment is None else changed(tree.assessment)
    return tree.model_copy(update={"modules": modules, "assessment": assessment})


def pools_of(tree: Tree) -> Iterator[tuple[Path, Pool]]:
    """Every pool, with its path in the tree."""
    for path, node in keyed_nodes(tree):
        if isinstance(node, Pool):
            yield path, node


def texts_of(tree: Tree) -> frozenset[str]:
    """Every text in the tree."""
    texts: set[str] = set()
    stack: list[object] = [tree]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            texts.add(part)
        elif isinstance(part, tuple):
            stack.extend(part)
        elif isinstance(part, StrictModel):
            stack.extend(vars(part).values())
    return frozenset(texts)


def parse_tree(raw: bytes | str, held: frozenset[str] = frozenset()) -> Tree:
    """The tree in this JSON text. Raises `Invalid` naming every place that can never be right.

    `held`: texts that the course has already. They were accepted once and are not judged again.
    """
    try:
        return _TREE.validate_json(raw, context=held)
    except ValidationError as error:
        raise Invalid(faults_of(error, _document(raw))) from None


def dump_tree(tree: Tree) -> bytes:
    """The tree as JSON text; `parse_tree` gives the same tree again."""
    return _TREE.dump_json(tree)


def _question_nodes(quiz: Quiz | Assessment, path: Path) -> Iterator[tuple[Path, Keyed]]:
    for q, asked in enumerate(quiz.questions):
        place: Path = (*path, "questions", q)
        yield place, asked
        if isinstance(asked, Pool):
            for n, question in enumerate(asked.questions):
                yield (*place, "questions", n), question
                yield from _answer_nodes(question, (*place, "questions", n))
        else:
            yield from _answer_nodes(asked, place)


def _answer_nodes(question: AnyQuestion, path: Path) -> Iterator[tuple[Path, Keyed]]:
    for a, answer in enumerate(question.choices):
        yield (*path, "answers", a), answer


def _repeated(words: Iterator[str]) -> list[int]:
    """Positions of words that have come before."""
    seen: Counter[str] = Counter()
    again: list[int] = []
    for n, word in enumerate(words):
        if seen[word]:
            again.append(n)
        seen[word] += 1
    return again


def _document(raw: bytes | str) -> object:
    try:
        return from_json(raw)
    except ValueError:
        return None


_TREE = TypeAdapter(Tree)
