"""What the service itself allows of attempts. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
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
    weight = sum(map(weight_of, responses.values()))
    return weight <= most or len(to_json(dump_responses(responses.values()))) <= most


def weight_of(response: Response) -> int:
    """How many bytes it takes as JSON at most."""
    if response.answer_ids is not None:
        return 60 + 40 * len(response.answer_ids)
    texts = len(response.text or "") + len(response.number or "")
    return 60 + 6 * texts + 60 * len(response.matches or ()) + 40 * len(response.order or ())


def digest_of(responses: Iterable[Response]) -> str:
    """What tells a submission from others, whatever the order of its responses."""
    return digest_of_told(map(told, responses))


def digest_of_told(told: Iterable[bytes]) -> str:
    """The same of responses that were told before."""
    # Each begins with its question's id, and all ids are of one length.
    return hashlib.sha256(b"[%s]" % b",".join(sorted(told))).hexdigest()


def told(response: Response) -> bytes:
    """What a response says, as JSON."""
    # By hand: the model's own serializer takes twice as long.
    one = response
    return to_json((one.question_id, one.answer_ids, one.value, one.text, one.number, one.matches, one.order))
