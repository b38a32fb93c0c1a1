"""What is said of evidence, by its member and by who decides. Pure."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from learning_service.domain.kernel.characters import is_empty
from learning_service.domain.kernel.errors import Conflict, Wrong
from learning_service.domain.kernel.values import CleanText, Day, OpaqueId, StrictModel

STATUSES = ("pending", "approved", "rejected")


MOST_WAITING = 10
"""What one member may have waiting for a decision, for one requirement."""


class TooMuchWaiting(Conflict):
    """So much of the member's evidence for the requirement is undecided that no more is taken."""

    code = "too-much-waiting"

    def __init__(self) -> None:
        super().__init__(
            f"{MOST_WAITING} pieces of your evidence for this requirement wait for a decision: send more after it."
        )


class AlreadyDecided(Conflict):
    """What was decided stays, but for an approval that is taken back."""

    code = "already-decided"

    def __init__(self) -> None:
        super().__init__("This evidence has been decided. The member may send it again.")


def _visible(text: str) -> str:
    if is_empty(text):
        raise Wrong("must have at least one visible character", "empty")
    return text


Words = Annotated[CleanText, Field(min_length=1, max_length=2000), AfterValidator(_visible)]
DocumentName = Annotated[str, Field(min_length=1, max_length=100)]


class EvidenceIn(StrictModel):
    """What a member did elsewhere, for which requirement, and what shows it."""

    requirement_id: OpaqueId
    completed_on: Day
    """The day on which it was done."""
    note: Annotated[Words, Field(description="What was done, where, and with whom.")]
    document: Annotated[
        DocumentName | None,
        Field(description="What shows it: the `id` or `reference` of a document that the member uploaded."),
    ] = None


class DecisionIn(StrictModel):
    """What an administrator decides, and why."""

    decision: Literal["approve", "reject"]
    """`approve`: it counts from now on; `reject`: it does not, or no more."""
    reason: Annotated[Words, Field(description="For the member, too.")]
    expires_on: Day | None = None
    """The last day on which it counts, where the organization is; null: it counts without end."""

    @model_validator(mode="after")
    def _only_approved_expires(self) -> "DecisionIn":
        if self.decision == "reject" and self.expires_on is not None:
            raise Wrong("has an expires_on, which only an approval can have", "conflicting")
        return self
