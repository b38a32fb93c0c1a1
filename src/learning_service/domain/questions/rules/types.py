"""The question types, in the order in which the reference shows them: a new one is its own file and a line here."""

from typing import Annotated, TypeAlias, get_args

from pydantic import Field

from learning_service.domain.questions.rules.answer_keys import RightChoices
from learning_service.domain.questions.rules.free_form import FreeForm
from learning_service.domain.questions.rules.matching import Matching, RightMatches
from learning_service.domain.questions.rules.multi_select import MultiSelect
from learning_service.domain.questions.rules.multiple_choice import MultipleChoice
from learning_service.domain.questions.rules.numeric import Numeric, RightNumber
from learning_service.domain.questions.rules.ordering import Ordering, RightOrder
from learning_service.domain.questions.rules.question import QuestionBase
from learning_service.domain.questions.rules.short_answer import RightTexts, ShortAnswer
from learning_service.domain.questions.rules.true_false import RightValue, TrueFalse

MAX_QUESTIONS = 1000

AnyQuestion: TypeAlias = (
    MultipleChoice
    | TrueFalse
    | MultiSelect
    | ShortAnswer
    | FreeForm
    | Numeric
    | Matching
    | Ordering
)  # fmt: skip
Question: TypeAlias = Annotated[AnyQuestion, Field(discriminator="type")]
Questions: TypeAlias = Annotated[tuple[Question, ...], Field(max_length=MAX_QUESTIONS)]

AnyRightAnswer: TypeAlias = RightChoices | RightValue | RightTexts | RightNumber | RightMatches | RightOrder
"""As it is sent: taking ten of them over into another class was 2 % of a submission (the row `submit`)."""

QUESTION_TYPES: dict[str, type[QuestionBase]] = {
    get_args(model.model_fields["type"].annotation)[0]: model for model in get_args(AnyQuestion)
}
"""By the word in `type`."""
OWN_FIELDS = tuple(
    dict.fromkeys(
        name
        for model in QUESTION_TYPES.values()
        for name in model.model_fields
        if name not in QuestionBase.model_fields and name not in ("type", "answers")
    )
)
"""Fields that only some types have; each is a column of `questions`."""
SCORED_FIELDS = frozenset[str]().union(*(model.scored_fields for model in QUESTION_TYPES.values()))
