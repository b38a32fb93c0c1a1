"""What every answer is made of."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, PlainSerializer

from learning_service.domain.values import StrictModel

T = TypeVar("T")
Number = Annotated[
    Decimal,
    PlainSerializer(
        lambda d: int(d) if d == d.to_integral_value() else float(d), return_type=float, when_used="json"
    ),
]
"""An exact number that leaves as a plain JSON number."""


class Answer(BaseModel):
    """Base of everything that goes out."""

    model_config = ConfigDict(from_attributes=True)


class Nothing(StrictModel):
    """The body of a call that takes none: absent, or an empty object."""


class PageOf(Answer, Generic[T]):
    """One keyset page of a list."""

    items: list[T]
    next_cursor: str | None


class Timed(Answer):
    """Base of answers that carry the server's clock."""

    server_time: datetime
