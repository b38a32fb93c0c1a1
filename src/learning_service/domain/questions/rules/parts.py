"""Parts that a learner puts together: named by what they say, so that neither name nor order tells the answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from typing import Literal, TypeAlias

from learning_service.domain.kernel.errors import Fault
from learning_service.domain.kernel.pointers import pointer

PartScoring: TypeAlias = Literal["all_or_nothing", "per_part"]


@dataclass(frozen=True, slots=True)
class Part:
    """A part as a learner sees it."""

    key: str
    text: str


def part_key(question_id: str, side: str, text: str) -> str:
    """The key of the part with this text on this side. Only the text decides it, and which question asks."""
    return blake2b("\n".join((question_id, side, text)).encode(), digest_size=12).hexdigest()


def shown_parts(question_id: str, side: str, texts: Iterable[str]) -> tuple[Part, ...]:
    """The parts with these texts, each once, in the order of their keys: any order but the author's."""
    parts = {part_key(question_id, side, text): text for text in texts}
    return tuple(Part(key, parts[key]) for key in sorted(parts))


def repeated(texts: Sequence[str], before: Iterable[str] = ()) -> list[int]:
    """Positions of texts that read like an earlier one, or like one `before`."""
    seen, again = {as_read(text) for text in before}, []
    for n, text in enumerate(texts):
        if as_read(text) in seen:
            again.append(n)
        seen.add(as_read(text))
    return again


def as_read(text: str) -> str:
    """The text with its spaces as a reader sees them."""
    return " ".join(text.split())


def shares_of_parts(count: int) -> frozenset[Fraction]:
    """What an answer can be worth where each of so many parts counts."""
    return (
        frozenset(Fraction(right, count) for right in range(count + 1)) if count else frozenset({Fraction(0)})
    )


def misfit(n: int, form: str, place: str | int, twice: bool = False) -> Fault:
    """A part in the response at position `n` that the question does not have, or that is named twice."""
    where = pointer("responses", n, form, place)
    return (
        Fault(where, "is named twice", "twice")
        if twice
        else Fault(where, "is not a part of this question", "not-known")
    )
