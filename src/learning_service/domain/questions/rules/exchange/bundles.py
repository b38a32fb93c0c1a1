"""Our own bundle: a course or a bank with the files that it shows, to come back whole at another installation.

A zip of `bundle.json`, which says what it is and names its files; `course.json`, a tree as the API has it, or
`questions.jsonl`, a question on each line; and the files themselves, as they were uploaded.
"""

import io
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, ValidationError
from pydantic_core import from_json, to_json

from learning_service.domain.documents.rules import SUFFIXES
from learning_service.domain.kernel.archives import MIB
from learning_service.domain.kernel.pointers import faults_of
from learning_service.domain.kernel.values import StrictModel
from learning_service.domain.questions.rules.exchange.enclosures import (
    MAX_ENCLOSURES,
    Enclosure,
    NotTaken,
    enclose,
    renamed,
)
from learning_service.domain.questions.rules.exchange.entries import Draft, Entry
from learning_service.domain.questions.rules.exchange.gift_lexer import lines_of
from learning_service.domain.questions.rules.exchange.packages import BUNDLE, BadPackage, Package
from learning_service.domain.questions.rules.exchange.packing import PackedFile
from learning_service.domain.questions.rules.exchange.texts import Rich

FORMAT: Literal["learning-service"] = "learning-service"
COURSE, QUESTIONS = "course.json", "questions.jsonl"
MAX_COURSE = 8 * MIB
"""As much as the API takes of a tree."""
MAX_LINE = 8 * MIB
_MOST = {BUNDLE: MIB, COURSE: MAX_COURSE}
_KEYS: Any = {"key": True, "answers": {"__all__": {"key"}}}
"""What a question has of one course alone."""
Kind: TypeAlias = Literal["course", "bank"]


class BundledFile(StrictModel):
    """A file in a bundle."""

    id: uuid.UUID
    """By which the course or the questions name it."""
    file: Annotated[str, Field(min_length=1, max_length=200)]
    """Where it is in the zip."""
    name: Annotated[str, Field(max_length=200)] | None = None
    """What its author called it."""
    hidden_slides: bool = False
    """Whether slides that a presentation hides are shown."""


