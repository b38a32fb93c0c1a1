"""What the service itself allows of attempts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic_core import to_json

from learning_service.domain.questions.rules.responses import Response, dump_responses


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the service itself allows, whatever a quiz says: attempts of one enrollment, bytes of one attempt."""

    attempts: int = 500
    size: int = 2 * 1024 * 1024


def is_within(responses: Mapping[str, Response], most: int) -> bool:
    """Whether they take at most so many bytes as JSON. Lengths alone decide where they are small, as usual."""
    weight = 0
    for response in responses.values():
        if response.answer_ids is not None:
            weight += 60 + 40 * len(response.answer_ids)
            continue
        weight += 60 + 6 * len(response.text or "")
        weight += (
            6 * len(response.number or "") + 60 * len(response.matches or ()) + 40 * len(response.order or ())
        )
    return weight <= most or len(to_json(dump_responses(responses.values()))) <= most
