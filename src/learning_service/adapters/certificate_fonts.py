"""The fonts of certificates: which of them draws a character, and what is drawn where none does.

Every font is a TrueType file of the package, read once per process and only when a text first needs it. Which file
has which character stands in an index beside them, so that none is opened to look.
"""

import json
import re
import unicodedata
from bisect import bisect_right
from functools import cache, cached_property, lru_cache
from importlib import resources
from struct import unpack_from
from typing import Literal, TypeAlias

import uharfbuzz as hb
from anyascii import anyascii

from learning_service.core.loading import only_named
from learning_service.domain.kernel.characters import is_empty

Voice: TypeAlias = Literal["display", "text"]
"""Which of the two Latin faces speaks: the serif of headings and names, or the sans of everything small."""

VOICES: dict[Voice, str] = {"display": "NotoSerifDisplay-Medium", "text": "NotoSans-Regular"}
with only_named("zipfile"):
    # It would be there for code that lies in an archive.
    _FOLDER = resources.files("learning_service") / "assets" / "fonts"
_EM = 1000
# Unicode's Default_Ignorable_Code_Point, and annotation marks; not those by which scripts choose a form of a letter.
_IGNORED = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# The joiners mean something behind a letter of a script that joins, or within a picture, and nowhere else.
_JOINING = "\u0590-\u1fff\u2190-\u2bff\ua800-\uabff\U00010000-\U0001ffff"
_IDLE_JOINER = re.compile(f"(?<![{_JOINING}])[\u200c\u200d]|[\u200c\u200d]$")
_MOST_MARKS = 10
_MOST_UNSEEN = 3


_OF_NO_WIDTH = (0x200B, 0x200C, 0x200D)
_FIRST_GLYPHS = range(1, 5)
"""Among them many fonts have one for what is no character, of no width."""


class _Widths(dict[int, int]):
    def __init__(self, shaper: hb.Font) -> None:
        super().__init__()
        self._shaper = shaper

    def __missing__(self, glyph: int) -> int:
        self[glyph] = wide = int(self._shaper.get_glyph_h_advance(glyph))
        return wide


class Font:
    """A font file, open for shaping and for taking subsets of it. Lengths are in thousandths of the size."""

    def __init__(self, name: str) -> None:
        self.name = name
        with resources.as_file(_FOLDER / f"{name}.ttf") as path:
            # Mapped, not read: processes share it, and only what is drawn is ever in memory.
            self.face = hb.Face(hb.Blob.from_file_path(str(path)))
        self.shaper = hb.Font(self.face)
        self.shaper.scale = (_EM, _EM)
        self.widths = _Widths(self.shaper)
        """How far the pen moves after each glyph that stands alone."""

    @cached_property
    def blank(self) -> int:
        """A glyph that shows nothing, of no width where the font has such a one."""
        invisible = [self.shaper.get_nominal_glyph(code) for code in _OF_NO_WIDTH]
        for glyph in (*(one for one in invisible if one is not None), *_FIRST_GLYPHS):
            extents = self.shaper.get_glyph_extents(glyph)
            if self.widths[glyph] == 0 and extents is not None and extents.width == extents.height == 0:
                return int(glyph)
        return int(self.shaper.get_nominal_glyph(0x20))

    @cache  # noqa: B019 - fonts live as long as the process
    def has(self, character: str) -> bool:
        """Whether it draws the character."""
        return self.shaper.get_nominal_glyph(ord(character)) is not None

    @cached_property
    def box(self) -> list[int]:
        """Left, bottom, right and top of all its glyphs together."""
        head = self.face.reference_table("head").data
        return [round(side * _EM / self.face.upem) for side in unpack_from(">4h", head, 36)]


@cache
def font(name: str) -> Font:
    """The font of that file."""
    return Font(name)


@cache
def _index() -> tuple[list[int], list[int], list[str]]:
    index = json.loads((_FOLDER / "index.json").read_text("utf-8"))
    names = index["fonts"]
    return ([row[0] for row in index["ranges"]], [row[1] for row in index["ranges"]],
            [names[row[2]] for row in index["ranges"]])  # fmt: skip


@lru_cache(maxsize=8192)
def font_of(character: str, voice: Voice) -> str | None:
    """The font that draws a character in a text of that voice; None where none does."""
    if font(VOICES[voice]).has(character):
        return VOICES[voice]
    starts, ends, names = _index()
    at = bisect_right(starts, ord(character)) - 1
    return names[at] if at >= 0 and ord(character) <= ends[at] else None


@lru_cache(maxsize=1024)
def printable(text: str) -> str:
    """The text as it will be printed: NFC, one line, outer spaces gone, every character one that a font draws.

    NFC, because a composed letter is drawn better than one with a loose accent. What is invisible by definition
    goes, but for joiners where they mean something. A character that no font draws is written by its sound in Latin
    letters, or by its name in Unicode; so is a text that would show nothing. Marks that would climb off
    their line, beyond ten on a letter, are left out.
    """
    shown = _visible(text)
    if shown and shown.isascii():
        return shown
    if is_empty(shown):
        return " ".join(map(_name, _unseen(text)))
    drawn = "".join(c if is_drawn(c) else _in_latin(c) for c in shown)
    return re.sub(" +", " ", _without_towers(drawn)).strip() if drawn != shown else _without_towers(shown)


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text.strip()
    text = unicodedata.normalize("NFC", text)
    text = "".join(" " if unicodedata.category(c) in ("Zl", "Zp", "Cc") else c for c in text)
    return _IDLE_JOINER.sub("", _IGNORED.sub("", text)).strip()


def is_drawn(character: str) -> bool:
    """Whether a font draws the character; a joiner needs none."""
    return character in "\u200c\u200d" or font_of(character, "text") is not None


def missing_glyphs(text: str) -> str:
    """The characters of the text that nothing draws, each once and in order; "" for none."""
    shown = _visible(text)
    if is_empty(shown):
        return _unseen(text)
    return "".join(dict.fromkeys(c for c in shown if not is_drawn(c)))


def _unseen(text: str) -> str:
    """What a text consists of that shows nothing, spaces apart."""
    return "".join(dict.fromkeys(c for c in text if not c.isspace()))[:_MOST_UNSEEN]


def _in_latin(character: str) -> str:
    """A character by its sound, or by its name, set off from what stands around it."""
    return f" {anyascii(character).strip() or _name(character)} "


def _name(character: str) -> str:
    return unicodedata.name(character, f"U+{ord(character):04X}")


def _without_towers(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if is_mark(character) else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def is_mark(character: str) -> bool:
    """Whether it belongs to the letter before it."""
    return unicodedata.category(character) in ("Mn", "Me", "Mc")
