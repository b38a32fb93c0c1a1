"""The certificate as a PDF: one page, the same bytes for the same content on every day."""

import io
from dataclasses import dataclass
from hashlib import md5
from math import atan2, cos, sin

from reportlab import rl_config
from reportlab.pdfgen.canvas import Canvas

from learning_service.adapters.certificate_archive import (
    About,
    Catalog,
    attach,
    credential_file,
    describe,
    finish_pages,
    root_of,
)
from learning_service.adapters.certificate_artwork import Picture, Spot, add_picture, draw_background, draw_qr
from learning_service.adapters.certificate_colors import Palette, palette
from learning_service.adapters.certificate_content import CertificateContent, Signatory
from learning_service.adapters.certificate_embedding import NO_FONT, DocumentFonts
from learning_service.adapters.certificate_fonts import Voice, printable
from learning_service.adapters.certificate_layout import Fitted, Place, fit
from learning_service.adapters.certificate_pen import Pen
from learning_service.adapters.certificate_places import LAYOUTS, PAGES, Foot, Hand, Layout
from learning_service.adapters.certificate_structure import Structure
from learning_service.adapters.certificate_words import known_language, long_date, words
from learning_service.domain.certificates.rules.codes import printed_code, short_address

# Text of the PDF's syntax around binary streams would make the file a quarter larger for readers of 1993.
rl_config.useA85 = 0

_READABLE = 7.5
_MOST_SKILLS = 24
"""What is printed of the skills: points of the smallest letters, and more than there is ever room for."""
_MARK_COLOR = "0.75 0.05 0.05"


@dataclass(frozen=True)
class _Page(Pen):
    colors: Palette
    layout: Layout

    def text(self, text: str, x: float, y: float, size: float, voice: Voice, color: str) -> None:
        """Draw one short text centred at x."""
        self.tagged(fit(text, voice, Place(10_000, size * 2, size, size, size)), x, y, color)

    def slanted(self, text: str, color: str) -> None:
        """Draw one line from corner to corner, through everything."""
        fitted = fit(text, "text", self.layout.mark)
        wide, high = self.layout.size
        angle = atan2(high, wide)
        along, up = cos(angle) * fitted.size, sin(angle) * fitted.size
        back = fitted.lines[0].width / 2
        x, y = wide / 2 - along * back + up * 0.36, high / 2 - up * back - along * 0.36
        matrix = f"{along:.3f} {up:.3f} {-up:.3f} {along:.3f} {x:.2f} {y:.2f} Tm"
        self.canvas.saveState()
        self.canvas.setFillAlpha(0.5)
        pen = [f"BT {color} rg", matrix, *self.fonts.operators(fitted.lines[0]), "ET"]
        self.canvas._code.append(" ".join(pen))
        self.canvas.restoreState()

    def centred(self, fitted: Fitted, x: float, y: float, color: str) -> None:
        """Draw lines around the point x, y."""
        self.tagged(fitted, x, y - fitted.height / 2 - fitted.size * 0.27, color)


def render_certificate(content: CertificateContent) -> bytes:
    """The certificate as a PDF file.

    Pure: the same content gives the same bytes. What is printed is never read as markup.

    Raises:
        UnusableLogo: logo, signature or seal is no PNG or JPEG that can be drawn.
    """
    file = io.BytesIO()
    size, layout = PAGES[content.paper, content.orientation], LAYOUTS[content.orientation]
    language = known_language(content.locale)
    canvas = Canvas(
        file, pagesize=size, pageCompression=1, invariant=1, lang=language, initialFontName=NO_FONT
    )
    root = root_of(canvas._doc)
    structure = Structure(canvas)
    page = _Page(canvas, DocumentFonts(canvas._doc), structure, palette(content.primary_color), layout)
    _describe(canvas, root, content)
    with structure.decoration():
        draw_background(canvas, page.colors, size, content.orientation, content.logo)
    scale, right, up = layout.on(size)
    canvas.transform(scale, 0, 0, scale, right, up)
    _draw_statement(page, content)
    _draw_signatories(page, content)
    _draw_seal(page, content)
    _draw_dates(page, content)
    _draw_verification(page, content)
    if content.mark:
        with structure.decoration():
            page.slanted(words(language)[content.mark].upper(), _MARK_COLOR)
    if content.credential is not None:
        attach(canvas._doc, root, credential_file(content.credential), content.issued_on)
    structure.close(root)
    canvas.showPage()
    finish_pages(canvas._doc, structure.pages)
    canvas.save()
    return file.getvalue()