class Manifest(StrictModel):
    """What a bundle is and which files are in it."""

    format: Literal["learning-service"]
    version: Literal[1]
    kind: Kind
    files: Annotated[tuple[BundledFile, ...], Field(max_length=MAX_ENCLOSURES)] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is in a bundle: its questions, its files, and of a course the tree, as JSON."""

    entries: Iterator[Entry]
    files: Mapping[uuid.UUID, Enclosure]
    course: str | None


def write_bundle(kind: Kind, content: str, files: Sequence[PackedFile]) -> bytes:
    """A bundle of a course's tree, or of questions, a line each, with these files."""
    buffer = io.BytesIO()
    listed = []
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for file in files:
            place = f"files/{file.id}.{SUFFIXES[file.media_type]}"
            listed.append(
                BundledFile(id=file.id, file=place, name=file.name, hidden_slides=file.hidden_slides)
            )
            # Pictures and presentations are packed already.
            package.writestr(_dated(place), file.content, zipfile.ZIP_STORED)
        package.writestr(_dated(COURSE if kind == "course" else QUESTIONS), content, zipfile.ZIP_DEFLATED)
        manifest = Manifest(format=FORMAT, version=1, kind=kind, files=tuple(listed))
        package.writestr(_dated(BUNDLE), manifest.model_dump_json(indent=1), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def question_line(question: Any) -> str:
    """A question as a bundle of a bank has it."""
    line: str = question.model_dump_json(exclude=_KEYS)
    return line + "\n"


def read_bundle(package: Package) -> Bundle:
    """What is in a bundle. Raises BadPackage."""
    manifest = _manifest(package)
    files, ids = _files(package, manifest)
    found = {enclosure.id: enclosure for enclosure in files}
    if manifest.kind == "bank":
        return Bundle(_lines(_text(package, QUESTIONS), ids, found), found, None)
    course = _without_keys(_json(renamed(_text(package, COURSE), ids), COURSE))
    return Bundle(_asked(course, found), found, to_json(course).decode())


def _manifest(package: Package) -> Manifest:
    said = _json(_text(package, BUNDLE), BUNDLE)
    try:
        return Manifest.model_validate_json(to_json(said))
    except ValidationError as error:
        fault = faults_of(error, said)[0]
        raise BadPackage(f"{BUNDLE} is not as it should be: {fault.pointer} {fault.detail}.") from None


def _files(package: Package, manifest: Manifest) -> tuple[list[Enclosure], dict[uuid.UUID, uuid.UUID]]:
    """The files, and by which id of their content each id of the bundle is known."""
    files, ids = [], {}
    for one in manifest.files:
        if one.file not in package.names:
            raise BadPackage(f"The bundle has no file {one.file[:100]!r}.")
        try:
            content = package.read(one.file)
            enclosure = enclose(one.name or one.file, content, hidden_slides=one.hidden_slides)
        except NotTaken as error:
            raise BadPackage(str(error)) from None
        files.append(enclosure)
        ids[one.id] = enclosure.id
    return files, ids


def _text(package: Package, name: str) -> str:
    if name not in package.names:
        raise BadPackage(f"The bundle has no {name}.")
    try:
        return package.read(name, most=_MOST.get(name)).decode()
    except UnicodeDecodeError:
        raise BadPackage(f"{name} is not UTF-8.") from None


def _lines(
    content: str, ids: Mapping[uuid.UUID, uuid.UUID], files: Mapping[uuid.UUID, Enclosure]
) -> Iterator[Entry]:
    for number, line in enumerate(lines_of(content), 1):
        if line.strip():
            yield _entry(number, renamed(line, ids), files)


def _asked(course: Any, files: Mapping[uuid.UUID, Enclosure]) -> Iterator[Entry]:
    """The questions of a tree, each with its number: a tree has no lines."""
    for number, question in enumerate(_questions(course), 1):
        yield _entry(number, to_json(question).decode(), files)


def _questions(course: Any) -> Iterator[Any]:
    modules = _list(course, "modules")
    quizzes = [item for module in modules for item in _list(module, "items")]
    if isinstance(course, dict):
        quizzes.append(course.get("assessment"))
    for quiz in quizzes:
        for asked in _list(quiz, "questions"):
            pooled = isinstance(asked, dict) and asked.get("type") == "pool"
            yield from _list(asked, "questions") if pooled else [asked]


def _entry(number: int, text: str, files: Mapping[uuid.UUID, Enclosure]) -> Entry:
    if len(text) > MAX_LINE:
        return Draft(number).refused("too-long", f"A question may have at most {MAX_LINE // MIB} MiB.")
    try:
        fields = _without_keys(from_json(text))
    except ValueError:
        return Draft(number).refused("no-json", "The line is no JSON.")
    if not isinstance(fields, dict):
        return Draft(number).refused("no-json", "The line is no question.")
    kind, prompt = fields.get("type"), fields.get("prompt_html")
    draft = Draft(number, prompt=Rich(prompt if isinstance(prompt, str) else "", "html"))
    draft.enclosures = {str(id_): file for id_, file in files.items()} if "document:" in text else {}
    return draft.judged(kind if isinstance(kind, str) else None, fields)


def _without_keys(value: Any) -> Any:
    """The same without the keys of its parts: another course has others."""
    if isinstance(value, dict):
        return {name: _without_keys(part) for name, part in value.items() if name != "key"}
    return [_without_keys(part) for part in value] if isinstance(value, list) else value


def _json(content: str, name: str) -> Any:
    try:
        return from_json(content)
    except ValueError:
        raise BadPackage(f"{name} is no JSON.") from None


def _list(value: Any, name: str) -> list[Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def _dated(name: str) -> zipfile.ZipInfo:
    """The same content makes the same bundle, whenever."""
    return zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
