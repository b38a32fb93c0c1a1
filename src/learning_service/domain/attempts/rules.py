"""Responses: what a learner gave, and whether it fits the questions that were asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema, to_json

from learning_service.domain.courses.rules.answer_keys import (
    AnswerKey,
    MultipleChoiceKey,
    MultiSelectKey,
    TrueFalseKey,
)
from learning_service.domain.courses.rules.tree import MAX_ANSWERS
from learning_service.domain.kernel.errors import Fault, Wrong
from learning_service.domain.kernel.pointers import pointer
from learning_service.domain.kernel.values import LearnerText, StrictModel

MAX_RESPONSES = 2000
_CANONICAL = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"


class _AsGiven:
    """Refuses the braced, `urn:` and undivided forms that pydantic takes for a UUID.

    Said in the validator's own terms: a submission brings two ids for each answer (the row `submit`).
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.custom_error_schema(
            core_schema.str_schema(pattern=_CANONICAL, to_lower=True),
            custom_error_type="id_form",
            custom_error_message="must be an id as it was given",
        )
        if source is str:
            return text
        sent = core_schema.chain_schema([text, core_schema.uuid_schema(strict=False)])
        return core_schema.json_or_python_schema(json_schema=sent, python_schema=handler(source))

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}


Id: TypeAlias = Annotated[UUID, _AsGiven]
"""An id made here, in the form it was given out."""
IdText: TypeAlias = Annotated[str, _AsGiven]
"""The same as text, in lower case. What is answered, chosen and marked goes by it, as it is sent and kept: a UUID is
hashed, compared and written by Python code, ten times for each answer, a third of grading (the row `submit`)."""


class Response(StrictModel):
    """What a learner gave to one question: exactly one of choices, a truth value, or a text; null takes it back."""

    question_id: IdText
    answer_ids: Annotated[tuple[IdText, ...], Field(max_length=MAX_ANSWERS)] | None = None
    value: bool | None = None
    text: LearnerText | None = None

    @model_validator(mode="after")
    def _one_form(self) -> "Response":
        if len(self.model_fields_set) != 2:
            raise Wrong("must have exactly one of answer_ids, value and text", "conflicting")
        return self

    @property
    def is_taken_back(self) -> bool:
        """Whether it says that there is no answer any more."""
        return self.answer_ids is None and self.value is None and self.text is None

    @property
    def form(self) -> str:
        """Which of `answer_ids`, `value` and `text` it has."""
        if self.answer_ids is not None:
            return "answer_ids"
        return "text" if self.value is None else "value"


Responses: TypeAlias = Annotated[tuple[Response, ...], Field(max_length=MAX_RESPONSES)]
"""The `responses` of a save or submission."""


def check_responses(keys: Mapping[str, AnswerKey], responses: Iterable[Response]) -> list[Fault]:
    """Everything about the responses that does not fit the attempt's questions, with pointers into the
    body.
    """
    faults: list[Fault] = []
    seen: set[str] = set()
    for n, response in enumerate(responses):
        key = keys.get(response.question_id)
        if key is None:
            faults.append(
                Fault(
                    pointer("responses", n, "question_id"), "is not a question of this attempt", "not-known"
                )
            )
        elif response.question_id in seen:
            faults.append(Fault(pointer("responses", n, "question_id"), "is answered twice", "twice"))
        elif not response.is_taken_back:
            faults.extend(_form_faults(key, response, n))
        seen.add(response.question_id)
    return faults


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the service itself allows, whatever a quiz says: attempts of one enrollment, bytes of one attempt."""

    attempts: int = 500
    size: int = 2 * 1024 * 1024


def is_within(responses: Mapping[str, Response], most: int) -> bool:
    """Whether they take at most so many bytes as JSON. Told from lengths alone where these are small, as they are."""
    weight = 0
    for response in responses.values():
        weight += 60 + 6 * len(response.text or "") + 40 * len(response.answer_ids or ())
    return weight <= most or len(to_json(dump_responses(responses.values()))) <= most


def lay_over(saved: Mapping[str, Response], new: Iterable[Response]) -> dict[str, Response]:
    """What was saved, with the answers that `new` names replaced or taken back, and the others kept."""
    laid = {**saved, **by_question(new)}
    return {question_id: given for question_id, given in laid.items() if not given.is_taken_back}


def by_question(responses: Iterable[Response]) -> dict[str, Response]:
    """Responses by question id; a later one wins."""
    return {response.question_id: response for response in responses}


def dump_responses(responses: Iterable[Response]) -> dict[str, dict[str, Any]]:
    """Responses by question id as plain JSON values: the form in which an attempt keeps them."""
    return {response.question_id: _stored(response) for response in responses}


def _stored(response: Response) -> dict[str, Any]:
    if response.answer_ids is not None:
        return {"answer_ids": list(response.answer_ids)}
    return {response.form: getattr(response, response.form)}


def load_responses(stored: Mapping[str, Mapping[str, Any]]) -> dict[str, Response]:
    """Responses by question from what `dump_responses` made."""
    loaded = (_response(question_id, form) for question_id, form in stored.items())
    return by_question(loaded)


def wire_responses(stored: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Kept responses in the form in which they were sent."""
    return [{"question_id": question_id, **form} for question_id, form in stored.items()]


def _response(question_id: str, form: Mapping[str, Any]) -> Response:
    # Judged when it came in; the rules may have changed since.
    given: dict[str, Any] = {"question_id": question_id, **form}
    if "answer_ids" in form:
        given["answer_ids"] = tuple(form["answer_ids"])
    return Response.model_construct(**given)


def _form_faults(key: AnswerKey, response: Response, n: int) -> list[Fault]:
    match key:
        case MultipleChoiceKey() | MultiSelectKey():
            form, hint = "answer_ids", "this question is answered with answer_ids"
        case TrueFalseKey():
            form, hint = "value", "this question is answered with a value, true or false"
        case _:
            form, hint = "text", "this question is answered with a text"
    if response.form != form:
        return [Fault(pointer("responses", n, response.form), hint, "wrong-type", {"expected": form})]
    if isinstance(key, MultipleChoiceKey | MultiSelectKey):
        return _choice_faults(key, response.answer_ids or (), n)
    return []


def _choice_faults(key: MultipleChoiceKey | MultiSelectKey, chosen: tuple[str, ...], n: int) -> list[Fault]:
    faults = []
    for position, choice in enumerate(chosen):
        if choice not in key.choice_ids:
            faults.append(
                Fault(
                    pointer("responses", n, "answer_ids", position),
                    "is not a choice of this question",
                    "not-known",
                )
            )
        elif choice in chosen[:position]:
            faults.append(Fault(pointer("responses", n, "answer_ids", position), "is chosen twice", "twice"))
    if not faults and isinstance(key, MultipleChoiceKey) and len(chosen) > 1:
        faults.append(
            Fault(pointer("responses", n, "answer_ids"), "this question takes one choice", "too-many")
        )
    return faults
