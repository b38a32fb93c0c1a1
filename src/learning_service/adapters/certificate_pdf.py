"""The certificate as a PDF: one landscape A4 page, the same bytes for the same content on every day."""

import io
from dataclasses import dataclass
from datetime import date
from hashlib import md5
from math import atan2, cos, sin
from typing import Literal, TypeAlias
from uuid import UUID

from reportlab import rl_config
from reportlab.pdfgen.canvas import Canvas

from learning_service.adapters.certificate_artwork import (
    DRAWN_ON,
    PAGES,
    Palette,
    Paper,
    UnusableLogo,
    draw_background,
    draw_qr,
    palette,
    placing,
)
from learning_service.adapters.certificate_embedding import NO_FONT, DocumentFonts
from learning_service.adapters.certificate_fonts import Voice, missing_glyphs, printable
from learning_service.adapters.certificate_layout import Fitted, Place, fit
from learning_service.adapters.certificate_words import known_language, long_date, words

__all__ = ["CertificateContent", "UnusableLogo", "missing_glyphs", "render_certificate"]

# Text of the PDF's syntax around binary streams would make the file a quarter larger for readers of 1993.
rl_config.useA85 = 0

Mark: TypeAlias = Literal["revoked", "superseded"]

_CENTRE = DRAWN_ON[0] / 2
_NAME = Place(width=676, height=78, size=42, one_line_size=22, wrapped_size=26)
_COURSE = Place(width=676, height=66, size=25, one_line_size=14.5, wrapped_size=18)
_ISSUER = Place(width=640, height=36, size=18, one_line_size=11, wrapped_size=12)
_SIGNATORY = Place(width=200, height=30, size=14, one_line_size=9, wrapped_size=10)
_SIGNATORY_TITLE = Place(width=200, height=22, size=9, one_line_size=7, wrapped_size=7.5)
_DATE = Place(width=132, height=20, size=12.5, one_line_size=8, wrapped_size=8)
_MARK = Place(width=820, height=160, size=130, one_line_size=40, wrapped_size=40)
_MARK_COLOR = "0.75 0.05 0.05"
_ADDRESS = Place(width=700, height=20, size=8.5, one_line_size=6, wrapped_size=6)


@dataclass(frozen=True)
class CertificateContent:
    """All that a certificate prints, frozen when it was issued."""

    certificate_id: UUID
    recipient_name: str
    course_title: str
    issuer_name: str
    issued_on: date
    expires_on: date | None
    """The last day on which it is valid; None: for ever."""
    verification_url: str
    reissued_on: date | None = None
    logo: bytes | None = None
    """A PNG or JPEG file."""
    primary_color: str | None = None
    """`#rrggbb`; darkened where it would not read on white."""
    signatory_name: str | None = None
    signatory_title: str | None = None
    locale: str = "en"
    """A language tag, for words and dates; one without a catalog means English."""
    paper: Paper = "a4"
    mark: Mark | None = None
    """What is stamped across it when it is not in force any more."""


@dataclass(frozen=True)
class _Page:
    canvas: Canvas
    fonts: DocumentFonts
    colors: Palette

    def text(self, text: str, x: float, y: float, size: float, voice: Voice, color: str) -> None:
        """Draw one short text centred at x."""
        self.fitted(fit(text, voice, Place(10_000, size * 2, size, size, size)), x, y, voice, color)

    def fitted(self, fitted: Fitted, x: float, y: float, voice: Voice, color: str) -> None:
        """Draw lines centred at x, the last one's baseline at y."""
        pen = [f"BT {color} rg"]
        y += fitted.height
        for line in fitted.lines:
            x_left, size = x - line.width * fitted.size / 2, f"{fitted.size:g}"
            pen.append(f"{size} 0 0 {size} {x_left:.2f} {y:.2f} Tm")
            pen += self.fonts.operators(line)
            y -= fitted.size * fitted.leading
        self.canvas._code.append(" ".join([*pen, "ET"]))

    def slanted(self, text: str, place: Place, color: str) -> None:
        """Draw one line from corner to corner, through everything."""
        fitted = fit(text, "text", place)
        angle = atan2(DRAWN_ON[1], DRAWN_ON[0])
        along, up = cos(angle) * fitted.size, sin(angle) * fitted.size
        back = fitted.lines[0].width / 2
        x, y = _CENTRE - along * back + up * 0.36, DRAWN_ON[1] / 2 - up * back - along * 0.36
        matrix = f"{along:.3f} {up:.3f} {-up:.3f} {along:.3f} {x:.2f} {y:.2f} Tm"
        self.canvas.saveState()
        self.canvas.setFillAlpha(0.5)
        pen = [f"BT {color} rg", matrix, *self.fonts.operators(fitted.lines[0]), "ET"]
        self.canvas._code.append(" ".join(pen))
        self.canvas.restoreState()

    def centred(self, fitted: Fitted, x: float, y: float, voice: Voice, color: str) -> None:
        """Draw lines around the point x, y."""
        self.fitted(fitted, x, y - fitted.height / 2 - fitted.size * 0.27, voice, color)