def _describe(canvas: Canvas, root: Catalog, content: CertificateContent) -> None:
    language = known_language(content.locale)
    text = words(language)
    about = About(
        title=f"{printable(content.course_title)} · {printable(content.recipient_name)}",
        author=printable(content.issuer_name),
        subject=" · ".join([text["certificate_heading"], *([text[content.mark]] if content.mark else [])]),
        keywords=str(content.certificate_id),
        language=language,
        day=content.issued_on,
    )
    describe(canvas._doc, root, about)
    canvas._doc.signature = md5(content.certificate_id.bytes, usedforsecurity=False)
    canvas.setViewerPreference("DisplayDocTitle", "true")


def _draw_statement(page: _Page, content: CertificateContent) -> None:
    text = words(known_language(content.locale))
    colors, layout, x = page.colors, page.layout, page.layout.centre
    at = layout.under_logo if content.logo else layout.plain
    heading = fit(text["certificate_heading"], "display", layout.heading)
    page.tagged(fit(content.issuer_name, "display", layout.issuer), x, at.issuer, colors.ink)
    page.tagged(heading, x, at.heading, colors.strong, "H1")
    page.text(text["certificate_presented"], x, at.presented, 12, "text", colors.quiet)
    page.centred(fit(content.recipient_name, "display", layout.name), x, at.name, colors.ink)
    _draw_rule(page, at.rule)
    page.text(text["certificate_completed"], x, at.completed, 12, "text", colors.quiet)
    said = _details(content, layout.details)
    if said is None:
        page.centred(fit(content.course_title, "display", layout.course), x, at.course, colors.strong)
        return
    course, details = at.detailed
    page.centred(fit(content.course_title, "display", layout.detailed_course), x, course, colors.strong)
    page.centred(said, x, details, colors.quiet)


def _details(content: CertificateContent, place: Place) -> Fitted | None:
    """Score, hours and skills: so many skills as can be read in their room, and how many more there are."""
    text = words(known_language(content.locale))
    facts = (("certificate_score", content.score), ("certificate_credits", content.credit_hours))
    first = [f"{text[label]}: {value}" for label, value in facts if value]
    many = len(content.skills)
    for shown in range(min(many, _MOST_SKILLS), -1, -1):
        more = [f"+{many - shown}"] if shown < many else []
        skills = f"{text['achievement_skills']}: {' · '.join([*content.skills[:shown], *more])}"
        said = fit(" · ".join([*first, *([skills] if shown else [])]), "text", place)
        if said.size >= _READABLE:
            return said if first or shown else None
    return None


def _draw_rule(page: _Page, y: float) -> None:
    """A thin rule with a lozenge in its middle."""
    x = page.layout.centre
    page.line(
        f"{page.colors.line} RG {page.colors.line} rg 0.6 w {x - 170:.2f} {y} m {x - 9:.2f} {y} l "
        f"{x + 9:.2f} {y} m {x + 170:.2f} {y} l S "
        f"{x - 5:.2f} {y} m {x:.2f} {y + 3.5} l {x + 5:.2f} {y} l {x:.2f} {y - 3.5} l f"
    )


def _foot(page: _Page, content: CertificateContent) -> Foot:
    return page.layout.feet[len(content.signatories)][bool(content.seal)]


def _draw_signatories(page: _Page, content: CertificateContent) -> None:
    foot, text = _foot(page, content), words(known_language(content.locale))
    for one, x in zip(content.signatories, foot.signatories, strict=True):
        _draw_signatory(page, one, f"{text['certificate_signature']}: {one.name}", x, foot.hand)


