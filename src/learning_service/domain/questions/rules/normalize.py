"""One normal form for the texts of learners and authors, and matching with wildcards.

Steps: compatibility forms, quotes, dashes and digits in one form each, trimmed, runs of spaces collapsed, casefolded.
Characters that show nothing (zero-width spaces, soft hyphens) are dropped: they come with copied text.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from learning_service.domain.kernel.characters import shows_nothing, stacks_more_than, unify, with_at_most
from learning_service.domain.kernel.values import MAX_MARKS

_ASCII = {code: None for code in range(128) if shows_nothing(chr(code))} | {ord("`"): "'"}
_LITERAL = re.compile(r"\\\*|\*")
# A dotted i is an i: `İ` and its lower case by Unicode's rules, which keeps the dot as a mark of its own.
_DOTTED = re.compile("i\u0307+")
# A noncharacter: stands for a wildcard while the rest of a pattern is normalized, and is in no text that
# matters.
_ANY = "\ufdd0"
_BEGINNING = 100


def normalize(text: str, *, case_sensitive: bool = False) -> str:
    """The normal form; texts that people would call the same have the same one. Normalizing twice changes
    nothing.
    """
    if text.isascii():
        if "`" in text or not text.isprintable():
            text = text.translate(_ASCII)
        return " ".join((text if case_sensitive else text.lower()).split())
    text = unify(text)
    if stacks_more_than(MAX_MARKS, text):
        text = with_at_most(MAX_MARKS, text)
    if not case_sensitive:
        text = _DOTTED.sub("i", unicodedata.normalize("NFD", text).casefold())
    return " ".join(unicodedata.normalize("NFC", text).split())


def matches(
    text: str,
    accepted: Sequence[str],
    *,
    case_sensitive: bool = False,
    ignore_accents: bool = False,
    ignore_punctuation: bool = False,
) -> bool:
    """Whether the text fits one of the accepted answers. An empty text fits none.

    In an accepted answer `*` stands for any characters, none included, and `\\*` for a star. Time is linear
    in the length of text and pattern: there is no backtracking to exploit.
    """
    how = (case_sensitive, ignore_accents, ignore_punctuation)
    normal = comparable(text.replace(_ANY, ""), *how)
    return bool(normal) and any(_fits(normal, _parts(pattern, *how)) for pattern in accepted)


def comparable(text: str, case_sensitive: bool, ignore_accents: bool, ignore_punctuation: bool) -> str:
    """The normal form, without what is not to matter. An apostrophe joins what it stands between, a dash does not."""
    normal = normalize(text, case_sensitive=case_sensitive)
    if ignore_accents and not normal.isascii():
        normal = "".join(c for c in unicodedata.normalize("NFD", normal) if not _is_accent(c))
        # An accent that stood by itself leaves its space.
        normal = " ".join(unicodedata.normalize("NFC", normal).split())
    if ignore_punctuation:
        signs = ((c, unicodedata.category(c)) for c in normal if c != "'")
        normal = " ".join("".join(" " if kind[0] == "P" else c for c, kind in signs).split())
    return normal


def compares_nothing(
    pattern: str, case_sensitive: bool, ignore_accents: bool, ignore_punctuation: bool
) -> bool:
    """Whether an accepted answer shows signs, and all of them are ignored: no text fits it, or any does."""
    parts = _parts(pattern, case_sensitive, ignore_accents, ignore_punctuation)
    return bool(without_wildcards(pattern)) and not any(part.strip() for part in parts)


def without_wildcards(pattern: str) -> str:
    """An accepted answer as people read it: without its wildcards, `\\*` as a star. Empty where it was a wildcard."""
    return " ".join(_LITERAL.sub(lambda found: "*" if found[0] == "\\*" else "", pattern).split())


def is_blank(text: str) -> bool:
    """Whether nothing is left of a text in its normal form. Of most texts the beginning tells."""
    return not (normalize(text[:_BEGINNING]) or normalize(text))


def _is_accent(c: str) -> bool:
    """Whether it is a mark on a letter. A vowel of Hindi or Thai, or `が` of `か`, is another letter.

    Unicode's combining classes tell them apart: below 10 are the signs of Indic scripts and of kana, from 84 to 199
    the vowels of Thai, Lao and Tibetan.
    """
    place = unicodedata.combining(c)
    return unicodedata.category(c) == "Mn" and (place == 1 or 10 <= place < 84 or place >= 200)


@lru_cache(maxsize=4096)
def _parts(
    pattern: str, case_sensitive: bool, ignore_accents: bool, ignore_punctuation: bool
) -> tuple[str, ...]:
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
    how = (case_sensitive, ignore_accents, ignore_punctuation)
    return tuple(comparable("".join(marked), *how).split(_ANY))


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