def render_certificate(content: CertificateContent) -> bytes:
    """The certificate as a PDF file.

    Pure: the same content gives the same bytes. What is printed is never read as markup.

    Raises:
        UnusableLogo: the logo is no PNG or JPEG that can be drawn.
    """
    file = io.BytesIO()
    size = PAGES[content.paper]
    language = known_language(content.locale)
    canvas = Canvas(
        file, pagesize=size, pageCompression=1, invariant=1, lang=language, initialFontName=NO_FONT
    )
    page = _Page(canvas, DocumentFonts(canvas._doc), palette(content.primary_color))
    _describe(canvas, content)
    draw_background(canvas, page.colors, size, content.logo)
    scale, right, up = placing(size)
    canvas.transform(scale, 0, 0, scale, right, up)
    _draw_statement(page, content)
    _draw_signatory(page, content)
    _draw_dates(page, content)
    _draw_verification(page, content)
    if content.mark:
        page.slanted(words(language)[content.mark].upper(), _MARK, _MARK_COLOR)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def _describe(canvas: Canvas, content: CertificateContent) -> None:
    text = words(known_language(content.locale))
    canvas.setTitle(f"{printable(content.course_title)} · {printable(content.recipient_name)}")
    canvas.setAuthor(printable(content.issuer_name))
    canvas.setSubject(
        " · ".join([text["certificate_heading"], *([text[content.mark]] if content.mark else [])])
    )
    canvas.setKeywords(str(content.certificate_id))
    canvas.setCreator("Learning service")
    # reportlab would write, and hash, the year 2000 or SOURCE_DATE_EPOCH of whoever started the process.
    canvas.setDateFormatter(lambda *_: f"D:{content.issued_on:%Y%m%d}000000+00'00'")
    canvas._doc.signature = md5(content.certificate_id.bytes, usedforsecurity=False)
    canvas.setViewerPreference("DisplayDocTitle", "true")


def _draw_statement(page: _Page, content: CertificateContent) -> None:
    text = words(known_language(content.locale))
    colors = page.colors
    # A logo takes its room from the space below the course, so that it stands free of frame and words.
    lift, drop = (0, 14) if content.logo else (24, 0)
    page.fitted(
        fit(content.issuer_name, "display", _ISSUER), _CENTRE, 465 + lift - drop, "display", colors.ink
    )
    page.text(text["certificate_heading"], _CENTRE, 414 + lift * 0.6 - drop, 36, "display", colors.strong)
    page.text(text["certificate_presented"], _CENTRE, 387 + lift * 0.3 - drop, 12, "text", colors.quiet)
    page.centred(fit(content.recipient_name, "display", _NAME), _CENTRE, 339 - drop, "display", colors.ink)
    _draw_rule(page, 296 - drop)
    page.text(text["certificate_completed"], _CENTRE, 274 - drop, 12, "text", colors.quiet)
    page.centred(fit(content.course_title, "display", _COURSE), _CENTRE, 232 - drop, "display", colors.strong)


def _draw_rule(page: _Page, y: float) -> None:
    """A thin rule with a lozenge in its middle."""
    x = _CENTRE
    page.canvas._code.append(
        f"{page.colors.line} RG {page.colors.line} rg 0.6 w {x - 170:.2f} {y} m {x - 9:.2f} {y} l "
        f"{x + 9:.2f} {y} m {x + 170:.2f} {y} l S "
        f"{x - 5:.2f} {y} m {x:.2f} {y + 3.5} l {x + 5:.2f} {y} l {x:.2f} {y - 3.5} l f"
    )


def _draw_signatory(page: _Page, content: CertificateContent) -> None:
    if not content.signatory_name:
        return
    x = 184.0
    name = fit(content.signatory_name, "display", _SIGNATORY)
    page.fitted(name, x, 132, "display", page.colors.ink)
    page.canvas._code.append(f"{page.colors.line} RG 0.6 w {x - 96} 122 m {x + 96} 122 l S")
    if content.signatory_title:
        title = fit(content.signatory_title, "text", _SIGNATORY_TITLE)
        page.fitted(title, x, 108 - title.height, "text", page.colors.quiet)


def _draw_dates(page: _Page, content: CertificateContent) -> None:
    text = words(known_language(content.locale))
    until = (
        long_date(content.expires_on, content.locale) if content.expires_on else text["certificate_unlimited"]
    )
    dates = (
        (text["certificate_issued"], long_date(content.issued_on, content.locale)),
        (text["certificate_expires"], until),
    )
    places = (372.0, 530.0) if content.signatory_name else (176.0, _CENTRE)
    for x, (label, value) in zip(places, dates, strict=True):
        page.fitted(fit(value, "display", _DATE), x, 132, "display", page.colors.ink)
        page.canvas._code.append(f"{page.colors.line} RG 0.6 w {x - 66:.2f} 122 m {x + 66:.2f} 122 l S")
        page.text(label, x, 108, 9, "text", page.colors.quiet)
    if content.reissued_on:
        again = f"{text['reissued']}: {long_date(content.reissued_on, content.locale)}"
        page.text(again, places[0], 95, 8, "text", page.colors.quiet)


def _draw_verification(page: _Page, content: CertificateContent) -> None:
    text = words(known_language(content.locale))
    x, y, side = 644.0, 92.0, 92.0
    draw_qr(page.canvas, content.verification_url, x, y, side)
    page.canvas.linkURL(content.verification_url, (x, y, x + side, y + side), relative=1)
    page.text(text["certificate_verify"], x + side / 2, 82, 8, "text", page.colors.quiet)
    number = f"{text['certificate_id']}: {content.certificate_id}"
    color = page.colors.quiet
    if content.mark:
        # The word across the page is none to a reader or a search.
        number, color = f"{text[content.mark].upper()} · {number}", _MARK_COLOR
    page.text(number, _CENTRE, 68, 7.5, "text", color)
    address = fit(content.verification_url.partition("://")[2], "text", _ADDRESS)
    page.fitted(address, _CENTRE, 55, "text", page.colors.strong)
    wide = address.lines[0].width * address.size / 2
    page.canvas.linkURL(content.verification_url, (_CENTRE - wide, 52, _CENTRE + wide, 64), relative=1)
