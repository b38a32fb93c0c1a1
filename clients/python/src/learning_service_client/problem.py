"""What the service says when it refuses a call."""

from dataclasses import dataclass
from typing import Self

import httpx


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request, and where."""

    pointer: str
    code: str
    detail: str
    params: dict[str, object]


class Problem(Exception):
    """A refusal. Switch on `code`; `errors` says what is wrong where."""

    def __init__(
        self, code: str, status: int, detail: str, *, request_id: str = "", errors: tuple[Fault, ...] = ()
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.status = status
        self.detail = detail
        self.request_id = request_id
        self.errors = errors

    @classmethod
    def of(cls, response: httpx.Response) -> Self:
        """The problem that a response tells. What is no problem document, as from a proxy, is `unknown`."""
        try:
            told = response.json()
        except ValueError:
            told = None
        if not isinstance(told, dict) or "code" not in told:
            told = {}
        return cls(
            str(told.get("code", "unknown")),
            response.status_code,
            str(told.get("detail", f"The service answered {response.status_code}.")),
            request_id=str(told.get("request_id", response.headers.get("X-Request-ID", ""))),
            errors=tuple(
                Fault(error["pointer"], error["code"], error["detail"], error.get("params", {}))
                for error in told.get("errors", [])
            ),
        )
