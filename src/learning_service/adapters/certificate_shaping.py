"""From a line of text to glyphs in their places: cut by direction and font, then shaped by HarfBuzz."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import uharfbuzz as hb

from learning_service.adapters.certificate_bidi import levels, visual_runs
from learning_service.adapters.certificate_fonts import VOICES, Font, Voice, font, font_of, is_mark

KEPT_LINES = 96
"""Lines whose shapes are kept, of some 7 kB each: what all certificates of some courses say, and not their names."""
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_LONGEST_CLUSTER = 40
_JOINER = "\u200d"
_SKIN_TONES = frozenset("\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
_FLAGS = hb.BufferFlags.REMOVE_DEFAULT_IGNORABLES | hb.BufferFlags.DO_NOT_INSERT_DOTTED_CIRCLE


class Glyph(NamedTuple):
    """A glyph in its place; lengths in thousandths of the size."""

    number: int
    """Which glyph of its font."""
    advance: int
    right: int
    """How far to the right of the pen it stands; the pen does not follow."""
    up: int


class Cluster(NamedTuple):
    """Glyphs that together stand for some characters, from left to right."""

    text: str
    glyphs: tuple[Glyph, ...]


@dataclass(frozen=True, eq=False)
class Run:
    """What is set together in one font, from left to right."""

    font: Font
    clusters: tuple[Cluster, ...]


@dataclass(frozen=True, eq=False)
class Line:
    """One line, ready to draw."""

    runs: tuple[Run, ...]
    width: float
    """At size 1."""


@lru_cache(maxsize=KEPT_LINES)
def shaped(line: str, voice: Voice, base: int = 0) -> Line:
    """The glyphs of a printable line whose text begins at the left (base 0) or at the right (1)."""
    names = _fonts(line, voice)
    if base or _RIGHT_TO_LEFT.search(line):
        stretches = visual_runs(levels(line, base))
    else:
        stretches = [(0, len(line), 0)] if line else []
    runs: list[Run] = []
    for start, end, level in stretches:
        edges = [start, *(i for i in range(start + 1, end) if names[i] != names[i - 1]), end]
        pieces = [_run(line, a, b, font(names[a]), level) for a, b in pairwise(edges)]
        runs += pieces[::-1] if level % 2 else pieces
    total = sum(glyph.advance for run in runs for cluster in run.clusters for glyph in cluster.glyphs)
    return Line(tuple(runs), total / 1000)


def clusters(line: str, voice: Voice) -> list[tuple[str, float]]:
    """The parts of a line that must not be cut, in reading order, each with its width at size 1."""
    found = []
    for start, end in pairwise(_edges(line)):
        found.append((line[start:end], shaped(line[start:end], voice).width))
    return found


def _fonts(line: str, voice: Voice) -> list[str]:
    """The font of each character.

    A letter and its marks take one font that has them all. What belongs to no script, a space above all, takes the
    font of the letters around it: text extraction puts right-to-left words back into reading order only within one.
    """
    if line.isascii():
        return [VOICES[voice]] * len(line)
    names: list[str] = []
    free: dict[int, None] = {}
    for start, end in pairwise(_edges(line)):
        if end == start + 1 and unicodedata.category(line[start])[0] in "ZP":
            free[start] = None
        names += _fonts_of_cluster(line[start:end], voice)
    for i in free:
        before = next((j for j in range(i - 1, -1, -1) if j not in free), None)
        after = next((j for j in range(i + 1, len(line)) if j not in free), None)
        if before is None or after is None or names[before] != names[after]:
            continue
        if unicodedata.category(line[before])[0] in "LM" and font(names[before]).has(line[i]):
            names[i] = names[before]
    return names


def _fonts_of_cluster(cluster: str, voice: Voice) -> list[str]:
    own = [font_of(character, voice) or VOICES[voice] for character in cluster]
    if len(cluster) == 1:
        return own
    letters = [character for character in cluster if unicodedata.category(character) != "Cf"]
    shared = next((name for name in dict.fromkeys(own) if all(map(font(name).has, letters))), None)
    return [shared] * len(cluster) if shared else own


def _edges(line: str) -> list[int]:
    """Where the characters that belong together begin, and the end of the line."""
    edges = [0] if line else []
    for i in range(1, len(line)):
        if i - edges[-1] >= _LONGEST_CLUSTER or not _belongs_to_before(line, i):
            edges.append(i)
    return [*edges, len(line)]


def _belongs_to_before(line: str, i: int) -> bool:
    character = line[i]
    if is_mark(character) or character in _SKIN_TONES or line[i - 1] == _JOINER:
        return True
    return unicodedata.category(character) == "Cf"


def _run(line: str, start: int, end: int, font: Font, level: int) -> Run:
    """Shape characters of one font and direction; those around them are seen for joining only."""
    buffer = hb.Buffer()
    buffer.add_str(line, start, end - start)
    # What HarfBuzz would guess for the language depends on the process.
    buffer.language = "und"
    buffer.flags = _FLAGS
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if level % 2 else "ltr"
    hb.shape(font.shaper, buffer)
    glyphs: dict[int, list[Glyph]] = {}
    for info, place in zip(buffer.glyph_infos or (), buffer.glyph_positions or (), strict=True):
        glyphs.setdefault(info.cluster, []).append(
            Glyph(info.codepoint, place.x_advance, place.x_offset, place.y_offset)
        )
    begins = sorted(glyphs)
    ends = dict(zip(begins, [*begins[1:], end], strict=True))
    return Run(font, tuple(Cluster(line[at : ends[at]], tuple(found)) for at, found in glyphs.items()))
