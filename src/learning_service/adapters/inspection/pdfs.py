"""Counts the pages of a PDF; run as a process of its own."""

import io
from collections.abc import Mapping
from pathlib import Path

from pypdf import PdfReader
from pypdf.errors import PdfReadError

from learning_service.adapters.inspection.findings import Unusable, answer
from learning_service.adapters.inspection.polyglots import refuse_other_readings

MAX_PAGES = 5_000
_LAST_BYTES = 1024
"""Acrobat too looks so far back for the end."""


def look(path: Path) -> Mapping[str, object]:
    """The number of pages. Raises Unusable."""
    with path.open("rb") as file:
        file.seek(0, io.SEEK_END)
        file.seek(max(0, file.tell() - _LAST_BYTES))
        if b"%%EOF" not in file.read():
            raise Unusable("damaged")
    refuse_other_readings(path, is_pdf=True)
    try:
        reader = PdfReader(path, strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unusable("password-protected")
        pages = _count(reader)
    except (PdfReadError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise Unusable("damaged") from error
    if pages < 1:
        raise Unusable("damaged", "it has no page")
    return {"pages": pages}


def _count(reader: PdfReader) -> int:
    """Pages that are there, not what the file claims: a page that cannot be reached is none."""
    pages = 0
    for page in reader.pages:
        if page.get("/Type", "/Page") != "/Page":
            raise Unusable("damaged")
        pages += 1
        if pages > MAX_PAGES:
            raise Unusable("too-many-pages")
    return pages


if __name__ == "__main__":
    answer(look)
