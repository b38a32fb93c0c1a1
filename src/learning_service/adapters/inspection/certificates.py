"""Looks in a PDF or PNG for what names a certificate; run as a process of its own.

The bytes are looked through as they are, too: a file that is damaged may still say what it was.
"""

import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from pypdf import PdfReader

from learning_service.adapters.inspection.findings import answer

PNG = b"\x89PNG\r\n\x1a\n"
BAKED = b"openbadgecredential"
LARGEST_CREDENTIAL = 256 * 1024
MOST_PAGES, MOST_LINKS, MOST_TEXTS, LONGEST_TEXT = 20, 100, 40, 1000
_KEYWORDS = re.compile(rb"/Keywords\s*\(([^()\\]{36,40})\)")
_LINKS = re.compile(rb"/URI\s*\(([^()\\]{1,1000})\)")


def look(path: Path) -> Mapping[str, object]:
    """What was found, as `Traces` has it."""
    content = path.read_bytes()
    return _look_at_png(content) if content.startswith(PNG) else _look_at_pdf(content)


def _look_at_pdf(content: bytes) -> Mapping[str, object]:
    keywords = [match[1].decode("latin-1") for match in islice(_KEYWORDS.finditer(content), MOST_TEXTS)]
    links = [match[1].decode("latin-1") for match in islice(_LINKS.finditer(content), MOST_TEXTS)]
    readable = False
    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        readable = len(reader.pages) > 0
        if reader.metadata is not None:
            keywords += _texts([reader.metadata.get("/Keywords")])
        links += _texts(_links(reader))
    except Exception:
        # Whatever the reader stumbles over, what the bytes say by themselves still counts.
        readable = False
    return {"is_readable": readable, "keywords": keywords, "links": links}


def _links(reader: PdfReader) -> Iterator[Any]:
    for page in islice(reader.pages, MOST_PAGES):
        for annotation in islice(page.get("/Annots", ()), MOST_LINKS):
            yield annotation.get_object().get("/A", {}).get("/URI")


def _texts(found: Iterable[Any]) -> list[str]:
    return [str(text)[:LONGEST_TEXT] for text in found if isinstance(text, str)][:MOST_TEXTS]


def _look_at_png(content: bytes) -> Mapping[str, object]:
    baked: list[str] = []
    last = b""
    try:
        for last, data in _chunks(content):
            if last == b"iTXt" and data.startswith(BAKED + b"\0") and len(baked) < MOST_TEXTS:
                baked.append(_baked_text(data))
    except ValueError:
        last = b""
    return {"is_readable": last == b"IEND", "credentials": _texts(_id_of(text) for text in baked)}


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(PNG)
    while at < len(content):
        length, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        data = content[at + 8 : at + 8 + length]
        if len(kind) < 4 or len(data) < length:
            raise ValueError("the picture is cut off")
        yield kind, data
        at += 12 + length


def _baked_text(data: bytes) -> str:
    """The text of an iTXt chunk, packed or not, and bounded."""
    is_packed, after_flags = data[len(BAKED) + 1 :][:1] == b"\x01", data[len(BAKED) + 3 :]
    # Language and translated keyword stand before the text.
    text = after_flags.split(b"\0", 2)[-1]
    if is_packed:
        try:
            text = zlib.decompressobj().decompress(text, LARGEST_CREDENTIAL)
        except zlib.error:
            raise ValueError("the text is damaged") from None
    return text[:LARGEST_CREDENTIAL].decode("utf-8", "replace")


def _id_of(text: str) -> object:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        match = re.search(r'"id"\s*:\s*"([^"]{1,300})"', text)
        return match[1] if match else None
    return found.get("id") if isinstance(found, dict) else None


if __name__ == "__main__":
    answer(look)
