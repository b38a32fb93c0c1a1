"""Moodle's GIFT, read as Moodle reads it."""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import get_args

from learning_service.domain.questions.rules.exchange.amounts import Amount, amount_of, from_range
from learning_service.domain.questions.rules.exchange.entries import Choice, Draft, Entry
from learning_service.domain.questions.rules.exchange.gift_lexer import LONGEST, Block, Kind, Token, blocks
from learning_service.domain.questions.rules.exchange.texts import Form, Rich
from learning_service.domain.questions.rules.sizes import MAX_ANSWERS

_FORMS: frozenset[str] = frozenset(get_args(Form))
_WEIGHT = re.compile(r"%(-*)([0-9]{1,2}\.?[0-9]{0,9})%")
_TAG = re.compile(r"\[tag:([^\]\[]{1,100})\]")
_TRUTHS = {"T": True, "TRUE": True, "F": False, "FALSE": False}
_GAP = Token("text", "_____", 0)
_CATEGORY = "$CATEGORY:"


def read_gift(text: str) -> Iterator[Entry]:
    """The questions of a file, in order; categories are none."""
    for block in blocks(text):
        entry = _question(block) if block.tokens else None
        if entry is not None:
            yield entry


def _question(block: Block) -> Entry | None:
    tokens = list(block.tokens)
    if block.is_too_long:
        draft = Draft(block.line, prompt=_rich(tokens, "moodle"))
        return draft.refused("too-long", f"A question may have at most {LONGEST:,} characters.")
    if _text(tokens).startswith(_CATEGORY):
        return _behind_category(tokens)
    draft = Draft(block.line, tags=frozenset(_TAG.findall(" ".join(block.comments))))
    if tokens[0].kind == "::" and (end := _find(tokens, "::", 1)) is not None:
        draft.name = Rich(_text(tokens[1:end])).text.strip()
        tokens = tokens[end + 1 :]
    elif tokens[0].kind == "::":
        # A name that does not end is none.
        tokens = tokens[1:]
    start, end = _find(tokens, "{"), _find(tokens, "}")
    if start is None and end is None:
        draft.prompt = _rich(tokens, "moodle")
        return draft.refused("no-question", "This is a description: it has no answers, and asks nothing.")
    if start is None or end is None or end < start:
        at = tokens[start if start is not None else end or 0].line
        return draft.refused("braces", f"A brace in line {at} has no other one.")
    after = tokens[end + 1 :]
    stem = [*tokens[:start], *([_GAP] if _text(after).strip() else []), *after]
    draft.prompt = _rich(stem, "moodle")
    if _find(after, "{") is not None:
        draft.warn(
            "second-answers", "There are further answers in braces; they are kept as words of the question."
        )
    answers, general = _general_feedback(tokens[start + 1 : end])
    if general:
        draft.explanation = _rich(general, draft.prompt.form)
    return _of_type(draft, answers)


def _behind_category(tokens: Sequence[Token]) -> Entry | None:
    """A category takes all up to an empty line for its name; a question among that is told."""
    end = next((n for n, token in enumerate(tokens) if token.text == "\n"), len(tokens))
    rest = tokens[end + 1 :]
    if _find(rest, "{") is None:
        return None
    draft = Draft(rest[0].line, prompt=_rich(rest, "moodle"))
    return draft.refused("category", "There is no empty line between the category and this question.")


def _of_type(draft: Draft, answers: Sequence[Token]) -> Entry:
    text = _text(answers).strip()
    kinds = {token.kind for token in answers}
    if not text:
        return draft.whole("free_form")
    if sum(token.kind in ("=", "~") for token in answers) > 2 * MAX_ANSWERS:
        return draft.refused("too-many", f"A question has at most {MAX_ANSWERS} answers.")
    first = next(token for token in answers if token.text.strip())
    if first.kind == "#":
        return _numeric(draft, answers[answers.index(first) + 1 :])
    if "~" in kinds:
        choices = list(_choices(answers, draft.prompt.form))
        return draft.choices(choices, single="=" in kinds)
    if {"=", "->"} <= kinds:
        return _matching(draft, answers)
    said = _split(answers, "#")
    truth = _TRUTHS.get(_text(said[0]).strip())
    if truth is not None:
        if any(_text(part).strip() for part in said[1:]):
            draft.warn("feedback", "Feedback on single answers is not kept.")
        return draft.whole("true_false", correct=truth)
    found = [_weighed(part, Fraction(1), draft.prompt.form) for part in _parts(answers)]
    return draft.texts(found, case_sensitive=False)


