"""Responses: what a learner gave, and whether it fits the questions that were asked."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from learning_service.domain.kernel.errors import Wrong
from learning_service.domain.kernel.values import JsonObject, LearnerText, NumberText, StrictModel
from learning_service.domain.questions.rules.sizes import MAX_ANSWERS

MAX_RESPONSES = 2000
_CANONICAL = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"


class _AsGiven:
    """Refuses the braced, `urn:` and undivided forms that pydantic takes for a UUID.

    Written in the validator's own terms: a submission brings two ids for each response (the row `submit`).
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
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonObject:
        return {"type": "string", "format": "uuid"}


Id: TypeAlias = Annotated[UUID, _AsGiven]
"""An id made here, in the form it was given out."""
IdText: TypeAlias = Annotated[str, _AsGiven]
"""The same as text, in lower case. Questions, choices and marks are found by it, as it is sent and kept: a UUID is
hashed, compared and written by Python code, ten times for each response, a third of grading (the row `submit`)."""


PartKey: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]
"""What names a part in a question as a learner sees it: a side of a pair, an item."""
FORMS = ("answer_ids", "value", "text", "number", "matches", "order")


class Response(StrictModel):
    """What a learner gave to one question: exactly one of choices, a truth value, a text, a number as it is written,
    parts that go together, or an order; null takes it back.
    """

    question_id: IdText
    answer_ids: Annotated[tuple[IdText, ...], Field(max_length=MAX_ANSWERS)] | None = None
    value: bool | None = None
    text: LearnerText | None = None
    number: NumberText | None = None
    """The number as the learner writes it."""
    matches: Annotated[dict[PartKey, PartKey], Field(max_length=MAX_ANSWERS)] | None = None
    """The key of the right part by the key of each left one."""
    order: Annotated[tuple[PartKey, ...], Field(max_length=MAX_ANSWERS)] | None = None
    """The keys of the items in the learner's order."""

    @model_validator(mode="after")
    def _one_form(self) -> "Response":
        if len(self.model_fields_set) != 2:
            raise Wrong(f"must have exactly one of {', '.join(FORMS[:-1])} and {FORMS[-1]}", "conflicting")
        return self

    @property
    def is_taken_back(self) -> bool:
        """Whether it withdraws an earlier response."""
        return self.answer_ids is None and all(getattr(self, form) is None for form in FORMS)

    @property
    def form(self) -> str:
        """Which of `FORMS` it has."""
        if self.answer_ids is not None:
            return "answer_ids"
        return next((form for form in FORMS if getattr(self, form) is not None), "text")


Responses: TypeAlias = Annotated[tuple[Response, ...], Field(fail_fast=True, max_length=MAX_RESPONSES)]
"""The `responses` of a save or submission."""


def lay_over(saved: Mapping[str, Response], new: Iterable[Response]) -> dict[str, Response]:
    """What was saved, with the responses that `new` names replaced or taken back, and the others kept."""
    laid = {**saved, **by_question(new)}
    return {question_id: given for question_id, given in laid.items() if not given.is_taken_back}


def by_question(responses: Iterable[Response]) -> dict[str, Response]:
    """Responses by question id; a later one wins."""
    return {response.question_id: response for response in responses}


def dump_responses(responses: Iterable[Response]) -> dict[str, JsonObject]:
    """Responses by question id as plain JSON values: the form in which an attempt keeps them."""
    return {response.question_id: _stored(response) for response in responses}


def _stored(response: Response) -> JsonObject:
    if response.answer_ids is not None:
        return {"answer_ids": list(response.answer_ids)}
    given = getattr(response, response.form)
    return {response.form: list(given) if isinstance(given, tuple) else given}


def load_responses(stored: Mapping[str, JsonObject]) -> dict[str, Response]:
    """Responses by question from what `dump_responses` made."""
    loaded = (_response(question_id, form) for question_id, form in stored.items())
    return by_question(loaded)


def _response(question_id: str, form: JsonObject) -> Response:
    # Judged when it came in; the rules may have changed since.
    given: JsonObject = {"question_id": question_id, **form}
    for several in ("answer_ids", "order"):
        if several in form:
            given[several] = tuple(form[several])
    return Response.model_construct(**given)
