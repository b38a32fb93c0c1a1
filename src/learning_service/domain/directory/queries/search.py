"""What a person types into a search box, as patterns for `LIKE`: words in any order, without accents and case."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, false, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.kernel.planning import BY_KEYS

LONGEST = 600
"""Characters. No text that is searched is longer, so what is longer is in none of them."""
MOST = 6
"""Words. Each is a part of the statement, and so many tell one title from all others."""
_FEW = 3
"""Under so many characters a word means the beginnings of words: an index by trigrams knows nothing shorter."""
_NOTHING = ("",)


async def patterns_of(session: AsyncSession, typed: str | None) -> Sequence[str]:
    """Patterns that a text which is found matches all of; none where nothing was typed.

    A word is looked for anywhere, one of less than three characters at the beginning of a word; of many words, the
    longest. Also does what `plan_by_keys` does.
    """
    words = "".join(c if c.isprintable() else " " for c in typed or "").split()
    if not words:
        return ()
    together = " ".join(words)
    if len(together) > LONGEST:
        return _NOTHING
    *_, folded = (await session.execute(select(*BY_KEYS, func.folded(together)))).one()
    words = sorted(dict.fromkeys(folded.split()), key=len, reverse=True)
    return tuple(map(_pattern, words[:MOST]))


def matches(text: ColumnElement[str], patterns: Sequence[str]) -> ColumnElement[bool]:
    """Whether the folded text, which begins with a space, matches all patterns."""
    if patterns is _NOTHING:
        return false()
    return and_(*(text.like(literal(pattern)) for pattern in patterns))


def _pattern(word: str) -> str:
    for character in ("\\", "%", "_"):
        word = word.replace(character, "\\" + character)
    return f"% {word}%" if len(word) < _FEW else f"%{word}%"