def _choices(answers: Sequence[Token], form: Form) -> Iterator[Choice]:
    """The choices: after `=` a right one, after `~` a wrong one unless it has a weight."""
    part: list[Token] = []
    right = False
    for token in [*answers, Token("~", "~", 0)]:
        if token.kind not in ("=", "~"):
            part.append(token)
            continue
        if _text(part).strip():
            yield _said(part, Fraction(1), form) if right else _weighed(part, Fraction(0), form)
        part, right = [], token.kind == "="


def _matching(draft: Draft, answers: Sequence[Token]) -> Entry:
    pairs = []
    for part in _parts(answers):
        arrow = _find(part, "->")
        if arrow is None:
            line = part[0].line
            return draft.refused(
                "no-arrow", f"A pair in line {line} has no -> between its parts.", "matching"
            )
        pairs.append((_rich(part[:arrow], draft.prompt.form), _text(part[arrow + 1 :]).strip()))
    return draft.pairs(pairs)


def _numeric(draft: Draft, answers: Sequence[Token]) -> Entry:
    wrong = _find(answers, "~")
    if wrong is not None:
        draft.warn("feedback", "Feedback on single answers is not kept.")
        answers = answers[:wrong]
    found: list[tuple[Choice, Amount]] = []
    for part in _parts(answers):
        choice = _weighed(part, Fraction(1), "plain")
        if choice.text.text.strip() == "*" and choice.fraction < 1:
            draft.warn("part-of-points", "Only the first answer that is worth all of the points is kept.")
            draft.leave_feedback([choice])
            continue
        amount = _amount(choice.text.text)
        if amount is None:
            return draft.refused("no-number", f"{choice.text.text.strip()[:50]!r} is no number.", "numeric")
        found.append((choice, amount))
    full = [amount for choice, amount in found if choice.fraction >= 1]
    if not full:
        return draft.refused("no-right-answer", "No answer is worth all of the points.", "numeric")
    if len(found) > 1:
        draft.warn("part-of-points", "Only the first answer that is worth all of the points is kept.")
    draft.leave_feedback(choice for choice, _ in found)
    return draft.whole("numeric", answer=full[0].answer, tolerance=full[0].tolerance)


def _amount(text: str) -> Amount | None:
    least, dots, most = text.partition("..")
    if dots and least.strip():
        return from_range(least, most)
    answer, _, tolerance = text.partition(":")
    return amount_of(answer, tolerance or "0")


def _weighed(part: Sequence[Token], usual: Fraction, form: Form) -> Choice:
    """A part whose text may begin with its weight in percent."""
    text = _text(part).lstrip()
    weight = _WEIGHT.match(text)
    if weight is None:
        return _said(part, usual, form)
    share = Fraction(weight[2].rstrip(".")) / 100 * (-1 if weight[1] else 1)
    rest = _without(part, len(_text(part)) - len(text) + weight.end())
    return _said(rest, share, form)


def _said(part: Sequence[Token], fraction: Fraction, form: Form) -> Choice:
    """An answer, and after `#` what is said of it."""
    sign = _find(part, "#")
    if sign is None:
        return Choice(_rich(part, form), fraction)
    return Choice(_rich(part[:sign], form), fraction, _rich(part[sign + 1 :], form))


def _general_feedback(answers: Sequence[Token]) -> tuple[Sequence[Token], Sequence[Token]]:
    """What is before the last `####`, and after it."""
    for at in range(len(answers) - 4, -1, -1):
        if all(token.kind == "#" for token in answers[at : at + 4]):
            return answers[:at], answers[at + 4 :]
    return answers, ()


def _parts(answers: Sequence[Token]) -> list[Sequence[Token]]:
    return [part for part in _split(answers, "=") if _text(part).strip()]


def _split(tokens: Sequence[Token], kind: Kind) -> list[Sequence[Token]]:
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind == kind:
            parts.append([])
        else:
            parts[-1].append(token)
    return list(parts)


def _find(tokens: Sequence[Token], kind: Kind, start: int = 0) -> int | None:
    return next((n for n in range(start, len(tokens)) if tokens[n].kind == kind), None)


def _without(tokens: Sequence[Token], length: int) -> list[Token]:
    """The tokens after so many characters."""
    rest: list[Token] = []
    for token in tokens:
        left = token.text[length:]
        length = max(0, length - len(token.text))
        if left:
            rest.append(Token(token.kind, left, token.line))
    return rest


def _rich(tokens: Sequence[Token], usual: Form) -> Rich:
    """A text, with the name of its form before it or in the usual one."""
    text = _text(tokens).strip()
    name, bracket, rest = text[1:].partition("]") if text.startswith("[") else ("", "", "")
    for form in ("html", "moodle", "plain", "markdown"):
        if bracket and name == form:
            return Rich(rest.strip(), form)
    return Rich(text, usual)


def _text(tokens: Sequence[Token]) -> str:
    return "".join(token.text for token in tokens)
