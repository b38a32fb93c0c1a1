"""What is said of an exemption."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from learning_service.domain.kernel.characters import is_empty
from learning_service.domain.kernel.errors import Wrong
from learning_service.domain.kernel.values import CleanText, Day, OpaqueId, StrictModel


def _visible(text: str) -> str:
    if is_empty(text):
        raise Wrong("must have at least one visible character", "empty")
    return text


DocumentName = Annotated[str, Field(min_length=1, max_length=100)]
Reason = Annotated[CleanText, Field(min_length=1, max_length=2000), AfterValidator(_visible)]


class ExemptionIn(StrictModel):
    """An exemption: of whom, from what, why, and for how long."""

    user_id: OpaqueId
    requirement_id: OpaqueId | None = None
    """From which requirement; exactly one of this and `course_id`."""
    course_id: UUID | None = None
    """From which course; exactly one of this and `requirement_id`."""
    reason: Annotated[Reason, Field(description="For the organization, and in the member's own export.")]
    document: Annotated[
        DocumentName | None,
        Field(
            description="What says why: the `id` or `reference` of a document that the caller uploaded, or that the"
            " member has sent as evidence."
        ),
    ] = None
    expires_on: Day | None = None
    """The last day of it, where the organization is; null: it has no end."""

    @model_validator(mode="after")
    def _one_of_both(self) -> "ExemptionIn":
        if (self.requirement_id is None) == (self.course_id is None):
            raise Wrong("must have exactly one of requirement_id and course_id", "conflicting")
        return self
