"""What characters are: which show nothing, which turn the direction, which are one and the same.

Every text that is judged or compared goes by these facts. Source: the contract, "text" and "typed answers".
"""

import re
import unicodedata
from collections.abc import Callable
from itertools import chain

OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Embeddings, overrides and isolates: they can make a text read as another."""
BIDI_CONTROLS = OVERRIDES | frozenset("\u200e\u200f\u061c")
"""Overrides, and the marks that honest right-to-left text has."""
WITHOUT_OVERRIDES = dict.fromkeys(map(ord, OVERRIDES))
"""For `str.translate`."""

_SINGLE_QUOTES = "‘’‚‛′‵`´ʹʻʼʽˈ‹›＇\u05f3"
_DOUBLE_QUOTES = "“”„‟″‶«»〝〞〟＂\u05f4"
_DASHES = "‐‑‒–—―−⁃﹘﹣－₋˗\u05be"
_ONE_FORM = {
    **dict.fromkeys(_SINGLE_QUOTES, "'"),
    **dict.fromkeys(_DOUBLE_QUOTES, '"'),
    **dict.fromkeys(_DASHES, "-"),
    **dict.fromkeys("\u2044\u2215", "/"),
}
# Format characters that are drawn: number signs, end of ayah, Kaithi and Syriac marks.
_DRAWN = frozenset(
    map(chr, chain(range(0x0600, 0x0606), (0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD)))
)
# Unicode's Default_Ignorable_Code_Point where the category does not say so, and the blank of Braille.
_BLANK = frozenset(
    map(
        chr,
        chain(
            (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x2800, 0x3164, 0xFFA0),
            range(0x180B, 0x1810),
            (0xFDEF,),
            range(0xFE00, 0xFE10),
            range(0xFFF0, 0xFFF9),
        ),
    )
)
# The rest of them: 4,096 characters in a set are half a megabyte of every process.
_TAGS = "\U000e0000", "\U000e0fff"
_NOT_A_SIGN = frozenset({"Zs", "Zl", "Zp", "Co", "Cs"})
# A noncharacter, which is in no text once its compatibility forms are one.
_BORDER = "\ufdef"
_BETWEEN_DIGITS = re.compile(f"(?<=[0-9]){_BORDER}+(?=[0-9])")
_MAX_REMEMBERED = 20_000


def shows_nothing(c: str) -> bool:
    """Whether the character is neither drawn nor a space: joiners, fillers, variation selectors, controls."""
    if c in _BLANK or _TAGS[0] <= c <= _TAGS[1]:
        return True
    return unicodedata.category(c) in ("Cc", "Cf") and c not in _DRAWN and not c.isspace()


def is_empty(text: str) -> bool:
    """Whether the text shows nothing to a reader.

    What this interpreter's Unicode does not know may be a letter of a later one, and people have names in those.
    """
    return all(
        c.isspace() or shows_nothing(c) or _is_noncharacter(c) or unicodedata.category(c) in _NOT_A_SIGN
        for c in text
    )


def _is_noncharacter(c: str) -> bool:
    return "\ufdd0" <= c <= "\ufdef" or ord(c) & 0xFFFE == 0xFFFE


def unify(text: str) -> str:
    """The text with compatibility forms in one form, decomposed, and without what shows nothing.

    Superscripts stay what they are. A fraction is written out, apart from digits beside it. The time is linear.
    """
    text = text.translate(_UNIFIED)
    if _BORDER in text:
        text = _BETWEEN_DIGITS.sub(" ", text).replace(_BORDER, "")
    return text


def stacks_more_than(most: int, unified: str) -> bool:
    """Whether more than `most` combining marks stand in a row in a text that `unify` made."""
    return "m" * (most + 1) in unified.translate(_MARKS)


def with_at_most(most: int, unified: str) -> str:
    """The same text with the first `most` combining marks of each row of them."""
    rows = re.finditer("m+| +", unified.translate(_MARKS))
    return "".join(
        unified[row.start() : min(row.end(), row.start() + most)]
        if row[0][0] == "m"
        else unified[slice(*row.span())]
        for row in rows
    )


def _unified(c: str) -> str:
    if c in _ONE_FORM:
        return _ONE_FORM[c]
    if c.isspace():
        return " "
    if shows_nothing(c):
        return ""
    if c.isdecimal():
        return str(unicodedata.decimal(c))
    kind, *codes = unicodedata.decomposition(c).split() or [""]
    if not kind or kind == "<super>":
        return c
    if not kind.startswith("<"):
        codes.insert(0, kind)
    parts = "".join(_unified(chr(int(code, 16))) for code in codes)
    return f"{_BORDER}{parts}{_BORDER}" if kind == "<fraction>" else parts


class _Remembered(dict[int, str]):
    """A table for `str.translate`, made as characters come up, and bounded: there are a million of them."""

    def __init__(self, of: Callable[[str], str]) -> None:
        self._of = of

    def __missing__(self, code: int) -> str:
        if len(self) >= _MAX_REMEMBERED:
            self.clear()
        self[code] = found = self._of(chr(code))
        return found


_UNIFIED = _Remembered(_unified)
_MARKS = _Remembered(lambda c: "m" if unicodedata.category(c)[0] == "M" else " ")
