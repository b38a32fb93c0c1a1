"""The signs of Moodle's GIFT, each with its line: questions are told apart by empty lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["text", "{", "}", "=", "~", "#", "::", "->"]
_CONTROLS: dict[str, Kind] = {"{": "{", "}": "}", "=": "=", "~": "~", "#": "#"}
_ESCAPED = frozenset(":#={}~\\")
COMMENT = "//"
SPACE = " \t\r\0\x0b"
"""What may stand around a line. Moodle takes a no-break space for a sign: a line of one does not end a question."""
LONGEST = 200_000
"""Characters of a question that are looked at."""


@dataclass(frozen=True, slots=True)
class Token:
    """A sign that may mean something, or a text with its escapes resolved."""

    kind: Kind
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of one question: its signs, and what its comments say."""

    line: int
    tokens: Sequence[Token]
    comments: Sequence[str]
    is_too_long: bool = False


def blocks(text: str) -> Iterator[Block]:
    """The questions of a file, in order. Lines end with a line feed."""
    start, lines = 1, list[str]()
    for number, line in enumerate(lines_of(text), 1):
        if stripped := line.strip(SPACE):
            if not lines:
                start = number
            lines.append(stripped)
        elif lines:
            yield _block(start, lines)
            lines = []
    if lines:
        yield _block(start, lines)


def lines_of(text: str) -> Iterator[str]:
    """The lines, one after the other: all at once they may take fifty times the text's memory."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    yield text[start:]


def _block(start: int, lines: Sequence[str]) -> Block:
    if sum(map(len, lines)) > LONGEST:
        return Block(start, (Token("text", lines[0][:200], start),), (), is_too_long=True)
    comments = [line for line in lines if line.startswith(COMMENT)]
    kept = [(start + n, line) for n, line in enumerate(lines) if not line.startswith(COMMENT)]
    tokens: list[Token] = []
    for n, (number, line) in enumerate(kept):
        if n:
            tokens.append(Token("text", "\n", number))
        tokens.extend(_tokens(line, number))
    return Block(kept[0][0] if kept else start, tokens, comments)


def _tokens(line: str, number: int) -> Iterator[Token]:
    plain: list[str] = []
    at = 0
    while at < len(line):
        c, two = line[at], line[at : at + 2]
        kind = _CONTROLS.get(c) or ("::" if two == "::" else "->" if two == "->" else None)
        if kind is None:
            escaped = _escape(two)
            plain.append(c if escaped is None else escaped)
            at += 1 if escaped is None else 2
            continue
        if plain:
            yield Token("text", "".join(plain), number)
            plain = []
        yield Token(kind, kind, number)
        at += len(kind)
    if plain:
        yield Token("text", "".join(plain), number)


def _escape(two: str) -> str | None:
    """What a backslash and the sign after it stand for; None: for themselves."""
    if len(two) < 2 or two[0] != "\\":
        return None
    if two[1] == "n":
        return "\n"
    return two[1] if two[1] in _ESCAPED else None
