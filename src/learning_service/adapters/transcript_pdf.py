"""A member's transcript as a PDF: everything that was valid on one day, over as many pages as it takes.

As a certificate it is PDF/A-3a and PDF/UA-1, and the same bytes for the same content.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import md5
from typing import TypeAlias

from reportlab.pdfgen.canvas import Canvas

from learning_service.adapters.certificate_archive import (
    About,
    Attachment,
    Catalog,
    attach,
    describe,
    finish_pages,
    root_of,
)
from learning_service.adapters.certificate_artwork import add_picture
from learning_service.adapters.certificate_colors import Palette, palette
from learning_service.adapters.certificate_content import TranscriptContent, TranscriptEntry
from learning_service.adapters.certificate_embedding import NO_FONT, DocumentFonts
from learning_service.adapters.certificate_fonts import Voice, printable
from learning_service.adapters.certificate_layout import Fitted, Place, fit
from learning_service.adapters.certificate_pen import Pen
from learning_service.adapters.certificate_places import PAGES
from learning_service.adapters.certificate_structure import Kind, Structure
from learning_service.adapters.certificate_words import known_language, long_date, words

_EDGE, _TOP, _BOTTOM, _FOOT = 62.0, 66.0, 78.0, 44.0
"""How far the words stay from the sides, from above and from below, and how high the last line of a page stands."""
_LOGO = (190.0, 46.0)
_ENDLESS = 100_000.0


@dataclass(frozen=True)
class _Block:
    """One text, from the left, and how much room is above it."""

    fitted: Fitted
    color: str
    above: float
    kind: Kind = "P"
    link: str | None = None
    is_first: bool = field(default=False)
    """Whether a thin rule stands above it, unless a page begins with it."""

    @property
    def high(self) -> float:
        """What it takes without the room above it."""
        return self.fitted.size * 1.05 + self.fitted.height

    def part(self, first: int, last: int) -> "_Block":
        """Some of its lines."""
        some = replace(self.fitted, texts=self.fitted.texts[first:last], lines=self.fitted.lines[first:last])
        return replace(self, fitted=some)


_Placed: TypeAlias = list[tuple[_Block, float]]


def render_transcript(content: TranscriptContent) -> bytes:
    """The transcript as a PDF file. Pure: the same content gives the same bytes.

    Raises:
        UnusableLogo: the logo is no PNG or JPEG that can be drawn.
    """
    file, size, language = io.BytesIO(), PAGES[content.paper, "portrait"], known_language(content.locale)
    canvas = Canvas(
        file, pagesize=size, pageCompression=1, invariant=1, lang=language, initialFontName=NO_FONT
    )
    root = root_of(canvas._doc)
    pen = Pen(canvas, DocumentFonts(canvas._doc), Structure(canvas))
    _describe(canvas, root, content)
    colors, wide = palette(content.primary_color), size[0] - 2 * _EDGE
    top = size[1] - _TOP - (_draw_logo(pen, content, size[1]) if content.logo else 0.0)
    pages = _pages(_blocks(content, colors, wide), top, size[1] - _TOP)
    for number, placed in enumerate(pages, start=1):
        if number > 1:
            canvas.showPage()
            pen.structure.begin_page()
        _draw_page(pen, placed, colors, wide)
        _draw_foot(pen, content, colors, wide, (number, len(pages)))
    attach(canvas._doc, root, _data(content), content.as_of)
    pen.structure.close(root)
    canvas.showPage()
    finish_pages(canvas._doc, pen.structure.pages)
    canvas.save()
    return file.getvalue()


def _data(content: TranscriptContent) -> Attachment:
    return Attachment("transcript.json", "/application#2Fjson", "The same as data", content.data)


def _describe(canvas: Canvas, root: Catalog, content: TranscriptContent) -> None:
    language = known_language(content.locale)
    heading = words(language)["transcript_heading"]
    about = About(
        title=f"{heading} · {printable(content.recipient_name)}",
        author=printable(content.issuer_name),
        subject=heading,
        keywords=content.as_of.isoformat(),
        language=language,
        day=content.as_of,
    )
    describe(canvas._doc, root, about)
    canvas._doc.signature = md5(content.data.encode(), usedforsecurity=False)
    canvas.setViewerPreference("DisplayDocTitle", "true")


def _draw_logo(pen: Pen, content: TranscriptContent, high: float) -> float:
    """Draw the logo into the upper left corner; how high it is, with the room below it."""
    picture = add_picture(pen.canvas, "logo", content.logo or b"")
    scale = min(_LOGO[0] / picture.width, _LOGO[1] / picture.height)
    w, h = picture.width * scale, picture.height * scale
    with pen.structure.decoration():
        picture.draw(pen.canvas, (_EDGE + w / 2, high - _TOP + 14 - h / 2, w, h))
    return h + 6


def _fitted(text: str, voice: Voice, size: float, wide: float) -> Fitted:
    """As many lines of this size as the text takes."""
    return fit(text, voice, Place(wide, _ENDLESS, size, size, size, 1.3))


def _blocks(content: TranscriptContent, colors: Palette, wide: float) -> Iterator[list[_Block]]:
    """What is kept together where it can be: the head, then each certificate."""
    text = words(known_language(content.locale))
    day = text["transcript_day"].format(date=long_date(content.as_of, content.locale))
    name = fit(content.recipient_name, "display", Place(wide, 90, 22, 16, 16, 1.2))
    head = [
        _Block(_fitted(content.issuer_name, "display", 13, wide), colors.ink, 0),
        _Block(_fitted(text["transcript_heading"], "display", 30, wide), colors.strong, 16, "H1"),
        _Block(name, colors.ink, 14),
        _Block(_fitted(day, "text", 10, wide), colors.quiet, 10),
    ]
    if not content.entries:
        head.append(_Block(_fitted(text["transcript_empty"], "text", 11, wide), colors.ink, 26))
    yield head
    for entry in content.entries:
        yield list(_entry(entry, content.locale, colors, wide))


def _entry(entry: TranscriptEntry, locale: str, colors: Palette, wide: float) -> Iterator[_Block]:
    text = words(known_language(locale))
    until = long_date(entry.expires_on, locale) if entry.expires_on else None
    facts = [
        f"{text['certificate_issued']}: {long_date(entry.issued_on, locale)}",
        f"{text['certificate_expires']}: {until}" if until else text["certificate_unlimited"],
        *([f"{text['certificate_score']}: {entry.score}"] if entry.score else []),
        *([f"{text['certificate_credits']}: {entry.credit_hours}"] if entry.credit_hours else []),
    ]
    title = _fitted(entry.title, "display", 13.5, wide)
    yield _Block(title, colors.strong, 26, "H2", is_first=True)
    yield _Block(_fitted(" · ".join(facts), "text", 9.5, wide), colors.ink, 7)
    if entry.skills:
        skills = f"{text['achievement_skills']}: {' · '.join(entry.skills)}"
        yield _Block(_fitted(skills, "text", 9.5, wide), colors.quiet, 4)
    verify = f"{text['certificate_verify']}: {entry.short_address.partition('://')[2]}"
    place = Place(wide, 30, 9.5, 5, 5)
    yield _Block(fit(verify, "text", place), colors.strong, 4, link=entry.address)


def _pages(groups: Iterator[list[_Block]], top: float, next_top: float) -> list[_Placed]:
    """Where each block stands on which page: its last baseline. A group that a page can hold is not divided."""
    pages: list[_Placed] = [[]]
    y = top
    for group in groups:
        if pages[-1] and y - _height(group) < _BOTTOM <= next_top - _height(group):
            pages.append([])
            y = next_top
        for block in group:
            for part in _parts(block, y, next_top):
                if pages[-1] and y - part.above - part.high < _BOTTOM:
                    pages.append([])
                    y = next_top
                y -= (part.above if pages[-1] else 0) + part.high
                pages[-1].append((part, y))
    return pages


def _height(group: Sequence[_Block]) -> float:
    return sum(block.above + block.high for block in group)


def _parts(block: _Block, y: float, next_top: float) -> Iterator[_Block]:
    """The block, or the pieces of one that does not fit: what is left of this page, then whole pages."""
    step, count, first = block.fitted.size * block.fitted.leading, len(block.fitted.lines), 0
    room = y - block.above - _BOTTOM
    while first < count:
        held = max(1, int((room - block.fitted.size * 1.05) // step) + 1)
        yield block.part(first, min(count, first + held))
        first, room = first + held, next_top - block.above - _BOTTOM


def _draw_page(pen: Pen, placed: _Placed, colors: Palette, wide: float) -> None:
    for number, (block, y) in enumerate(placed):
        if block.is_first and number:
            rule = y + block.high + block.above / 2 + 1
            pen.line(f"{colors.line} RG 0.5 w {_EDGE} {rule:.2f} m {_EDGE + wide:.2f} {rule:.2f} l S")
        if block.link is None:
            pen.tagged(block.fitted, _EDGE, y, block.color, block.kind, 0)
            continue
        said = block.fitted.texts[0]
        long = block.fitted.lines[0].width * block.fitted.size
        with pen.structure.link(block.link, said) as boxes:
            pen.tagged(block.fitted, _EDGE, y, block.color, block.kind, 0)
            boxes.append((_EDGE, y - 3, _EDGE + long, y + block.fitted.size))


def _draw_foot(
    pen: Pen, content: TranscriptContent, colors: Palette, wide: float, page: tuple[int, int]
) -> None:
    """Whose transcript the page is of, and which page: for paper, so readers by ear pass it over."""
    text = words(known_language(content.locale))
    number, count = page
    right = _fitted(text["transcript_page"].format(number=number, count=count), "text", 8, wide)
    room = wide - right.lines[0].width * 8 - 20
    whose = f"{content.recipient_name} · {content.issuer_name}"
    left = fit(whose, "text", Place(room, 20, 8, 4, 4))
    with pen.structure.decoration():
        pen.lines(left, _EDGE, _FOOT, colors.quiet, 0)
        pen.lines(right, _EDGE + wide, _FOOT, colors.quiet, 1)
