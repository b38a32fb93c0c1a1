"""What was found in a file: each question with its line, and what has to be said of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, TypeAlias

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from learning_service.domain.documents.rules import reference_to
from learning_service.domain.kernel.pointers import faults_of
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.exchange.enclosures import (
    Enclosure,
    Find,
    NotTaken,
    each_source,
    nowhere,
    picture_of,
)
from learning_service.domain.questions.rules.exchange.texts import Rich
from learning_service.domain.questions.rules.sizes import MAX_ANSWERS
from learning_service.domain.questions.rules.types import Question

Status: TypeAlias = Literal["accepted", "warned", "refused"]
ALL_OR_NOTHING = "all_or_nothing"
"""A tag of our own files: the question gives no part of its points."""
_QUESTION: TypeAdapter[Question] = TypeAdapter(Question)
_CLOSE = Fraction(1, 10_000)
"""Fractions of other systems have five places."""
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Message:
    """Something about a question: a stable word, and what a person reads."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Questions of which each attempt gets some. Every group is another one, whatever is said of it."""

    draw: int
    points: Decimal | None = None
    """What each of its questions is worth; None: what it says itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A question as it was found: `question` is None where it is refused."""

    line: int
    name: str
    type: str | None
    messages: tuple[Message, ...]
    question: Question | None
    enclosures: tuple[Enclosure, ...] = ()
    """The files that the question shows, which are documents when it is taken."""
    group: Group | None = None
    """Of which it is one."""

    @property
    def status(self) -> Status:
        """Whether it can be taken."""
        if self.question is None:
            return "refused"
        return "warned" if self.messages else "accepted"


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer as other systems have it: worth a fraction of the points, less than none included."""

    text: Rich
    fraction: Fraction
    feedback: Rich | None = None
    pinned: bool = False


@dataclass(slots=True)
class Draft:
    """A question that is being read."""

    line: int
    name: str = ""
    prompt: Rich = field(default_factory=lambda: Rich(""))
    explanation: Rich | None = None
    rubric: Rich | None = None
    points: Decimal = Decimal(1)
    tags: frozenset[str] = frozenset()
    messages: list[Message] = field(default_factory=list)
    enclosures: dict[str, Enclosure] = field(default_factory=dict)
    group: Group | None = None

    def with_pictures(self, html: str, find: Find) -> str:
        """A text of it whose images name the pictures that they show."""
        return html if "<img" not in html.lower() else each_source(html, lambda one: self.picture(one, find))

    def picture(self, address: str, find: Find) -> str | None:
        """How its texts name the picture of this address; None: as they do. What is not kept is noted."""
        try:
            picture = picture_of(address, find)
        except NotTaken as error:
            self.warn("pictures", str(error))
            return None
        if picture is None:
            return None
        self.enclosures[str(picture.id)] = picture
        return reference_to(picture.id)

    def warn(self, code: str, detail: str) -> None:
        """Note something that is not kept as it was."""
        message = Message(code, detail)
        if message not in self.messages:
            self.messages.append(message)

    def refused(self, code: str, detail: str, kind: str | None = None) -> Entry:
        """The question, refused."""
        return Entry(self.line, self._name(), kind, (*self.messages, Message(code, detail)), None)

    def whole(self, kind: str, **own: object) -> Entry:
        """The question with its own fields, judged as an author's would be."""
        fields: JsonObject = {
            "type": kind,
            "prompt_html": self.prompt.html,
            "points": float(self.points),
            **{name: value for name, value in own.items() if value is not None},
        }
        if self.explanation is not None and self.explanation.html:
            fields["explanation_html"] = self.explanation.html
        for rich in (self.prompt, self.explanation):
            if rich is not None and rich.form == "markdown":
                self.warn("markdown", "Markdown is kept as it was written, without its effects.")
        return self.judged(kind, self._with_data(fields))

    def judged(self, kind: str | None, fields: JsonObject) -> Entry:
        """The question of these fields, as the API would judge it."""
        try:
            question = _QUESTION.validate_json(to_json(fields))
        except ValidationError as error:
            fault = faults_of(error, fields)[0]
            return self.refused(fault.code, f"{fault.pointer}: {fault.detail}", kind)
        for fault in question.faults(()):
            self.warn("not-publishable", f"It cannot be published yet: {fault.pointer} {fault.detail}.")
        return Entry(
            self.line, self._name(), kind, tuple(self.messages), question, self._shown(question), self.group
        )

    def choices(self, choices: Sequence[Choice], *, single: bool) -> Entry:
        """A question of these choices, with a word on what the fractions say and ours cannot."""
        choices = [choice for choice in choices if choice.text.html]
        if len(choices) > MAX_ANSWERS:
            return self.refused("too-many", f"A question has at most {MAX_ANSWERS} answers.")
        right = [choice for choice in choices if choice.fraction > (0 if not single else 1 - _CLOSE)]
        kind = "multiple_choice" if single else "multi_select"
        if len(choices) < 2:
            return self.refused("too-few", "A choice needs at least two answers.", kind)
        if not right:
            return self.refused("no-right-answer", "No answer is worth all of the points.", kind)
        if single and len(right) > 1:
            detail = f"{len(right)} answers of a single choice are right. Is an equals sign not escaped?"
            return self.refused("several-right", detail, kind)
        answers = [self._answer(choice, choice in right) for choice in choices]
        if single:
            if any(choice.fraction > 0 for choice in choices if choice not in right):
                self.warn("part-of-points", "A part of the points for another answer is not kept.")
            if any(choice.fraction < 0 for choice in choices):
                self.warn("penalty", "Points taken off for a wrong answer are not kept.")
            return self.whole(kind, answers=answers)
        return self.whole(kind, answers=answers, scoring=self._scoring(choices))

    def texts(self, answers: Sequence[Choice], *, case_sensitive: bool) -> Entry:
        """A short answer: what is worth all of the points is accepted."""
        accepted = [a.text.words for a in answers if a.fraction >= 1 - _CLOSE and a.text.words]
        if not accepted:
            return self.refused("no-right-answer", "No answer is worth all of the points.", "short_answer")
        if len(accepted) < len(answers):
            self.warn("part-of-points", "Answers that are worth a part of the points, or none, are not kept.")
        self.leave_feedback(answers)
        return self.whole(
            "short_answer", accepted_answers=list(dict.fromkeys(accepted)), case_sensitive=case_sensitive
        )

    def pairs(self, pairs: Iterable[tuple[Rich, str]]) -> Entry:
        """Matching: what has no left side is a distractor."""
        both, distractors = [], []
        for left, right in pairs:
            if not right:
                continue
            if left.words:
                both.append({"left": left.words, "right": right})
                if left.has_tags:
                    self.warn("markup", "Of the left parts only the words are kept.")
            else:
                distractors.append(right)
        rights = {" ".join(pair["right"].split()) for pair in both}
        distractors = [text for text in dict.fromkeys(distractors) if " ".join(text.split()) not in rights]
        if len(both) < 2:
            return self.refused("too-few", "Matching needs at least two pairs.", "matching")
        return self.whole("matching", pairs=both, distractors=distractors, scoring=self.part_scoring)

    @property
    def part_scoring(self) -> str:
        """Other systems give a part of the points for each part; a tag of ours says otherwise."""
        return ALL_OR_NOTHING if ALL_OR_NOTHING in self.tags else "per_part"

    def leave_feedback(self, answers: Iterable[Choice]) -> None:
        """Say that what is told of single answers is not kept."""
        if any(answer.feedback is not None and answer.feedback.html for answer in answers):
            self.warn("feedback", "Feedback on single answers is not kept.")

    def _with_data(self, value: Any, name: str = "") -> Any:
        """The same with pictures that stand in their own addresses taken out of its rich texts."""
        if isinstance(value, dict):
            return {name: self._with_data(part, name) for name, part in value.items()}
        if isinstance(value, list):
            return [self._with_data(part) for part in value]
        is_rich = isinstance(value, str) and name.endswith("html")
        return self.with_pictures(value, nowhere) if is_rich else value

    def _answer(self, choice: Choice, right: bool) -> JsonObject:
        answer: JsonObject = {"is_correct": right}
        answer.update({"html": choice.text.html} if choice.text.has_markup else {"text": choice.text.words})
        if choice.feedback is not None and choice.feedback.html:
            answer["feedback_html"] = choice.feedback.html
        if choice.pinned:
            answer["pinned"] = True
        return answer

    def _scoring(self, choices: Sequence[Choice]) -> str:
        if ALL_OR_NOTHING in self.tags:
            return ALL_OR_NOTHING
        right = [choice.fraction for choice in choices if choice.fraction > 0]
        wrong = [choice.fraction for choice in choices if choice.fraction <= 0]
        same_right = all(abs(fraction - Fraction(1, len(right))) <= _CLOSE for fraction in right)
        same_wrong = all(abs(fraction + Fraction(1, len(wrong))) <= _CLOSE for fraction in wrong)
        if same_right and same_wrong:
            return "right_minus_wrong"
        if len(right) == 1 and same_right and all(fraction <= _CLOSE - 1 for fraction in wrong):
            return ALL_OR_NOTHING
        if len(right) == 1 and same_right:
            self.warn("one-right", "One answer alone is right: perhaps a single choice was meant.")
        self.warn(
            "fractions",
            "Each right choice counts the same, and each wrong one takes off the same, unlike there.",
        )
        return "right_minus_wrong"

    def _shown(self, question: Question) -> tuple[Enclosure, ...]:
        if not self.enclosures:
            return ()
        text = question.model_dump_json()
        return tuple(enclosure for id_, enclosure in self.enclosures.items() if id_ in text)

    def _name(self) -> str:
        return " ".join((self.name or self.prompt.words).split())[:_LONGEST_NAME]
