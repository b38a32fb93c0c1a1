"""Files that mean harm, each with the words that its author may be told."""

import io
import struct
import zipfile
from collections.abc import Iterator

from tests.kit import documents as files

_DECLARED = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12))
_ENTITIES = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{_DECLARED}]>'


def hostile_files(listener: str) -> Iterator[tuple[str, bytes, set[str]]]:
    """Name, bytes, and which reasons are right. `listener` is an address that must not be asked for anything."""
    image = ("rIdX", "image", f"{listener}/a.png")
    yield "linked-picture", files.pptx(relation=image, show="r:link", external=True), {"external-content"}
    local = ("rIdX", "image", "file:///etc/passwd")
    yield "local-file", files.pptx(relation=local, show="r:link", external=True), {"external-content"}
    layout = ("rIdX", "slideLayout", f"{listener}/t.potx")
    yield "layout", files.pptx(relation=layout, external=True), {"external-content"}
    ole = ("rIdX", "oleObject", f"{listener}/x.xls")
    yield (
        "ole-link",
        files.pptx(relation=ole, external=True, extra=files.linked_object()),
        {"external-content"},
    )
    shown = f'<draw:frame><draw:image xlink:href="{listener}/b.png"/></draw:frame>'
    yield "odp-linked-picture", files.odp(shown), {"external-content"}
    yield "entities", _with_part("ppt/presentation.xml", _ENTITIES + "<p>&l;</p>"), {"entities"}
    yield "bomb", _with_part("ppt/media/a.xml", b"\x00" * 600_000_000), {"too-large-inside"}
    yield "nested-bomb", _with_part("ppt/embeddings/a.xlsx", _bomb(80_000_000)), {"too-large-inside"}
    yield "deep", _with_part("ppt/embeddings/a.xlsx", _nested(5)), {"unsafe-archive"}
    yield "million-entries", _many_entries(1_000_000), {"unsafe-archive"}
    yield "dot-dot", _with_part("../../evil.xml", b"x"), {"unsafe-archive"}
    yield "symbolic-link", _with_link(), {"unsafe-archive"}
    yield "encrypted-entries", _encrypted(), {"password-protected"}
    yield (
        "encrypted-odp",
        files.odp(manifest='<manifest:encryption-data manifest:checksum="x"/>'),
        {"password-protected"},
    )
    yield "truncated", files.pptx(3)[:-200], {"damaged"}
    yield (
        "word",
        files.packed({"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"}),
        {"not-a-deck"},
    )
    yield "just-a-zip", files.packed({"run.exe": b"MZ"}), {"not-a-deck"}
    yield "empty-ole", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), {"damaged", "not-a-deck"}
    yield (
        "ole-of-noise",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 40,
        {"damaged", "not-a-deck"},
    )
    hollow = {name: part for name, part in files.pptx_parts().items() if "slide" not in name}
    yield "hollow", files.packed(hollow), {"damaged"}


def _with_part(name: str, content: bytes | str) -> bytes:
    return files.packed({**files.pptx_parts(), name: content})


def _bomb(size: int) -> bytes:
    return files.packed({"xl/a.xml": b"\x00" * size})


def _nested(depth: int) -> bytes:
    inner: bytes = files.packed({"a": "b"})
    for _ in range(depth):
        inner = files.packed({"inner.xlsx": inner})
    return inner


def _with_link() -> bytes:
    made = io.BytesIO(files.pptx())
    with zipfile.ZipFile(made, "a") as archive:
        entry = zipfile.ZipInfo("ppt/media/image1.png")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    return made.getvalue()


def _encrypted() -> bytes:
    content = bytearray(files.pptx())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(signature)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(signature, at + 4)
    return bytes(content)


def _many_entries(count: int) -> bytes:
    """An archive with so many empty entries, made without `zipfile`, which would take long."""
    name = b"%07d"
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, 7, 0)
    central = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0)
    first = local + name % 0
    directory = b"".join(central + name % n for n in range(count))
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(directory), len(first), 0)
    return first + directory + end
