"""What the calls put into paths and bodies."""

import re
from uuid import UUID

Id = UUID | str


def uuid_of(given: Id) -> str:
    """An id fit for a path: no other text can name another call."""
    return str(UUID(str(given)))


def word(given: str) -> str:
    """An id made elsewhere, fit for a path. Raises ValueError for what none can be."""
    if not re.fullmatch(r"[A-Za-z0-9._:@-]{1,128}", given) or given in (".", ".."):
        raise ValueError("an id has 1–128 characters of A–Z a–z 0–9 . _ : @ -")
    return given


def given(**fields: object) -> dict[str, object]:
    """The fields that the caller gave; None stands for one that was left out."""
    return {name: value for name, value in fields.items() if value is not None}
