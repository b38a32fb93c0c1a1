"""What processes of the pool do. Each function is loaded where it runs, and what draws or writes with it.

So a worker, which only passes functions on, is 20 MB smaller, and an API process starts sooner. None of them is given
a key: they open pictures that somebody uploaded.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from learning_service.adapters.certificate_content import (
    BadgeLook,
    CertificateContent,
    Logo,
    TranscriptContent,
)
from learning_service.core.loading import load

_HOME = "learning_service.adapters"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A certificate's PDF, which is still to be signed."""

    pdf: bytes
    replaced: tuple[str, ...]
    """The fields of which some characters have no glyph and were written in Latin letters."""


def draw_certificate(content: CertificateContent, texts: Sequence[str]) -> Drawn:
    """See `certificate_pdf`; `texts` are fields to look at for missing glyphs."""
    pdf: bytes = load(f"{_HOME}.certificate_pdf:render_certificate")(content)
    replaced = tuple(field for field in texts if missing_glyphs(getattr(content, field) or ""))
    return Drawn(pdf, replaced)


def draw_transcript(content: TranscriptContent) -> bytes:
    """See `transcript_pdf`."""
    pdf: bytes = load(f"{_HOME}.transcript_pdf:render_transcript")(content)
    return pdf


def draw_badge(look: BadgeLook) -> bytes:
    """See `badge_picture`."""
    png: bytes = load(f"{_HOME}.badge_picture:draw_badge")(look)
    return png


def picture_of(pdf: bytes) -> bytes | None:
    """See `certificate_picture`."""
    png: bytes | None = load(f"{_HOME}.certificate_picture:picture_of")(pdf)
    return png


def mail_logo(stored: bytes) -> Logo:
    """See `mail_logo`."""
    logo: Logo = load(f"{_HOME}.mail_logo:mail_logo")(stored)
    return logo


def write_workbook(packed: str, made: str, title: str, columns: Sequence[str]) -> None:
    """See `spreadsheets`."""
    load(f"{_HOME}.spreadsheets:write_workbook")(packed, made, title, columns)


def missing_glyphs(text: str) -> str:
    """See `certificate_fonts`. Also for a process that is asked for this now and then."""
    missing: str = load(f"{_HOME}.certificate_fonts:missing_glyphs")(text)
    return missing
