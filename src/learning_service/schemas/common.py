"""What all wire types are made of."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from learning_service.domain.kernel.values import StrictModel

T = TypeVar("T")
SHOWN_PLACES = Decimal("0.000001")


def shown_number(number: Decimal) -> float:
    """A number as it leaves: rounded to 6 places."""
    if number == (whole := int(number)):
        return float(whole)
    return float(number.quantize(SHOWN_PLACES, ROUND_HALF_UP))


Number = Annotated[Decimal, PlainSerializer(shown_number, return_type=float, when_used="json")]
"""An exact number that leaves as a plain JSON number, rounded to 6 places."""


def _is_none(value: object) -> bool:
    return value is None


WHERE_THERE_IS_ONE: Any = Field(default=None, exclude_if=_is_none)
"""The default of a field that is left out where there is nothing, instead of being null."""


class Out(BaseModel):
    """Base of everything that the service sends."""

    model_config = ConfigDict(from_attributes=True, defer_build=True)


class NothingIn(StrictModel):
    """The body of a call that takes none: absent, or an empty object."""


class PageOut(Out, Generic[T]):
    """One keyset page of a list."""

    items: list[T]
    next_cursor: str | None


class FileAddressOut(Out):
    """Where a file is fetched, without a token."""

    url: Annotated[str, Field(description="An address at the store, of this file alone.")]
    expires_at: Annotated[datetime, Field(description="Until when it opens the file; later ask for another.")]
