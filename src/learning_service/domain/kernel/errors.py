"""Refusals as facts. A class says what happened; only `problems.py` knows what HTTP calls it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

FaultCode: TypeAlias = Literal[
    "conflicting",
    "empty",
    "invalid",
    "not-allowed",
    "not-json",
    "not-known",
    "not-one-of",
    "not-our-cursor",
    "out-of-range",
    "required",
    "too-complex",
    "too-deep",
    "too-few",
    "too-large",
    "too-long",
    "too-many",
    "too-precise",
    "too-short",
    "too-small",
    "twice",
    "unknown-field",
    "unreachable",
    "unusable",
    "wrong-form",
    "wrong-time",
    "wrong-type",
]
"""What can be wrong with an input, in words that a frontend translates; docs/errors.md says what each means."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input: where (a JSON pointer, `""` for the whole) and what.

    `detail` is for people; `code` and `params` say the same to programs.
    """

    pointer: str
    detail: str
    code: FaultCode = "invalid"
    params: Mapping[str, Any] = field(default_factory=dict)


class Wrong(ValueError):
    """What a validator finds wrong with a value; the code that knows the place makes it a `Fault`."""

    def __init__(self, detail: str, code: FaultCode, params: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.params = params or {}

    def at(self, pointer: str) -> Fault:
        """The same at its place."""
        return Fault(pointer, str(self), self.code, self.params)


class DomainError(Exception):
    """Base of every refusal.

    `code` is the stable word that callers may switch on; `detail` tells a person what to do about it.
    """

    code = "error"
    facts: Mapping[str, Any] = MappingProxyType({})
    """What programs are told besides, by name."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def __reduce__(self) -> tuple[Any, ...]:
        # As it is, not by what its class is made from: a helper process sends its refusals back.
        return _again, (type(self), self.args), self.__dict__


def _again(kind: type[DomainError], words: tuple[Any, ...]) -> DomainError:
    return kind.__new__(kind, *words)


class Unauthenticated(DomainError):
    """The caller is not known: no token, or one that does not hold."""

    code = "unauthenticated"


class NotFound(DomainError):
    """There is no such thing, or the caller may not know that there is. Both read the same."""

    code = "not-found"

    def __init__(self) -> None:
        super().__init__("There is nothing here, or it is not yours to see.")


class Forbidden(DomainError):
    """The caller may see the thing but not do this to it."""

    code = "forbidden"


class NotAMember(Forbidden):
    """The call is for members of the organization, and the caller is none."""

    code = "not-a-member"

    def __init__(self) -> None:
        super().__init__("Only a member of the organization can do this, and the token's subject is none.")


class Invalid(DomainError):
    """The input is well formed but wrong; `faults` name every place at once."""

    code = "invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{f.pointer or '/'}: {f.detail}" for f in faults[:3]))
        self.faults = tuple(faults)

    @classmethod
    def at(
        cls, pointer: str, detail: str, code: FaultCode = "invalid", params: Mapping[str, Any] | None = None
    ) -> "Invalid":
        """The usual case: one fault."""
        return cls([Fault(pointer, detail, code, params or {})])


class TooLarge(DomainError):
    """The body is larger than the call allows."""

    code = "body-too-large"


class UnsupportedMediaType(DomainError):
    """The body is not of a type that the call reads."""

    code = "unsupported-media-type"


class PreconditionRequired(DomainError):
    """The call needs `If-Match`, so that callers do not overwrite what they have not seen."""

    code = "precondition-required"


class PreconditionFailed(DomainError):
    """What the caller saw has changed since."""

    code = "precondition-failed"


class Conflict(DomainError):
    """The thing is not in a state that allows this."""

    code = "conflict"


class NotYet(Conflict):
    """The thing does not allow this now, and by itself will after `retry_after` seconds."""

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Gone(DomainError):
    """It was here and will not come back."""

    code = "gone"


class RateLimited(DomainError):
    """Too many requests; the answer says when to try again."""

    code = "rate-limited"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(DomainError):
    """A part that the service needs is down or overloaded; the answer says when to try again."""

    code = "unavailable"

    def __init__(self, detail: str, *, retry_after: int = 5) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
