"""`audience_filter`: whom a rule or an assignment means, as it is sent, stored and shown.

Source: the contract, "Assignment rules, compliance, skills". What it matches is said once more in SQL, by
`directory.audience`.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, TypeAlias, cast

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import to_json

from learning_service.domain.kernel.errors import Fault, Wrong
from learning_service.domain.kernel.values import (
    CleanText,
    FreeJson,
    JsonObject,
    OpaqueId,
    StrictModel,
    Word,
    some,
)

MAX_CHOICES = 5_000
MAX_STATES = 100
MAX_FIELDS = 50
MAX_COMPARISONS = 50
MAX_TEXT = 1_000
MAX_CHARACTERS = 50_000
MAX_DEPTH = 4
"""How deep `any` and `not` may be nested."""
MAX_FILTERS = 50
Kind: TypeAlias = Literal["string", "number", "boolean", "null"]


def kind_of(value: Any) -> Kind:
    """The JSON type of a scalar. Raises ValueError for lists and objects."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case _:
            raise Wrong("must be a text, a number, true, false or null", "wrong-type")


def _scalar(value: Any) -> Any:
    kind_of(value)
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise Wrong(f"must have at most {MAX_TEXT} characters", "too-long", {"most": MAX_TEXT})
    return value


def _ordered(value: Any) -> Any:
    if kind_of(value) not in ("string", "number"):
        raise Wrong("must be a number or a text, so that there is an order", "wrong-type")
    return value


Scalar = Annotated[
    FreeJson,
    AfterValidator(_scalar),
    WithJsonSchema({"type": ["string", "number", "boolean", "null"]}),
]
"""A JSON value that a custom field can be equal to."""
Ordered = Annotated[Scalar, AfterValidator(_ordered), WithJsonSchema({"type": ["string", "number"]})]
"""One that has an order: numbers by size, texts by code point."""
Choices = Annotated[tuple[Scalar, ...], *some(MAX_CHOICES)]


class Comparison(StrictModel):
    """What a custom field is compared with; every comparison given must hold.

    A field that is absent, or of another JSON type than the value it is compared with, does not match, `ne` and
    `not_in` included. `exists` alone speaks of absence.
    """

    eq: Scalar = None
    """It is this."""
    ne: Scalar = None
    """It is there and is not this."""
    in_: Choices = Field(default=(), alias="in")
    """It is one of these."""
    not_in: Choices = ()
    """It is there and is none of these."""
    gt: Ordered = None
    """It is greater, or later, than this."""
    gte: Ordered = None
    """It is this, or greater or later."""
    lt: Ordered = None
    """It is less, or earlier, than this."""
    lte: Ordered = None
    """It is this, or less or earlier."""
    exists: bool = True
    """Whether it is there at all."""
    contains: Scalar = None
    """It is a list that has this."""

    @model_validator(mode="after")
    def _says_something(self) -> "Comparison":
        if not self.model_fields_set:
            raise Wrong(
                "must have at least one of eq, ne, in, not_in, gt, gte, lt, lte, exists, contains", "required"
            )
        return self

    def given(self) -> JsonObject:
        """The comparisons that were sent, by their names on the wire."""
        return {name.rstrip("_"): getattr(self, name) for name in sorted(self.model_fields_set)}


def _form(value: Any) -> str:
    if isinstance(value, dict | Comparison):
        return "comparison"
    return "choices" if isinstance(value, list | tuple) else "scalar"


FieldCondition: TypeAlias = Annotated[
    Annotated[Scalar, Tag("scalar")]
    | Annotated[Choices, Tag("choices")]
    | Annotated[Comparison, Tag("comparison")],
    Discriminator(_form),
]
"""A value to be equal to, several to be one of, or comparisons."""


def comparisons_of(condition: Any) -> JsonObject:
    """The comparisons that a field's condition stands for, by their names on the wire."""
    if isinstance(condition, Comparison):
        return condition.given()
    return {"in" if isinstance(condition, tuple) else "eq": condition}


def _texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        yield from map(str, value) if isinstance(value, tuple) else (str(value),)


FieldName: TypeAlias = Annotated[CleanText, Field(min_length=1, max_length=200)]


class AudienceFilter(StrictModel):
    """Whom it means: members for whom every key present holds. `{}` is everyone.

    `any` and `not` combine filters, four deep at most.
    """

    status: Annotated[tuple[Word, ...], *some(MAX_STATES)] = ()
    """Members in one of these states; absent: in any."""
    chapters: Annotated[tuple[OpaqueId, ...], *some(MAX_CHOICES)] = ()
    """Members of one of these chapters, by the directory's ids."""
    regions: Annotated[tuple[OpaqueId, ...], *some(MAX_CHOICES)] = ()
    """Members of one of these regions, by the directory's ids."""
    custom_fields: Annotated[dict[FieldName, FieldCondition], Field(max_length=MAX_FIELDS)] = {}
    """What must hold of each named field."""
    any_: Annotated[tuple["AudienceFilter", ...], *some(MAX_FILTERS)] = Field(default=(), alias="any")
    """Members whom at least one of these means."""
    not_: "AudienceFilter" = Field(default=cast(Any, None), alias="not")
    """Members whom this does not mean, those included of whom what it asks for is not known."""

    @property
    def inside(self) -> dict[str, "AudienceFilter"]:
        """The filters that this one combines, each by its place in it."""
        found = {f"/any/{n}": one for n, one in enumerate(self.any_)}
        return {**found, "/not": self.not_} if "not_" in self.model_fields_set else found

    def walk(self, pointer: str = "") -> Iterator[tuple[str, "AudienceFilter"]]:
        """This filter and all inside it, with their places. `pointer`: its own."""
        yield pointer, self
        for place, one in self.inside.items():
            yield from one.walk(pointer + place)

    @model_validator(mode="after")
    def _is_bounded(self) -> "AudienceFilter":
        if self._depth() > MAX_DEPTH:
            raise Wrong(f"may be nested at most {MAX_DEPTH} deep", "too-deep", {"most": MAX_DEPTH})
        inside = sum(1 for _ in self.walk()) - 1
        if inside > MAX_FILTERS:
            raise Wrong(f"must have at most {MAX_FILTERS} filters inside", "too-many", {"most": MAX_FILTERS})
        return self

    def _depth(self) -> int:
        return max((1 + one._depth() for one in self.inside.values()), default=0)

    def faults(self, pointer: str) -> list[Fault]:
        """What makes the filter, which stands there, wider than one may be in all.

        It becomes a statement, which the event loop writes: each comparison and each value costs all others time.
        """
        filters = [one for _, one in self.walk()]
        comparisons = [comparisons_of(asked) for one in filters for asked in one.custom_fields.values()]
        values = [value for given in comparisons for value in given.values()]
        words = [word for one in filters for word in (*one.status, *one.chapters, *one.regions)]
        texts = [*words, *_texts(values)]
        widths = (
            ("comparisons", sum(map(len, comparisons)), MAX_COMPARISONS),
            ("values", len(texts), MAX_CHOICES),
            ("characters", sum(map(len, texts)), MAX_CHARACTERS),
        )
        return [
            Fault(pointer, f"must have at most {most} {what} in all", "too-many", {"most": most})
            for what, found, most in widths
            if found > most
        ]

    def as_json(self) -> JsonObject:
        """The filter as it was sent."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    @classmethod
    def from_json(cls, stored: JsonObject) -> "AudienceFilter":
        """A filter as it was stored."""
        return cls.model_validate_json(to_json(stored))
