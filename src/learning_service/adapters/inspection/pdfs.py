"""Counts the pages of a PDF, and makes a copy without what acts by itself; run as a process of its own."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pypdf import PdfReader
from pypdf.errors import PdfReadError

from learning_service.adapters.inspection.actions import hides_objects, is_active, names_actions, write_clean
from learning_service.adapters.inspection.findings import CLEAN, Unusable, answer
from learning_service.adapters.inspection.polyglots import refuse_other_readings

MAX_PAGES = 5_000
_LAST_BYTES = 1024
"""Acrobat too looks so far back for the end."""


def look(path: Path) -> Mapping[str, object]:
    """The number of pages, and `clean` where a copy without scripts and attachments was made. Raises Unusable."""
    with path.open("rb") as file:
        file.seek(0, io.SEEK_END)
        file.seek(max(0, file.tell() - _LAST_BYTES))
        if b"%%EOF" not in file.read():
            raise Unusable("damaged")
    refuse_other_readings(path, is_pdf=True)
    try:
        reader = PdfReader(path, strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unusable("protected-attachments" if _is_readable(reader) else "password-protected")
        pages = _count(reader)
    except NotImplementedError as error:
        raise Unusable("password-protected") from error  # Encrypted for the holders of certificates.
    except (PdfReadError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise Unusable("damaged") from error
    if pages < 1:
        raise Unusable("damaged", "it has no page")
    if not (is_active(reader) or names_actions(path) or hides_objects(reader, path)):
        return {"pages": pages}
    clean = path.with_name(CLEAN)
    try:
        write_clean(reader, clean)
        kept = PdfReader(clean, strict=False)
        if is_active(kept) or _count(kept) != pages:
            raise Unusable("active-content")
    except Unusable:
        raise
    except Exception as error:
        raise Unusable("active-content") from error
    return {"pages": pages, "clean": True}


def _is_readable(reader: PdfReader) -> bool:
    """Whether only attached files are encrypted: texts and streams go by no filter."""
    rules: Any = reader.trailer["/Encrypt"].get_object()
    return rules.get("/StmF") == rules.get("/StrF") == "/Identity" and "/EFF" in rules


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
