"""Questions that were found in a file, on their way into a draft. Pure.

What a quiz of the draft asks already is not asked again: a question is known by its content, without any key.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from learning_service.domain.courses.rules.documents import shown_documents
from learning_service.domain.courses.rules.richtext import Clean, Cleaning, sanitize_tree
from learning_service.domain.courses.rules.tree import (
    MAX_ITEMS,
    MAX_MODULES,
    MAX_PARTS,
    Assessment,
    Module,
    Quiz,
    Tree,
    keyed_nodes,
    quizzes,
)
from learning_service.domain.kernel.errors import Invalid
from learning_service.domain.questions.rules.exchange.enclosures import named_in, renamed
from learning_service.domain.questions.rules.exchange.entries import Entry, Group, Message
from learning_service.domain.questions.rules.pools import POOL, Asked, Pool, questions_of
from learning_service.domain.questions.rules.types import MAX_QUESTIONS, AnyQuestion, Question

TITLE = "Imported questions"
_QUESTION: TypeAdapter[Question] = TypeAdapter(Question)


@dataclass(frozen=True, slots=True)
class Place:
    """Where questions are to go: into a quiz, else into a new one of a module, else of a new module."""

    module: str | None
    quiz: str | None

    @property
    def is_open(self) -> bool:
        """Whether nothing was said: a whole course then goes into a draft that is empty."""
        return self.module is None and self.quiz is None


@dataclass(frozen=True, slots=True)
class Judged:
    """An entry that has been compared with the draft. `key`: of the question that it is there, or becomes."""

    entry: Entry
    key: str | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """How many questions still fit where they go, and what is said of those that do not, or are there already."""

    questions: int
    full: str = f"A quiz has at most {MAX_QUESTIONS:,} questions."
    there: str = "The draft has this question."
    pools: bool = True
    """Whether there are pools."""
    parts: int = 30_000_000
    """How many questions and choices together."""


def room_in(tree: Tree, place: Place) -> Room:
    """The room at a place of the draft. Raises Invalid."""
    parts = sum(1 for _ in keyed_nodes(tree)) + 2
    return Room(check_place(tree, place), parts=MAX_PARTS - parts)


def contents_of(questions: Iterable[Question]) -> Cleaning[list[tuple[str, str]]]:
    """The content of each question, and its key: work that pauses after each."""
    found = []
    for question in questions:
        found.append((content_of(question), question.key or ""))
        yield
    return found


def questions_in(tree: Tree) -> list[Question]:
    """What the quizzes and pools of a tree ask, in order."""
    return [question for _, quiz in quizzes(tree) for _, question in questions_of(quiz.questions)]


def is_empty(tree: Tree) -> bool:
    """Whether the draft has nothing but its head."""
    return not tree.modules and tree.assessment is None


def check_place(tree: Tree, place: Place) -> int:
    """How many questions still fit there. Raises Invalid for a quiz or module that the draft does not have."""
    if place.quiz is not None:
        for path, quiz in quizzes(tree):
            inside = place.module is None or (
                path[0] == "modules" and tree.modules[int(path[1])].key == place.module
            )
            if quiz.key == place.quiz and inside:
                return MAX_QUESTIONS - len(quiz.questions)
        raise Invalid.at("/quiz", "is no quiz or assessment there in the draft", "not-known")
    if place.module is None:
        if len(tree.modules) >= MAX_MODULES:
            raise Invalid.at("/module", "the draft has as many modules as it can", "too-many")
        return MAX_QUESTIONS
    module = next((module for module in tree.modules if module.key == place.module), None)
    if module is None:
        raise Invalid.at("/module", "is no module of the draft", "not-known")
    if len(module.items) >= MAX_ITEMS:
        raise Invalid.at("/module", "the module has as many items as it can", "too-many")
    return MAX_QUESTIONS


@dataclass(frozen=True, slots=True)
class Cleaned:
    """An entry with clean rich text, and what its question is as text."""

    entry: Entry
    content: str = ""


def clean_entries(entries: Iterable[Entry], clean: Clean) -> Cleaning[list[Cleaned]]:
    """The entries with clean rich text; refused where it is too much to clean. Work that pauses after each."""
    found = []
    for entry in entries:
        cleaned = yield from _cleaned(entry, clean)
        question = cleaned.question
        found.append(Cleaned(cleaned, "" if question is None else content_of(question)))
    return found


def judge_entries(
    entries: Iterable[Cleaned],
    known: Mapping[str, str],
    room: Room,
    files: Mapping[uuid.UUID, uuid.UUID],
    new_key: Callable[[], str],
) -> Cleaning[list[Judged]]:
    """What becomes of each: told from what is there, and refused where there is no more room.

    `known`: the key of each question that is there, by its content. `files`: the documents that are there, with the
    id of what is in them. Work that pauses after each.
    """
    met: dict[str, str] = {}
    left, parts = room.questions, room.parts
    judged = []
    for cleaned in entries:
        yield
        entry = cleaned.entry
        question = entry.question
        if question is None:
            judged.append(Judged(entry))
            continue
        if named_in(cleaned.content) and not _shown(entry) <= files.keys():
            detail = "It shows a document that this organization does not have."
            judged.append(Judged(_refused(entry, "not-known", detail)))
            continue
        content = renamed(cleaned.content, files)
        parts -= 1 + len(question.choices)
        if content in known:
            judged.append(Judged(_warned(entry, "duplicate", room.there), known[content]))
        elif content in met:
            detail = "The file has this question more than once; it is made once."
            judged.append(Judged(_warned(entry, "duplicate", detail), met[content]))
        elif left <= 0 or parts < 0:
            judged.append(Judged(_refused(entry, "too-many", room.full)))
        else:
            left -= 1
            if entry.group is not None and not room.pools:
                draw = entry.group.draw
                detail = f"The file draws {draw} from its group, and a bank has none: make a pool of it."
                entry = _warned(entry, "group", detail)
            met[content] = key = new_key()
            keyed = replace(entry, question=question.model_copy(update={"key": key}))
            judged.append(Judged(keyed, key, is_new=True))
    return judged


def with_questions(tree: Tree, place: Place, questions: Sequence[Asked]) -> Tree:
    """The tree with these questions at the end of their place."""
    if place.quiz is None:
        return _with_quiz(tree, place, Quiz(kind="quiz", title=TITLE, questions=tuple(questions)))
    if tree.assessment is not None and tree.assessment.key == place.quiz:
        return tree.model_copy(update={"assessment": _longer(tree.assessment, questions)})
    modules = tuple(
        module.model_copy(
            update={
                "items": tuple(
                    _longer(item, questions) if isinstance(item, Quiz) and item.key == place.quiz else item
                    for item in module.items
                )
            }
        )
        for module in tree.modules
    )
    return tree.model_copy(update={"modules": modules})


def content_of(question: Question) -> str:
    """All that the question is, as text, but for keys and tags."""
    return question.model_dump_json(exclude={"key": True, "tags": True, "answers": {"__all__": {"key"}}})


def _with_quiz(tree: Tree, place: Place, quiz: Quiz) -> Tree:
    if place.module is None:
        return tree.model_copy(update={"modules": (*tree.modules, Module(title=TITLE, items=(quiz,)))})
    modules = tuple(
        module.model_copy(update={"items": (*module.items, quiz)}) if module.key == place.module else module
        for module in tree.modules
    )
    return tree.model_copy(update={"modules": modules})


def _longer(quiz: Quiz | Assessment, questions: Sequence[Asked]) -> Quiz | Assessment:
    return quiz.model_copy(update={"questions": (*quiz.questions, *questions)})


def _cleaned(entry: Entry, clean: Clean) -> Cleaning[Entry]:
    if entry.question is None:
        return entry
    try:
        question, removed = yield from sanitize_tree(entry.question, clean)
    except Invalid as error:
        return _refused(entry, error.faults[0].code, f"{error.faults[0].pointer}: {error.faults[0].detail}")
    lost = sorted({what for found in removed for what in found.removed})
    cleaned = replace(entry, question=question)
    return _warned(cleaned, "removed-html", f"Taken out: {', '.join(lost)}.") if lost else cleaned


def _shown(entry: Entry) -> set[uuid.UUID]:
    """The documents that its question shows, but for files that come with it."""
    shown = () if entry.question is None else shown_documents(entry.question)
    return {one.document_id for one in shown} - {enclosure.id for enclosure in entry.enclosures}


def _warned(entry: Entry, code: str, detail: str) -> Entry:
    return replace(entry, messages=(*entry.messages, Message(code, detail)))


def _refused(entry: Entry, code: str, detail: str) -> Entry:
    return replace(_warned(entry, code, detail), question=None)


def new_questions(judged: Iterable[Judged]) -> Iterator[Question]:
    """The questions to be added, in the file's order."""
    for one in judged:
        if one.is_new and one.entry.question is not None:
            yield one.entry.question


def pooled(judged: Iterable[Judged], questions: Iterable[AnyQuestion]) -> list[Asked]:
    """The questions to be added, those of a group as a pool where the first of them stands."""
    new = [one.entry.group for one in judged if one.is_new and one.entry.question is not None]
    of_group: dict[Group, list[AnyQuestion]] = {}
    found: list[AnyQuestion | Group] = []
    for group, question in zip(new, questions, strict=True):
        if group is None:
            found.append(question)
            continue
        if group not in of_group:
            found.append(group)
        of_group.setdefault(group, []).append(question)
    return [
        Pool(type=POOL, draw=one.draw, questions=tuple(of_group[one])) if isinstance(one, Group) else one
        for one in found
    ]


def new_enclosures(judged: Iterable[Judged]) -> Iterator[uuid.UUID]:
    """The files that they show and that come with them."""
    for one in judged:
        if one.is_new:
            yield from (enclosure.id for enclosure in one.entry.enclosures)


def with_documents(question: Question, documents: Mapping[uuid.UUID, uuid.UUID]) -> Question:
    """The question with files that came with it shown by their documents."""
    content = question.model_dump_json()
    after = renamed(content, documents)
    return question if after == content else _QUESTION.validate_json(after)
