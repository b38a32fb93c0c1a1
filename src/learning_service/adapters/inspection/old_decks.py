"""Whether a presentation of PowerPoint 97 to 2003 ([MS-PPT]) may be converted: not encrypted, and with slides."""

import struct
from collections.abc import Iterator

from learning_service.adapters.inspection.compound_files import CompoundFile
from learning_service.adapters.inspection.findings import Unusable

_ENCRYPTED = 0xF3D1C4DF
_DOCUMENT, _SLIDE_LIST, _SLIDE, _USER_EDIT = 0x03E8, 0x0FF0, 0x03F3, 0x0FF5
_EDIT_WITH_KEY = 0x20
"""The length of a user edit that names where its encryption is described."""
_HEAD = 8


def check_ppt(compound: CompoundFile) -> None:
    """Raises Unusable."""
    streams = compound.streams
    if "EncryptedPackage" in streams or "EncryptedSummary" in streams:
        raise Unusable("password-protected")
    if "PowerPoint Document" not in streams:
        if "PP40" in streams:
            return
        raise Unusable("not-a-deck")
    document = compound.stream("PowerPoint Document")
    if "Current User" in streams:
        user = compound.start_of("Current User", 20)
        if int.from_bytes(user[12:16], "little") == _ENCRYPTED:
            raise Unusable("password-protected")
        edit = int.from_bytes(user[16:20], "little")
        if _record(document, edit) == (_USER_EDIT, 0, _EDIT_WITH_KEY):
            raise Unusable("password-protected")
    lists = [
        (start, end)
        for kind, _, outer, outer_end in _records(document, 0, len(document))
        if kind == _DOCUMENT
        for inner, instance, start, end in _records(document, outer, outer_end)
        if inner == _SLIDE_LIST and instance == 0
    ]
    has_documents = any(kind == _DOCUMENT for kind, *_ in _records(document, 0, len(document)))
    has_slides = any(kind == _SLIDE for start, end in lists for kind, *_ in _records(document, start, end))
    if has_documents and not has_slides:
        raise Unusable("no-slides")


def _record(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Kind, instance and length of the record that begins here."""
    if at + _HEAD > len(data):
        return None
    flags, kind, length = struct.unpack_from("<HHI", data, at)
    return kind, flags >> 4, length


def _records(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Kind, instance, and where it begins and ends, of each record between these places."""
    while start < end and (found := _record(data, start)) is not None:
        kind, instance, length = found
        inside = start + _HEAD
        yield kind, instance, inside, min(inside + length, end)
        start = inside + length
