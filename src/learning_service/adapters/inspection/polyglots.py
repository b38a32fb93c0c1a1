"""Files that are shown as they are must be of one type only, for every reader."""

import re
import zipfile
from pathlib import Path

from learning_service.adapters.inspection.findings import Unusable

_FIRST_BYTES = 1024
"""Readers of HTML, and some of PDF, look so far for a beginning."""
_MARKUP = re.compile(rb"<\s*(?:!doctype\s+html|html|head|body|script|svg|iframe)[\s>/]", re.IGNORECASE)


def refuse_other_readings(path: Path, *, is_pdf: bool) -> None:
    """Raises Unusable for a file that can be read as HTML, as a ZIP archive, or, being none, as a PDF."""
    with path.open("rb") as file:
        head = file.read(_FIRST_BYTES)
    if _MARKUP.search(head):
        raise Unusable("ambiguous", "it begins as a web page too")
    if not is_pdf and b"%PDF-" in head:
        raise Unusable("ambiguous", "it begins as a PDF too")
    if zipfile.is_zipfile(path):
        raise Unusable("ambiguous", "it ends as an archive too")
