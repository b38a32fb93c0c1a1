"""What acts by itself in a PDF: scripts, programs it starts, data it sends, files it carries. Found, and taken out.

All objects are looked at, whether or not something refers to them.
"""

import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

_ACTIONS = frozenset(
    {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/Rendition", "/RichMediaExecute", "/GoToE"}
)
_ACTIVE = (
    "/JS",
    "/AA",
    "/XFA",
    "/EF",
    "/AF",
    "/EmbeddedFiles",
    "/JavaScript",
    "/Collection",
    "/RichMediaContent",
)
"""Keys under which nothing else than scripts, triggers and attached files is found."""
_TRIGGERS = ("/OpenAction", "/A", "/PA", "/Next")
_NAMED = re.compile(rb"/(?:JavaScript|Launch|SubmitForm|ImportData|EmbeddedFiles?|RichMedia)\b")


def is_active(reader: PdfReader) -> bool:
    """Whether the PDF has any of it."""
    return any(_is_active(part) for one in _objects(reader) for part in _dictionaries(one))


def names_actions(path: Path) -> bool:
    """Whether the bytes name any of it: an earlier state of the file, say, which another reader may show."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _NAMED.search(data) is not None


def write_clean(reader: PdfReader, to: Path) -> None:
    """Write the PDF anew, as it is now and without any of it."""
    writer = PdfWriter(clone_from=reader)
    for one in writer._objects:
        for part in _dictionaries(one):
            _clean(part)
    writer.write(to)


def _objects(reader: PdfReader) -> Iterator[Any]:
    numbers = {(number, generation) for generation, entries in reader.xref.items() for number in entries}
    numbers |= {(number, 0) for number in reader.xref_objStm}
    for number, generation in numbers:
        try:
            yield reader.get_object(IndirectObject(number, generation, reader))
        except Exception:  # noqa: S112 - what cannot be read does nothing either
            continue


def _dictionaries(one: Any) -> Iterator[DictionaryObject]:
    """The dictionaries of an object, those inside it among them; what it refers to is an object of its own."""
    waiting = [one]
    while waiting:
        part = waiting.pop()
        if isinstance(part, DictionaryObject):
            yield part
            waiting.extend(part.values())
        elif isinstance(part, ArrayObject):
            waiting.extend(part)


def _is_active(part: DictionaryObject) -> bool:
    return (
        any(key in part for key in _ACTIVE)
        or part.get("/S") in _ACTIONS
        or part.get("/Type") == "/EmbeddedFile"
    )


def _clean(part: DictionaryObject) -> None:
    if "/EF" in part:
        part.clear()
    for key in _ACTIVE:
        removed = part.pop(key, None)
        removed = removed.get_object() if removed is not None else None
        if isinstance(removed, DictionaryObject):
            # It is an object of its own, and would be written though nothing refers to it.
            removed.clear()
    for key in _TRIGGERS:
        action = part.get(key)
        action = action.get_object() if action is not None else None
        if isinstance(action, DictionaryObject) and (not action or action.get("/S") in _ACTIONS):
            del part[key]
    if part.get("/S") in _ACTIONS:
        part.clear()
    if part.get("/Type") == "/EmbeddedFile":
        part.clear()
        if isinstance(part, StreamObject):
            part.set_data(b"")
