"""What parsing a rich text costs, estimated before it is parsed.

A browser's way to read HTML takes time in the square of the depth, of the attributes of one element, of what stands
in a table outside its cells, and of formatting elements that wait to be opened again in each block. No author writes
so; it is refused.
"""

import re
from collections import Counter

from learning_service.domain.courses.rules.tree import MAX_HTML
from learning_service.domain.kernel.errors import Wrong

MAX_ELEMENTS = 5000
MAX_TAGS = 20_000
MAX_OPEN_ELEMENTS = 250
MAX_REOPENED = 25_000
MAX_ATTRIBUTES = 5000
MAX_OUT_OF_CELLS = 500
LOOK_EVERY = 50
"""Looking at all bounds after each tag takes as long as counting it."""
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]{0,31})([^>]*)(>\s*[^\s<])?")
_SEPARATOR = re.compile(r"[\s/=]")
# A reference makes one character of several; of a mere ampersand five are made.
_AMPERSAND = re.compile("&(?!#?[A-Za-z0-9]{1,32};)")
_LESS = re.compile("<(?![A-Za-z/!?])")
# Elements that need no end tag.
_SELF_CLOSING = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
    "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option",
})  # fmt: skip
_FORMATTING = frozenset({
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
})  # fmt: skip
_CELLS = frozenset({"td", "th", "caption"})
_ROWS = frozenset({"tr", "thead", "tbody", "tfoot", "col", "colgroup"})
# The parser tries this often to get blocks out of a formatting element that ends among them.
_BLOCKS_UNTIED = 8


def check_weight(text: str) -> None:
    """Raises ValueError for more elements, or more of them left open, than a person writes."""
    if (
        len(text) + 5 * (text.count("&") + text.count("<") + text.count("\u00a0"))
        > MAX_HTML
        < _length_clean(text)
    ):
        raise Wrong(
            f"is longer than {MAX_HTML:,} characters once it is clean", "too-long", {"most": MAX_HTML}
        )
    tags = _TAG.findall(text)
    nesting = _Nesting()
    for number, (end, name, rest, words) in enumerate(tags[: MAX_TAGS + 1], 1):
        if end:
            nesting.closes(name.lower())
        else:
            nesting.opens(name.lower(), rest)
        if words:
            nesting.has_words()
        if (number % LOOK_EVERY == 0 or number == len(tags)) and nesting.is_too_much:
            break
    else:
        if len(tags) <= MAX_TAGS:
            return
    raise Wrong("has too many HTML elements, or too many inside each other", "too-complex")


def _length_clean(text: str) -> int:
    """How long the text would be with every sign written as a sanitizer writes it, and nothing taken out."""
    longer = 4 * len(_AMPERSAND.findall(text)) + 3 * len(_LESS.findall(text))
    return len(text) + longer + 5 * text.count("\u00a0")


class _Nesting:
    """Counts as a parser would meet the tags."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._counts: Counter[str] = Counter()
        self._elements = self._roots = self._attributes = 0
        self._formatting = self._reopened = self._out_of_cells = 0
        self._in_paragraph = False
        self._tables: list[bool] = []
        """Of each open table whether a cell is open."""

    @property
    def is_too_much(self) -> bool:
        """Whether no person writes what was met so far."""
        return (
            self._elements > MAX_ELEMENTS
            or len(self._open) > MAX_OPEN_ELEMENTS
            or self._reopened > MAX_REOPENED
            or self._attributes > MAX_ATTRIBUTES
            or self._out_of_cells > MAX_OUT_OF_CELLS
            or self._roots > 1
        )

    def opens(self, name: str, rest: str) -> None:
        """A start tag, with what stands in it after the name."""
        self._elements += 1
        self._roots += name == "html"
        self._in_paragraph = self._in_paragraph or name == "p"
        self._in_table(name)
        self._reopened += self._formatting
        if len(rest) > MAX_ATTRIBUTES:
            self._attributes = max(self._attributes, len(_SEPARATOR.findall(rest)))
        if name not in _SELF_CLOSING:
            self._open.append(name)
            self._counts[name] += 1
            self._formatting += name in _FORMATTING

    def closes(self, name: str) -> None:
        """An end tag; one of nothing open is passed over."""
        if name == "br" or (name == "p" and not self._in_paragraph):
            # These make an element. No author writes a thousand of them.
            self.opens(name, "")
            self._elements += MAX_ELEMENTS // 1000
        if name == "p":
            self._in_paragraph = False
        elif self._tables and name in _CELLS:
            self._tables[-1] = False
        if not self._counts[name]:
            return
        if name == "table":
            self._tables.pop()
        self._counts[name] -= 1
        if self._open[-1] == name:
            self._open.pop()
            self._formatting -= name in _FORMATTING
            return
        above = self._open[::-1].index(name)
        crossed = self._open[len(self._open) - above :]
        del self._open[len(self._open) - above - 1]
        if name in _FORMATTING and sum(other not in _FORMATTING for other in crossed) < _BLOCKS_UNTIED:
            self._formatting -= 1

    def has_words(self) -> None:
        """Text that follows a tag."""
        self._out_of_cells += bool(self._tables) and not self._tables[-1]

    def _in_table(self, name: str) -> None:
        if name == "table":
            self._tables.append(False)
        elif self._tables and name in _CELLS | _ROWS:
            self._tables[-1] = name in _CELLS
        else:
            self.has_words()
