"""Fitting a text of any length into its place on a certificate: shrink first, then wrap, never cut."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from learning_service.adapters.certificate_bidi import base_level
from learning_service.adapters.certificate_fonts import Voice, is_mark, printable
from learning_service.adapters.certificate_shaping import KEPT_LINES, Line, clusters, shaped

_STEP = 0.5
_SMALLEST = 1.0
# Line breaking between ideographs, kana and Hangul, but not before what closes or prolongs (JIS X 4051).
_IDEOGRAPH = re.compile(
    "[\u2e80-\u2fdf\u3005-\u30ff\u3131-\u318e\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff01-\uffee]"
)
_NEVER_FIRST = frozenset(
    "、。，．・：；？！」』）］｝〉》】〕々ゝゞーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ"
)
_NEVER_LAST = frozenset("「『（［｛〈《【〔")


@dataclass(frozen=True)
class Place:
    """Room for a text, in points: how wide, how high, and the sizes it may take."""

    width: float
    height: float
    size: float
    """The size of a text that fits at once."""
    one_line_size: float
    """Down to here the text shrinks on one line; beyond, it wraps."""
    wrapped_size: float
    """The size at which wrapping begins."""
    leading: float = 1.22


@dataclass(frozen=True)
class Fitted:
    """A text ready to draw: its lines as they are read and as they are drawn, and their size in points."""

    texts: tuple[str, ...]
    lines: tuple[Line, ...]
    size: float
    leading: float

    @property
    def height(self) -> float:
        """From the first baseline to the last, in points."""
        return (len(self.lines) - 1) * self.size * self.leading


@dataclass(frozen=True)
class _Piece:
    text: str
    width: float
    glue: str
    """What stands between this piece and the next when no line ends here."""


@lru_cache(maxsize=KEPT_LINES)
def fit(text: str, voice: Voice, place: Place) -> Fitted:
    """The largest setting of the text within the place, by the rules of the place."""
    text = printable(text)
    base = base_level(text)
    line = shaped(text, voice, base)
    if line.width * place.one_line_size <= place.width:
        size = place.size if line.width * place.size <= place.width else place.width / line.width
        size = max(place.one_line_size, int(size / _STEP) * _STEP)
        return Fitted((text,), (line,), size, place.leading)
    pieces = _pieces(text, voice)
    size = place.wrapped_size
    while True:
        rows = _wrap(pieces, voice, place.width / size)
        if len(rows) * size * place.leading <= place.height or size <= _SMALLEST:
            break
        size -= _STEP
    rows = _balance(pieces, voice, place.width / size, rows)
    lines = tuple(shaped(row, voice, base) for row in rows)
    return Fitted(tuple(rows), lines, size, place.leading)


def _pieces(text: str, voice: Voice) -> list[_Piece]:
    """The text between the points where a line may end."""
    pieces: list[_Piece] = []
    for word in text.split(" "):
        parts = _parts(word) if _IDEOGRAPH.search(word) else [word]
        pieces += [_Piece(part, shaped(part, voice).width, "") for part in parts[:-1]]
        pieces.append(_Piece(parts[-1], shaped(parts[-1], voice).width, " "))
    return pieces


def _parts(word: str) -> list[str]:
    """Cut a word without spaces between its ideographs."""
    parts = [word[0]]
    for before, after in pairwise(word):
        free = _IDEOGRAPH.match(before) or _IDEOGRAPH.match(after)
        if free and after not in _NEVER_FIRST and before not in _NEVER_LAST and not is_mark(after):
            parts.append(after)
        else:
            parts[-1] += after
    return parts


def _wrap(pieces: list[_Piece], voice: Voice, room: float) -> list[str]:
    """Lay pieces into rows no wider than the room (at size 1); a piece wider than a row is broken inside."""
    space = shaped(" ", voice).width
    rows: list[str] = []
    row, used, glue = "", 0.0, ""
    for piece in pieces:
        gap = space if glue else 0.0
        if row and used + gap + piece.width > room:
            rows.append(row)
            row, used, glue, gap = "", 0.0, "", 0.0
        if piece.width > room:
            *whole, rest = _break(piece.text, voice, room)
            rows += whole
            row, used = rest, shaped(rest, voice).width
        else:
            row, used = row + glue + piece.text, used + gap + piece.width
        glue = piece.glue
    return [*rows, row] if row else rows


def _break(word: str, voice: Voice, room: float) -> list[str]:
    """Cut a word that no row can hold where the room ends, never between a letter and its mark."""
    rows = [""]
    used = 0.0
    for part, wide in clusters(word, voice):
        if rows[-1] and used + wide > room:
            rows.append("")
            used = 0.0
        rows[-1] += part
        used += wide
    return rows


def _balance(pieces: list[_Piece], voice: Voice, room: float, rows: list[str]) -> list[str]:
    """The same number of rows, as even in width as they can be."""
    low, high = room / 2, room
    for _ in range(7):
        middle = (low + high) / 2
        tried = _wrap(pieces, voice, middle)
        if len(tried) <= len(rows):
            high, rows = middle, tried
        else:
            low = middle
    return rows
