"""What a file is by its first bytes, which ones are accepted, and what an author reads about those that are not.

Source: the contract, "Media, events, operation". Names and types that a sender gives decide nothing.
"""

import re
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, TypeAlias

from learning_service.domain.kernel.characters import BIDI_CONTROLS
from learning_service.domain.kernel.errors import Conflict, Fault, Invalid, TooLarge

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
PPT = "application/vnd.ms-powerpoint"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
ODP = "application/vnd.oasis.opendocument.presentation"
PICTURES = frozenset({PNG, JPEG})
PROOFS = frozenset({PDF, *PICTURES})
"""What may be evidence."""
DECKS = frozenset({PPT, PPTX, ODP})
SUFFIXES: Mapping[str, str] = {PDF: "pdf", PNG: "png", JPEG: "jpg", PPT: "ppt", PPTX: "pptx", ODP: "odp"}

HEAD_BYTES = 64 * 1024
"""How much of a file is looked at before the rest is received."""
MIB = 1024 * 1024
MOST_PRIVATE = 100 * MIB
"""What one person may store as evidence."""
MAX_EVIDENCE = 20 * MIB
"""The largest file that may be evidence."""
MAX_PIXELS = 50_000_000
MAX_PAGES = 5_000
MAX_NAME = 200
_ACCENT = re.compile("[\u0300-\u036f]")
MAX_LOGO_BYTES = 2 * 1024 * 1024
MAX_LOGO_PIXELS = 16_000_000

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", PDF),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", PPT),
    (b"PK\x03\x04", PPTX),
)
_ODF_MARK = b"mimetypeapplication/vnd.oasis.opendocument."
_TAKEN = "PDF, PNG, JPEG, PPT, PPTX and ODP files are taken"
_REFERENCE = re.compile(r"document:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
_IN_IMAGES = re.compile(rf'(<img(?: [a-z]+="[^"]*")*? src="){_REFERENCE.pattern}(?=")')

REASONS: Mapping[str, str] = {
    "password-protected": "The file is protected by a password. Save it without one and upload that.",
    "not-a-deck": "The file is not a PowerPoint or OpenDocument presentation, whatever its name says.",
    "damaged": "The file is damaged or cut off. Open it in the program that made it, save it anew, upload that.",
    "external-content": "The file shows content that lies elsewhere (a linked picture, object or template)."
    " Embed it in the file and upload that.",
    "unsafe-archive": "The file is packed in a way that no presentation program packs it.",
    "too-large-inside": "The file is far larger unpacked than a presentation is.",
    "entities": "The file's XML declares entities of its own, which no presentation program writes.",
    "ambiguous": "The file is of two types at once. Save it anew and upload that.",
    "too-many-pixels": f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels. Make it smaller.",
    "too-many-pages": f"The file has more than {MAX_PAGES:,} pages. Divide it.",
    "too-slow": "The file took too long to convert. Divide it, or upload it as PDF.",
    "too-greedy": "The file takes more memory or space to convert than there is. Divide it, or upload it as PDF.",
    "not-convertible": "The presentation program could not open the file. Save it anew, or upload it as PDF.",
    "all-hidden": "Every slide of the presentation is hidden. Show some, or upload it with hidden_slides=include.",
    "no-slides": "The presentation has no slides. Add some and upload it again.",
    "active-content": "The PDF holds scripts, actions or attached files that cannot be taken out. Print it to a new"
    " PDF and upload that.",
    "protected-attachments": "Files attached to the PDF are protected by a password. Save it without them and upload"
    " that.",
    "no-converter": "No converter is running (it needs LibreOffice). Retry later, or upload the file as PDF.",
    "gave-up": "Something on our side failed again and again. Retry later.",
}
"""Why a document failed, by its stable word, as its author reads it."""


class UnusableDocument(Invalid):
    """The file is of no type that is taken, or plainly broken; nothing was kept."""

    code = "unusable-document"

    def __init__(self, detail: str) -> None:
        super().__init__([Fault("/file", detail, "unusable")])


class QuotaExceeded(TooLarge):
    """The organization may not store more; with `own`, one person may not store more that is private."""

    code = "quota-exceeded"

    def __init__(self, quota: int, *, own: bool = False) -> None:
        super().__init__(
            f"You may store {quota // MIB} MiB of evidence, and this file is too much. What was rejected, or never"
            " sent, is removed after 30 days."
            if own
            else f"Your organization may store {quota // MIB} MiB of documents, and this one is too much. What no"
            " course uses is removed after 30 days; the operator of the service may grant more."
        )


class DocumentNotReady(Conflict):
    """The document has no file that can be shown."""

    code = "document-not-ready"


class Refused(Exception):
    """A look inside a file found why it cannot be used: a key of REASONS, and what exactly where that helps."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    @property
    def reason(self) -> str:
        """The sentence for the author."""
        sentence = REASONS[self.code]
        return f"{sentence} ({self.detail})" if self.detail else sentence


DocumentKind: TypeAlias = Literal["deck", "pdf", "picture"]
KINDS: Mapping[DocumentKind, frozenset[str]] = MappingProxyType(
    {"deck": DECKS, "pdf": frozenset({PDF}), "picture": PICTURES}
)
"""What was uploaded, in one word, and the media types that are it."""
STATUSES = ("converting", "ready", "failed")


def kind_of(media_type: str) -> DocumentKind:
    """What a file of this type is in one word."""
    return next(kind for kind, types in KINDS.items() if media_type in types)


def media_type_of(head: bytes, *, proof: bool = False) -> str:
    """The type of a file that begins with these bytes. Raises UnusableDocument for one that is not taken.

    `proof`: presentations are not taken.
    """
    found = _media_type_of(head)
    if proof and found not in PROOFS:
        raise UnusableDocument("is of another type; PDF, PNG and JPEG files are taken as evidence")
    return found


def _media_type_of(head: bytes) -> str:
    if not head:
        raise UnusableDocument("is empty")
    for start, media_type in _STARTS:
        if head.startswith(start):
            # An OpenDocument file begins with a ZIP entry that says so.
            return ODP if media_type == PPTX and head[30:].startswith(_ODF_MARK) else media_type
    if b"<svg" in head[:4096].lower():
        raise UnusableDocument(f"is an SVG picture, which may hold programs; {_TAKEN}")
    raise UnusableDocument(f"is of another type; {_TAKEN}")


def clean_name(text: str | None) -> str | None:
    """The last part of a file name, on one line and of printable length; None where nothing is left."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", text or ""))[-1]
    kept = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in last if c not in BIDI_CONTROLS)
    name = " ".join(kept.split()).strip(". ")
    if len(name) > MAX_NAME:
        stem, dot, suffix = name.rpartition(".")
        ending = f".{suffix}" if dot and stem and len(suffix) <= 8 else ""
        name = name[: MAX_NAME - len(ending)].rstrip() + ending
    return name or None


