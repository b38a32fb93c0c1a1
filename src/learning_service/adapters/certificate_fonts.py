"""The fonts of certificates: which of them draws a character, and how a line is cut into runs.

Every font is a TrueType file of the package (reportlab cannot embed PostScript outlines), read once per
process and only when a text first needs it. There is no shaping engine behind reportlab: a script whose
letters must be moved or joined by the font (Devanagari, Thai) would print wrongly, so it counts as having no
glyphs. Arabic is joined beforehand through its presentation forms.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from itertools import groupby
from struct import unpack
from typing import Any, Literal, TypeAlias

from arabic_reshaper import ArabicReshaper
from bidi import get_display
from reportlab.pdfbase import pdfmetrics

from learning_service.adapters.certificate_embedding import COMMON, EmbeddedFont

Voice: TypeAlias = Literal["display", "text"]
"""Which of the two Latin faces speaks: the serif of headings and names, or the sans of everything small."""


class MissingGlyphs(ValueError):
    """No font of the package draws some characters; nothing was drawn."""

    def __init__(self, characters: str) -> None:
        self.characters = characters
        listed = ", ".join(f"U+{ord(c):04X} {unicodedata.name(c, 'unnamed')}" for c in characters)
        super().__init__(f"no font of the certificate has: {listed}")

    def __reduce__(self) -> tuple[type["MissingGlyphs"], tuple[str]]:
        """Come whole out of another process: certificates are drawn in a pool."""
        return MissingGlyphs, (self.characters,)


@dataclass(frozen=True)
class _Source:
    file: str
    ranges: tuple[tuple[int, int], ...]

    def covers(self, code: int) -> bool:
        return any(low <= code <= high for low, high in self.ranges)


_LATIN_GREEK_CYRILLIC = (
    (0x20, 0x52F), (0x1AB0, 0x1AFF), (0x1C80, 0x1C8F), (0x1D00, 0x1FFF), (0x2000, 0x2BFF), (0x2C60, 0x2C7F),
    (0x2DE0, 0x2DFF), (0x2E00, 0x2E7F), (0xA640, 0xA69F), (0xA700, 0xA7FF), (0xAB30, 0xAB6F),
    (0xFB00, 0xFB06), (0xFE20, 0xFE2F), (0xFFFD, 0xFFFD),
)  # fmt: skip
_VOICES: dict[Voice, _Source] = {
    "display": _Source("NotoSerifDisplay-Medium.ttf", _LATIN_GREEK_CYRILLIC),
    "text": _Source("NotoSans-Regular.ttf", _LATIN_GREEK_CYRILLIC),
}
_FALLBACKS = (
    _Source(
        "NotoNaskhArabic-Regular.ttf", ((0x600, 0x6FF), (0x750, 0x77F), (0xFB50, 0xFDFF), (0xFE70, 0xFEFE))
    ),
    _Source("NotoSerifHebrew-Medium.ttf", ((0x591, 0x5F4), (0xFB1D, 0xFB4F))),
    _Source("NotoSerifArmenian-Regular.ttf", ((0x530, 0x58F), (0xFB13, 0xFB17))),
    _Source("NotoSerifGeorgian-Regular.ttf", ((0x10A0, 0x10FF), (0x1C90, 0x1CBF), (0x2D00, 0x2D2F))),
    _Source("NotoSerifEthiopic-Regular.ttf", ((0x1200, 0x139F), (0x2D80, 0x2DDF), (0xAB01, 0xAB2E))),
    _Source("NanumMyeongjo.ttf", ((0x3131, 0x318E), (0xAC00, 0xD7A3))),
    _Source(
        "DroidSansFallbackFull.ttf",
        ((0x2E80, 0x312F), (0x31A0, 0x9FFF), (0xF900, 0xFAFF), (0xFE30, 0xFE4F), (0xFF01, 0xFFEE)),
    ),
    _Source("NotoSans-Regular.ttf", _LATIN_GREEK_CYRILLIC),
    _Source("NotoSansMath-Regular.ttf", ((0x2000, 0x2BFF),)),
    _Source("NotoSansSymbols2-Regular.ttf", ((0x2000, 0x2BFF),)),
)
# Invisible by Unicode's Default_Ignorable_Code_Point, beyond the format characters of category Cf.
_IGNORED = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_RIGHT_TO_LEFT_FONTS = frozenset({"NotoNaskhArabic-Regular", "NotoSerifHebrew-Medium"})
_NEUTRAL = frozenset({"WS", "ON", "ES", "CS", "ET", "NSM", "BN"})
_STACKING = frozenset(source.file.removesuffix(".ttf") for source in _VOICES.values())
_MARK_GAP = 50.0
_BELOW, _ABOVE = 220, 230
_RESHAPER = ArabicReshaper({"delete_harakat": True, "support_ligatures": True})


class _Width(int):
    """A width that reportlab prints as it is: to format plain numbers takes it a tenth of all rendering."""


@cache
def _font(file: str) -> EmbeddedFont:
    path = resources.files("learning_service") / "assets" / "fonts" / file
    with resources.as_file(path) as real:
        font = EmbeddedFont(file.removesuffix(".ttf"), str(real), asciiReadable=False, shapable=False)
    font.face.charWidths = {code: _Width(round(wide)) for code, wide in font.face.charWidths.items()}
    font.face.defaultWidth = _Width(round(font.face.defaultWidth))
    pdfmetrics.registerFont(font)
    return font


def small_print_font() -> str:
    """The name of the text face, ready for use."""
    return str(_font(_VOICES["text"].file).fontName)


def begin_document(document: Any, text: str) -> None:
    """Let a new document share its subsets of the two faces with others, if common characters do for its text.

    Others would pay for the common ones in size and gain nothing.
    """
    if COMMON.issuperset(printable(text)):
        for source in _VOICES.values():
            _font(source.file).begin(document)


class _Chosen(dict[int, tuple[str, float]]):
    """Character code → (font name, width at size 1), found on first use; `("", 0.0)` where no font has it."""

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self._sources = (_VOICES[voice], *_FALLBACKS)

    def __missing__(self, code: int) -> tuple[str, float]:
        found = ("", 0.0)
        for source in self._sources:
            if source.covers(code) and code in (face := _font(source.file).face).charToGlyph:
                found = (source.file.removesuffix(".ttf"), face.getCharWidth(code) / 1000)
                break
        self[code] = found
        return found


_CHOSEN: dict[Voice, _Chosen] = {"display": _Chosen("display"), "text": _Chosen("text")}


def printable(text: str) -> str:
    """The text as it will be printed: NFC, one line, outer spaces gone.

    NFC, because a composed letter is drawn better than one with a loose accent. Characters that are invisible
    by definition stay until `visual_order` has used them (Persian joins by them).
    """
    text = unicodedata.normalize("NFC", text)
    return "".join(" " if unicodedata.category(c) in ("Zl", "Zp", "Cc") else c for c in text).strip()


def visual_order(line: str) -> str:
    """The line as the eye meets it from left to right: Arabic joined, all reordered, invisibles gone.

    Arabic vowel marks, optional in writing, are left out: to place them needs a shaping engine.
    """
    if _RIGHT_TO_LEFT.search(line):
        line = str(get_display(_RESHAPER.reshape(line)))
    line = _IGNORED.sub("", line)
    return line if line.isascii() else "".join(c for c in line if unicodedata.category(c) != "Cf")


def missing_glyphs(text: str) -> str:
    """The characters of the text that no font of the package draws, each once and in order; "" for none."""
    line = visual_order(printable(text))
    chosen = _CHOSEN["text"]
    return "".join(dict.fromkeys(c for c in line if not chosen[ord(c)][0]))


def _settings(line: str, voice: Voice) -> list[tuple[str, float]]:
    """Font name and width at size 1 of each character of a line in visual order.

    What has no direction of its own, a space above all, takes the right-to-left font between two words of it:
    text extraction puts such words back into reading order only within one font.
    """
    chosen = _CHOSEN[voice]
    found = [chosen[ord(c)] for c in line]
    if not _RIGHT_TO_LEFT.search(line):
        return found
    after = ""
    for i in range(len(line) - 1, 0, -1):
        if _has_direction(line[i]):
            after = found[i][0]
            continue
        before = next((found[j][0] for j in range(i - 1, -1, -1) if _has_direction(line[j])), "")
        if before == after and after in _RIGHT_TO_LEFT_FONTS:
            face = _font(f"{after}.ttf").face
            if ord(line[i]) in face.charToGlyph:
                found[i] = (after, face.getCharWidth(ord(line[i])) / 1000)
    return found


def _has_direction(character: str) -> bool:
    return unicodedata.bidirectional(character) not in _NEUTRAL


@lru_cache(maxsize=512)
def width(line: str, voice: Voice) -> float:
    """How wide a line in visual order is at size 1."""
    return sum(wide for _, wide in _settings(line, voice))


@dataclass(frozen=True)
class Run:
    """Characters of one line that are set together."""

    font: str
    text: str
    shift: float = 0.0
    """How far to the right of the pen they stand, in thousandths of the size; the pen does not follow."""
    rise: float = 0.0
    """How far above the line they stand, in thousandths of the size."""


@lru_cache(maxsize=512)
def runs(line: str, voice: Voice) -> tuple[Run, ...]:
    """Cut a line in visual order into runs of one font.

    An accent that Unicode has no composed letter for is put over or under its letter here.
    """
    return tuple(_runs(line, voice))


def _runs(line: str, voice: Voice) -> Iterator[Run]:
    fonts = [name for name, _ in _settings(line, voice)]
    before: tuple[str, str] | None = None
    kinds = groupby(zip(fonts, line, strict=True), lambda pair: (pair[0], _stacks(pair[1])))
    for (name, stacked), group in kinds:
        text = "".join(character for _, character in group)
        if stacked and before and name in _STACKING:
            letter = _Ink.of(*before)
            for mark in text:
                yield letter.placed(name, mark)
        else:
            yield Run(name, text)
            before = (name, text[-1])


def _stacks(character: str) -> bool:
    return unicodedata.combining(character) in (_BELOW, _ABOVE)


@dataclass
class _Ink:
    """The inked box of a letter and the marks on it, in thousandths of the size.

    Sideways it is seen from where the pen stands after the letter.
    """

    middle: float
    bottom: float
    top: float

    @classmethod
    def of(cls, name: str, character: str) -> "_Ink":
        face = _font(f"{name}.ttf").face
        glyph = face.charToGlyph[ord(character)]
        start = face.get_table_pos("glyf")[0] + face.glyphPos[glyph]
        left, bottom, right, top = (
            (side * 1000 / face.unitsPerEm for side in unpack(">4h", face._ttf_data[start + 2 : start + 10]))
            if face.glyphPos[glyph + 1] > face.glyphPos[glyph]
            else (0.0, 0.0, 0.0, 0.0)
        )
        return cls((left + right) / 2 - face.getCharWidth(ord(character)), bottom, top)

    def placed(self, name: str, mark: str) -> Run:
        """The mark centred over or under what is here already, clear of it; it then belongs to it."""
        ink = _Ink.of(name, mark)
        if unicodedata.combining(mark) == _ABOVE:
            rise = max(0.0, self.top + _MARK_GAP - ink.bottom)
            self.top = ink.top + rise
        else:
            rise = min(0.0, self.bottom - _MARK_GAP - ink.top)
            self.bottom = ink.bottom + rise
        return Run(name, mark, self.middle - ink.middle, rise)
