"""Free form: a person reads it, unless there is nothing to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from learning_service.domain.kernel.values import Html
from learning_service.domain.questions.rules.answer_keys import AnswerKey
from learning_service.domain.questions.rules.marks import PENDING, WRONG, Mark
from learning_service.domain.questions.rules.normalize import is_blank
from learning_service.domain.questions.rules.question import QuestionBase
from learning_service.domain.questions.rules.responses import Response


class FreeForm(QuestionBase):
    """A text that a person grades, by the rubric."""

    type: Literal["free_form"]
    rubric_html: Html | None = None

    def shares(self) -> None:
        """None: whatever a person gives."""
        return

    def answer_key(self, question_id: str, choice_ids: Sequence[str] = ()) -> "FreeFormKey":
        """Its key."""
        return FreeFormKey(question_id, self.points)


@dataclass(frozen=True, slots=True)
class FreeFormKey(AnswerKey):
    """Only a person can judge."""

    form = "text"

    def grade(self, response: Response | None) -> Mark:
        """Waits for a person; an empty one is worth nothing at once."""
        return WRONG if response is None or is_blank(response.text or "") else PENDING

    def right_answer(self) -> None:
        """None: there is no key."""
        return
