"""One normal form for the texts of learners and authors, and matching with wildcards.

Steps: NFKC, trimmed, runs of spaces collapsed, casefolded, one form of quotes and of dashes.
Characters that show nothing (zero-width spaces, soft hyphens) are dropped: they come with copied text.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

_SINGLE_QUOTES = "‘’‚‛′‵`´ʹʻʼʽˈ‹›＇"
_DOUBLE_QUOTES = "“”„‟″‶«»〝〞〟＂"
_DASHES = "‐‑‒–—―−⁃﹘﹣－⁻₋˗"
_ONE_FORM = {
    **dict.fromkeys(map(ord, _SINGLE_QUOTES), "'"),
    **dict.fromkeys(map(ord, _DOUBLE_QUOTES), '"'),
    **dict.fromkeys(map(ord, _DASHES), "-"),
}
# A noncharacter: stands for a wildcard while the rest of a pattern is normalized, and is in no text that
# matters.
_ANY = "\ufdd0"


def normalize(text: str, *, case_sensitive: bool = False) -> str:
    """The normal form; texts that people would call the same have the same one. Normalizing twice changes
    nothing.
    """
    if text.isascii():
        return " ".join((text if case_sensitive else text.lower()).replace("`", "'").split())
    before = None
    while before != text:
        before, text = text, _step(text, case_sensitive)
    return text


def matches(text: str, accepted: Sequence[str], *, case_sensitive: bool = False) -> bool:
    """Whether the text fits one of the accepted answers. An empty text fits none.

    In an accepted answer `*` stands for any characters, none included, and `\\*` for a star. Time is linear
    in the length of text and pattern: there is no backtracking to exploit.
    """
    normal = normalize(text.replace(_ANY, ""), case_sensitive=case_sensitive)
    return bool(normal) and any(_fits(normal, _parts(pattern, case_sensitive)) for pattern in accepted)


def is_blank(text: str) -> bool:
    """Whether nothing is left of a text in its normal form."""
    return not normalize(text)


def _step(text: str, case_sensitive: bool) -> str:
    text = "".join(c for c in text.translate(_ONE_FORM) if unicodedata.category(c) != "Cf")
    text = unicodedata.normalize("NFKC", text)
    if not case_sensitive:
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
    return " ".join(text.translate(_ONE_FORM).split())


@lru_cache(maxsize=4096)
def _parts(pattern: str, case_sensitive: bool) -> tuple[str, ...]:
    """The literal stretches between wildcards, normalized together so that spaces at their ends survive."""
    marked: list[str] = []
    position = 0
    pattern = pattern.replace(_ANY, "")
    while position < len(pattern):
        if pattern.startswith("\\*", position):
            marked.append("*")
            position += 2
        else:
            marked.append(_ANY if pattern[position] == "*" else pattern[position])
            position += 1
    return tuple(normalize("".join(marked), case_sensitive=case_sensitive).split(_ANY))


def _fits(text: str, parts: tuple[str, ...]) -> bool:
    """Whether the text is the parts in this order with anything between.

    A wildcard may stand for nothing, and two spaces that then meet are one: so neighbouring parts may share
    a space, and a space beside a wildcard at either end may be the text's border.
    """
    first, last = parts[0], parts[-1]
    if len(parts) == 1:
        return text == first
    text = (" " if not first else "") + text + (" " if not last else "")
    if not text.startswith(first):
        return False
    position = len(first)
    for before, part in pairwise(parts[:-1]):
        found = text.find(part, position - _shared(before, part))
        if found < 0:
            return False
        position = max(position, found + len(part))
    return text.endswith(last) and len(text) - len(last) >= position - _shared(parts[-2], last)


def _shared(before: str, after: str) -> int:
    return 1 if before.endswith(" ") and after.startswith(" ") else 0
