"""Aiken: a question, its lettered choices, and `ANSWER:` with the letter of the right one."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from learning_service.domain.questions.rules.exchange.entries import Choice, Draft, Entry
from learning_service.domain.questions.rules.exchange.gift_lexer import SPACE, lines_of
from learning_service.domain.questions.rules.exchange.texts import Rich

_ANSWER = "ANSWER:"
_SIGNS = (".", ")")


def read_aiken(text: str) -> Iterator[Entry]:
    """The questions of a file, in order."""
    reader = _Reader()
    for number, line in enumerate(lines_of(text), 1):
        yield from reader.meets(line.strip(SPACE), number)
    yield from reader.ends()


class _Reader:
    """Goes from line to line; a question ends with its answer."""

    def __init__(self) -> None:
        self._start = 0
        self._stem: list[str] = []
        self._choices: list[tuple[str, str]] = []

    def meets(self, line: str, number: int) -> Iterator[Entry]:
        """The next line."""
        if not line:
            return
        if line.upper().startswith(_ANSWER):
            yield self._answered(line[len(_ANSWER) :].strip(), number)
            self._stem, self._choices = [], []
        elif _is_choice(line) and self._stem:
            self._choices.append((line[0].upper(), line[2:].strip()))
        elif self._choices:
            # Moodle ends a question here that has no answer.
            yield self._draft().refused("no-answer", f"There is no ANSWER: before line {number}.")
            self._start, self._stem, self._choices = number, [line], []
        else:
            if not self._stem:
                self._start = number
            self._stem.append(line)

    def ends(self) -> Iterator[Entry]:
        """What is left over at the end."""
        if self._stem:
            yield self._draft().refused("no-answer", "The file ends before the question's ANSWER:.")

    def _draft(self) -> Draft:
        return Draft(self._start, prompt=Rich("\n".join(self._stem), "plain"))

    def _answered(self, answer: str, number: int) -> Entry:
        draft = self._draft() if self._stem else Draft(number)
        letter, words = answer[:1].upper(), answer[1:].strip(" .)\t")
        if not self._stem:
            return draft.refused("no-question", "There is an ANSWER: and no question before it.")
        if letter not in _letters(self._choices) or answer[1:2].isalnum():
            detail = f"The answer {answer[:20]!r} is none of the choices."
            return draft.refused("no-right-answer", detail, "multiple_choice")
        if len(set(_letters(self._choices))) < len(self._choices):
            return draft.refused("twice", "Two choices have the same letter.", "multiple_choice")
        if words:
            draft.warn("answer-words", f"Of the answer {answer[:20]!r} only the first letter counts.")
        choices = [Choice(Rich(text, "plain"), Fraction(mine == letter)) for mine, text in self._choices]
        return draft.choices(choices, single=True)


def _letters(choices: Sequence[tuple[str, str]]) -> list[str]:
    return [letter for letter, _ in choices]


def _is_choice(line: str) -> bool:
    return len(line) > 2 and line[0].isascii() and line[0].isalpha() and line[1] in _SIGNS
