"""Files on their way out: what an export shows, where each is put, and how its texts name it there."""

import base64
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from learning_service.domain.documents.rules import SUFFIXES, referenced_id
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.exchange.enclosures import each_source

_UNUSUAL = re.compile(r"[^\w.() -]")
_SHOWN = re.compile(r'src=\\?"document:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})')


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A document's file."""

    id: uuid.UUID
    name: str | None
    media_type: str
    hidden_slides: bool
    content: bytes

    @property
    def place(self) -> str:
        """A path that no other file has, and that ends in its author's name for it."""
        usual = f"picture.{SUFFIXES[self.media_type]}"
        return f"{self.id}/{_UNUSUAL.sub('_', self.name or '').strip(' .') or usual}"


@dataclass(slots=True)
class Pictures:
    """The pictures that a file of questions may have in it."""

    files: Mapping[uuid.UUID, PackedFile] = field(default_factory=dict)
    left: int = 0
    """How many bytes of pictures may still be written, each as often as a text shows it."""

    def for_question(self, content: str, *, most: int | None = None) -> "Shown":
        """Those that a question shows, given as JSON; none where they are more than `most` bytes together."""
        named = [uuid.UUID(id_) for id_ in _SHOWN.findall(content)]
        files = {id_: self.files[id_] for id_ in named if id_ in self.files}
        size = sum(len(files[id_].content) for id_ in named if id_ in files)
        if size > self.left or (most is not None and size > max(0, most)):
            return Shown({}, is_whole=False)
        self.left -= size
        return Shown(files, is_whole=files.keys() >= set(named))


NO_PICTURES = Pictures()


@dataclass(frozen=True, slots=True)
class Shown:
    """The pictures of one question. `is_whole`: no other is named in its texts."""

    files: Mapping[uuid.UUID, PackedFile]
    is_whole: bool = True

    def named(self, html: str, address: Callable[[PackedFile], str]) -> tuple[str, list[PackedFile]]:
        """A text that names its pictures by these addresses, and which it shows, each once."""
        if not self.files or "document:" not in html:
            return html, []
        met: dict[uuid.UUID, PackedFile] = {}

        def changed(source: str) -> str | None:
            id_ = referenced_id(source)
            file = None if id_ is None else self.files.get(id_)
            if file is None:
                return None
            met[file.id] = file
            return address(file)

        return each_source(html, changed), list(met.values())

    def in_fields(self, fields: JsonObject, address: Callable[[PackedFile], str]) -> JsonObject:
        """A question whose rich texts name their pictures by these addresses."""

        def changed(value: Any, name: str = "") -> Any:
            if isinstance(value, dict):
                return {name: changed(part, name) for name, part in value.items()}
            if isinstance(value, list):
                return [changed(part) for part in value]
            is_rich = isinstance(value, str) and name.endswith("html")
            return self.named(value, address)[0] if is_rich else value

        return {name: changed(value, name) for name, value in fields.items()} if self.files else fields


def address_of(file: PackedFile) -> str:
    """The path of a file as a text names it."""
    return quote(file.place)


def data_of(file: PackedFile) -> str:
    """An address that has the file in it."""
    return f"data:{file.media_type};base64,{base64.b64encode(file.content).decode()}"
