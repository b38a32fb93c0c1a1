"""What acts by itself in a PDF: scripts, programs it starts, data it sends, files it carries. Found, and taken out.

All objects are looked at, whether or not something refers to them. Other readers read more than we do: they unpack
more, know more filters, and rebuild a table of references from whatever stands in the file. So what we cannot read,
or what no table lists, is a reason to write the file anew, with nothing in it but what we have read.
"""

import io
import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

_ACTIONS = frozenset(
    {
        *("/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/Rendition", "/RichMediaExecute"),
        *("/GoToE", "/GoToR", "/Thread"),
    }
)
"""The last three lead to other files, on other machines too: merely opening one there gives the reader away."""
_STAYS = frozenset({"/GoTo", "/Named"})
"""Actions that a PDF may begin with."""
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
    "/OnInstantiate",
)
"""Keys under which nothing else than scripts, triggers and attached files is found."""
_ELSEWHERE = ("/F", "/Ref")
"""Keys by which a stream's content is somewhere else."""
_TRIGGERS = ("/A", "/PA", "/Next")
_MOST_REFERENCES = 20


def _any_name(*names: str) -> re.Pattern[bytes]:
    """Finds these names, however their letters are written."""
    spelled = ("".join(f"(?:{c}|#(?i:{ord(c):02x}))" for c in name) for name in names)
    return re.compile(f"/(?:{'|'.join(spelled)})(?![A-Za-z0-9#])".encode())


_NAMED = _any_name(
    *("JavaScript", "Launch", "SubmitForm", "ImportData", "EmbeddedFile", "EmbeddedFiles", "RichMedia"),
    *("GoToR", "OnInstantiate"),
)
_OBJECT_STREAM = _any_name("ObjStm")
_BEGINS = re.compile(rb"(\d+)\s+\d+\s+obj")
_BEFORE = 512
"""In so many bytes before its type the object begins."""


def is_active(reader: PdfReader) -> bool:
    """Whether the PDF has any of it, or anything that cannot be read."""
    return any(
        one is None or _holds_names(one) or any(_is_active(part) for part in _dictionaries(one))
        for one in _objects(reader)
    )


def hides_objects(reader: PdfReader, path: Path) -> bool:
    """Whether packed objects stand in the file where no table of references says so."""
    listed = {offset for entries in reader.xref.values() for offset in entries.values()}
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for found in _OBJECT_STREAM.finditer(data):
            before = max(0, found.start() - _BEFORE)
            begins = [match.start() + before for match in _BEGINS.finditer(data[before : found.start()])]
            if not begins or not listed.intersection(range(begins[-1] - 2, begins[-1] + 1)):
                return True
    return False


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
    made = io.BytesIO()
    writer.write(made)
    # Once more, without what is no longer referred to.
    PdfWriter(clone_from=PdfReader(made)).write(to)


def _objects(reader: PdfReader) -> Iterator[Any]:
    """All objects; None for one that cannot be read."""
    numbers = {(number, generation) for generation, entries in reader.xref.items() for number in entries}
    numbers |= {(number, 0) for number in reader.xref_objStm}
    for number, generation in numbers:
        try:
            yield reader.get_object(IndirectObject(number, generation, reader))
        except Exception:
            yield None


def _holds_names(one: Any) -> bool:
    """Whether an object stream names any of it, in objects that were replaced or never listed too."""
    if not isinstance(one, StreamObject) or _value(one, "/Type") != "/ObjStm":
        return False
    return _NAMED.search(one.get_data()) is not None


def _value(part: DictionaryObject, key: str) -> Any:
    """What stands under the key, or where that leads; None: nothing."""
    found: Any = part.get(key)
    for _ in range(_MOST_REFERENCES):
        if not isinstance(found, IndirectObject):
            return found
        found = found.get_object()
    return None


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
        or _value(part, "/S") in _ACTIONS
        or _value(part, "/Type") == "/EmbeddedFile"
        or _opens_elsewhere(part)
        or (isinstance(part, StreamObject) and any(key in part for key in _ELSEWHERE))
    )


def _opens_elsewhere(part: DictionaryObject) -> bool:
    """Whether opening it does more than to show a place in it."""
    action = _value(part, "/OpenAction")
    if not isinstance(action, DictionaryObject):
        return False
    return _value(action, "/S") not in _STAYS or "/Next" in action


def _clean(part: DictionaryObject) -> None:
    if "/EF" in part:
        part.clear()
    for key in _ACTIVE:
        part.pop(key, None)
    if _opens_elsewhere(part):
        del part["/OpenAction"]
    for key in _TRIGGERS:
        action = _value(part, key)
        if isinstance(action, DictionaryObject) and (not action or _value(action, "/S") in _ACTIONS):
            del part[key]
    if _value(part, "/S") in _ACTIONS:
        part.clear()
    if isinstance(part, StreamObject):
        for key in _ELSEWHERE:
            part.pop(key, None)
    if _value(part, "/Type") == "/EmbeddedFile":
        part.clear()
        if isinstance(part, StreamObject):
            part.set_data(b"")