def _draw_signatory(page: _Page, one: Signatory, said: str, x: float, hand: Hand) -> None:
    """A line with room to sign, who signs below it, and the picture of the signature on it."""
    y, half, (wide, high) = hand.line, hand.half, hand.picture
    name = fit(one.name, "display", hand.name)
    if one.image:
        picture = add_picture(page.canvas, one.picture, one.image)
        middle = y + picture.high(wide, high) / 2 - 3
        _draw_picture(page, picture, said, (x, middle, wide, high))
    page.line(f"{page.colors.line} RG 0.6 w {x - half} {y} m {x + half} {y} l S")
    y -= 5 + name.size * 0.9 + name.height
    page.tagged(name, x, y, page.colors.ink)
    if one.title:
        title = fit(one.title, "text", hand.title)
        page.tagged(title, x, y - 13 - title.height, page.colors.quiet)


def _draw_seal(page: _Page, content: CertificateContent) -> None:
    if content.seal:
        x, y, side = _foot(page, content).seal
        said = words(known_language(content.locale))["certificate_seal"]
        said = f"{said}: {content.issuer_name}"
        _draw_picture(page, add_picture(page.canvas, "seal", content.seal), said, (x, y, side, side))


def _draw_picture(page: _Page, picture: Picture, said: str, place: Spot) -> None:
    """Draw a picture around the middle of its place; what is said stands for it."""
    with page.structure.figure(said, picture.box(place)):
        picture.draw(page.canvas, place)


def _draw_dates(page: _Page, content: CertificateContent) -> None:
    text = words(known_language(content.locale))
    until = (
        long_date(content.expires_on, content.locale) if content.expires_on else text["certificate_unlimited"]
    )
    dates = (
        (text["certificate_issued"], long_date(content.issued_on, content.locale)),
        (text["certificate_expires"], until),
    )
    places, half = _foot(page, content).dates, page.layout.rule
    for (x, y), (label, value) in zip(places, dates, strict=True):
        page.tagged(fit(value, "display", page.layout.date), x, y, page.colors.ink)
        page.line(f"{page.colors.line} RG 0.6 w {x - half:.2f} {y - 10} m {x + half:.2f} {y - 10} l S")
        page.text(label, x, y - 24, 9, "text", page.colors.quiet)
    if content.reissued_on:
        again = f"{text['reissued']}: {long_date(content.reissued_on, content.locale)}"
        # Under the date of issue, or under both where they stand one above the other.
        x, y = min(places, key=lambda place: (place[1], place[0]))
        page.text(again, x, y - 37, 8, "text", page.colors.quiet)


def _draw_verification(page: _Page, content: CertificateContent) -> None:
    text, layout = words(known_language(content.locale)), page.layout
    x, y, side = _foot(page, content).code
    box = (x, y, x + side, y + side)
    with (
        page.structure.link(content.verification_url, text["certificate_verify"]) as boxes,
        page.structure.figure(text["certificate_verify"], box),
    ):
        draw_qr(page.canvas, content.verification_url, x, y, side)
        boxes.append(box)
    page.text(text["certificate_verify"], x + side / 2, y - 10, 8, "text", page.colors.quiet)
    number = f"{text['certificate_id']}: {printed_code(content.code)}"
    color = page.colors.quiet
    if content.mark:
        # The word across the page is drawn, so that readers and searches do not find it as text.
        number, color = f"{text[content.mark].upper()} · {number}", _MARK_COLOR
    middle, (number_y, address_y) = layout.centre, layout.small_print
    page.text(number, middle, number_y, 7.5, "text", color)
    short = short_address(content.verification_url, content.code)
    address = fit(short.partition("://")[2], "text", layout.address)
    wide = address.lines[0].width * address.size / 2
    with page.structure.link(short, text["certificate_verify"]) as boxes:
        page.tagged(address, middle, address_y, page.colors.strong)
        boxes.append((middle - wide, address_y - 3, middle + wide, address_y + 9))