def words_of(typed: str | None) -> Sequence[str]:
    """The words that a person types to find a file's name, without accents and case.

    Those that no name can have, since it is shorter, are one word that none has.
    """
    if typed is not None and len(typed) > MAX_NAME:
        return ("\n",)
    kept = "".join(c if c.isprintable() else " " for c in typed or "")
    return _ACCENT.sub("", unicodedata.normalize("NFKD", kept)).lower().split()


def download_name(name: str | None, shown_type: str) -> str:
    """What a browser saves the shown file as: the upload's name with the ending of what it is now."""
    suffix = SUFFIXES[shown_type]
    stem, dot, ending = (name or "").rpartition(".")
    known = (
        dot and stem and ending.lower() in {*SUFFIXES.values(), "jpeg", "pptm", "potx", "ppsx", "pps", "pot"}
    )
    return f"{(stem if known else name) or 'document'}.{suffix}"


def reference_to(document_id: uuid.UUID) -> str:
    """How a course or a setting names a document."""
    return f"document:{document_id}"


def referenced_id(text: str | None) -> uuid.UUID | None:
    """The id in `document:<id>`; None for anything else."""
    found = _REFERENCE.fullmatch(text or "")
    return uuid.UUID(found[1]) if found else None


def referenced_ids_in_html(html: str) -> frozenset[uuid.UUID]:
    """The documents that sanitized rich text shows as images."""
    if "document:" not in html:
        return frozenset()
    return frozenset(uuid.UUID(found[2]) for found in _IN_IMAGES.finditer(html))


def file_path(document_id: uuid.UUID | str) -> str:
    """Where a caller fetches the document's file."""
    return f"/api/documents/{document_id}/file/"


def shown_url(url: str | None) -> str | None:
    """An address as learners see it: a document's becomes the path of its file, others stay."""
    document_id = referenced_id(url)
    return url if document_id is None else file_path(document_id)


def shown_html(html: str) -> str:
    """Sanitized rich text as learners see it: images that are documents become paths of files."""
    if "document:" not in html:
        return html
    return _IN_IMAGES.sub(lambda found: found[1] + file_path(found[2]), html)
