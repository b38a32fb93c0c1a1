"""What authors write: a course with its modules, lessons and questions."""

from typing import Literal, NotRequired, TypedDict


class Skill(TypedDict):
    """A skill that a pass proves."""

    skill_id: str
    name: str


class Lesson(TypedDict):
    """Something to read or watch."""

    kind: Literal["lesson"]
    key: NotRequired[str | None]
    title: str
    body_html: NotRequired[str]
    video_url: NotRequired[str | None]
    document_url: NotRequired[str | None]
    image_url: NotRequired[str | None]
    required: NotRequired[bool]


class Attestation(TypedDict):
    """A text that the learner signs."""

    kind: Literal["attestation"]
    key: NotRequired[str | None]
    title: str
    text_html: NotRequired[str]
    required: NotRequired[bool]


class Answer(TypedDict):
    """A choice of a question: a `text`, or rich text in `html`. A `pinned` one stays last when they are shuffled."""

    key: NotRequired[str | None]
    text: NotRequired[str | None]
    html: NotRequired[str | None]
    is_correct: NotRequired[bool]
    feedback_html: NotRequired[str | None]
    pinned: NotRequired[bool]


class MultipleChoice(TypedDict):
    """One of several answers is right."""

    key: NotRequired[str | None]
    prompt_html: NotRequired[str]
    points: NotRequired[float]
    explanation_html: NotRequired[str | None]
    tags: NotRequired[list[str]]
    type: Literal["multiple_choice"]
    answers: NotRequired[list[Answer]]


class TrueFalse(TypedDict):
    """A statement; `correct` is unknown in an unfinished draft only."""

    key: NotRequired[str | None]
    prompt_html: NotRequired[str]
    points: NotRequired[float]
    explanation_html: NotRequired[str | None]
    tags: NotRequired[list[str]]
    type: Literal["true_false"]
    correct: NotRequired[bool | None]


class MultiSelect(TypedDict):
    """Any number of several answers is right."""

    key: NotRequired[str | None]
    prompt_html: NotRequired[str]
    points: NotRequired[float]
    explanation_html: NotRequired[str | None]
    tags: NotRequired[list[str]]
    type: Literal["multi_select"]
    answers: NotRequired[list[Answer]]
    scoring: NotRequired[Literal["all_or_nothing", "right_minus_wrong"]]


class ShortAnswer(TypedDict):
    r"""A few words. In `accepted_answers`, `*` stands for any characters and `\*` for itself."""

    key: NotRequired[str | None]
    prompt_html: NotRequired[str]
    points: NotRequired[float]
    explanation_html: NotRequired[str | None]
    tags: NotRequired[list[str]]
    type: Literal["short_answer"]
    accepted_answers: NotRequired[list[str]]
    case_sensitive: NotRequired[bool]
    ignore_accents: NotRequired[bool]
    ignore_punctuation: NotRequired[bool]
    review: NotRequired[Literal["auto", "unmatched", "manual"]]


class FreeForm(TypedDict):
    """A text that a person grades, by the rubric."""

    key: NotRequired[str | None]
    prompt_html: NotRequired[str]
    points: NotRequired[float]
    explanation_html: NotRequired[str | None]
    tags: NotRequired[list[str]]
    type: Literal["free_form"]
    rubric_html: NotRequired[str | None]


class Numeric(TypedDict):
    """A number. `tolerance` is absolute, `tolerance_percent` a part of the answer; both bounds are right.

    A missing unit is right, another one is wrong.
    """

    key: NotRequired[str | None]
    prompt_html: NotRequired[str]
    points: NotRequired[float]
    explanation_html: NotRequired[str | None]
    tags: NotRequired[list[str]]
    type: Literal["numeric"]
    answer: NotRequired[float | None]
    tolerance: NotRequired[float | None]
    tolerance_percent: NotRequired[float | None]
    unit: NotRequired[str | None]


class Pair(TypedDict):
    """What goes together."""

    left: str
    right: str


class Matching(TypedDict):
    """Pairs to be put together. Of two with the same right text either is right; distractors go with none."""

    key: NotRequired[str | None]
    prompt_html: NotRequired[str]
    points: NotRequired[float]
    explanation_html: NotRequired[str | None]
    tags: NotRequired[list[str]]
    type: Literal["matching"]
    pairs: NotRequired[list[Pair]]
    distractors: NotRequired[list[str]]
    scoring: NotRequired[Literal["all_or_nothing", "per_part"]]


class Ordering(TypedDict):
    """Items, written in their right order."""

    key: NotRequired[str | None]
    prompt_html: NotRequired[str]
    points: NotRequired[float]
    explanation_html: NotRequired[str | None]
    tags: NotRequired[list[str]]
    type: Literal["ordering"]
    items: NotRequired[list[str]]
    scoring: NotRequired[Literal["all_or_nothing", "per_part"]]


Question = MultipleChoice | TrueFalse | MultiSelect | ShortAnswer | FreeForm | Numeric | Matching | Ordering


class Pool(TypedDict):
    """Questions of which each attempt gets `draw`, in any order; a later attempt first those not seen yet."""

    type: Literal["pool"]
    key: NotRequired[str | None]
    draw: int
    questions: NotRequired[list[Question]]
    bank_id: NotRequired[str | None]
    tag: NotRequired[str | None]


class Quiz(TypedDict):
    """Questions inside a module. Without `max_attempts` or `time_limit_seconds` there is none."""

    kind: Literal["quiz"]
    key: NotRequired[str | None]
    title: str
    pass_score: NotRequired[float]
    max_attempts: NotRequired[int | None]
    time_limit_seconds: NotRequired[int | None]
    retry_delay_seconds: NotRequired[int | None]
    required: NotRequired[bool]
    shuffle: NotRequired[bool]
    feedback: NotRequired[Literal["never", "after_submit", "after_last_attempt"]]
    questions: NotRequired[list[Question | Pool]]


class Module(TypedDict):
    """A part of the course: items in order."""

    key: NotRequired[str | None]
    title: str
    items: NotRequired[list[Lesson | Attestation | Quiz]]


class Assessment(TypedDict):
    """The final assessment: always required."""

    key: NotRequired[str | None]
    title: str
    pass_score: NotRequired[float]
    max_attempts: NotRequired[int | None]
    time_limit_seconds: NotRequired[int | None]
    retry_delay_seconds: NotRequired[int | None]
    shuffle: NotRequired[bool]
    feedback: NotRequired[Literal["never", "after_submit", "after_last_attempt"]]
    questions: NotRequired[list[Question | Pool]]


class Tree(TypedDict):
    """A course version: everything that is read, graded or printed, and nothing about people."""

    title: str
    description_html: NotRequired[str]
    image_url: NotRequired[str | None]
    language: NotRequired[str | None]
    estimated_minutes: NotRequired[int | None]
    credit_hours: NotRequired[float | None]
    pass_score: NotRequired[float]
    mastered_skills: NotRequired[list[Skill]]
    modules: NotRequired[list[Module]]
    assessment: NotRequired[Assessment | None]


class RemovedHtmlOut(TypedDict):
    """What the sanitizer took out, and where."""

    pointer: str
    removed: list[str]


class StoredTreeOut(Tree):
    """The tree as stored, and what was removed from what was sent, if anything."""

    removed_html: NotRequired[list[RemovedHtmlOut]]
