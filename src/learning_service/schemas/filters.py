"""Filters of lists, read into their types. A value that can match nothing is refused, not answered empty."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from learning_service.domain.kernel.errors import Fault, Invalid
from learning_service.domain.kernel.paging import PageRequest
from learning_service.domain.kernel.values import OPAQUE_ID, OPAQUE_ID_FORM, Instant

FLAG = ("true", "false")
"""The words of a filter that is on or off."""
_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)


def uuid_filter(page: PageRequest, name: str) -> UUID | None:
    """A filter that is an id made here. Raises Invalid."""
    text = page.filters.get(name)
    if text is None:
        return None
    try:
        parsed = UUID(text)
    except ValueError:
        parsed = None
    if parsed is None or str(parsed) != text.lower():
        raise Invalid.at(f"?{name}", "must be a UUID", "wrong-form")
    return parsed


def id_filter(page: PageRequest, name: str) -> str | None:
    """A filter that is an id made elsewhere. Raises Invalid."""
    text = page.filters.get(name)
    if text is not None and not OPAQUE_ID.match(text):
        raise Invalid.at(f"?{name}", OPAQUE_ID_FORM, "wrong-form")
    return text


def phrase_filter(page: PageRequest, name: str) -> str | None:
    """A filter of any text; None where it is blank. What no stored text can hold matches nothing."""
    return page.filters.get(name, "").replace("\0", "\ufffd").strip() or None


def word_filter(page: PageRequest, name: str, words: Collection[str]) -> str | None:
    """A filter that is one of these words. Raises Invalid."""
    text = page.filters.get(name)
    if text is not None and text not in words:
        raise Invalid.at(
            f"?{name}", f"must be one of {', '.join(words)}", "not-one-of", {"values": list(words)}
        )
    return text


def time_filter(page: PageRequest, name: str) -> datetime | None:
    """A filter that is a time with its zone. Raises Invalid."""
    text = page.filters.get(name)
    try:
        return None if text is None else _INSTANT.validate_python(text)
    except ValidationError:
        detail = "must be an RFC 3339 time such as 2026-11-22T09:00:00Z"
        raise Invalid.at(f"?{name}", detail, "wrong-form") from None


def flag_filter(page: PageRequest, name: str) -> bool:
    """A filter that is `true` or `false`; without it `false`. Raises Invalid."""
    return word_filter(page, name, FLAG) == "true"


def state_filter(page: PageRequest, name: str) -> bool | None:
    """A filter by a state: `true` means those in it, `false` the others; None without it. Raises Invalid."""
    word = word_filter(page, name, FLAG)
    return None if word is None else word == "true"


def text_filter(page: PageRequest, name: str) -> str | None:
    """A filter that may be any text. What no text here can hold is compared as what is left of it."""
    text = page.filters.get(name)
    return None if text is None else text.replace("\0", "")


def number_filter(page: PageRequest, name: str, *, least: int, most: int, default: int) -> int:
    """A filter that is a whole number. Raises Invalid."""
    text = page.filters.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most:
        return int(text)
    detail = f"must be a whole number from {least} to {most}"
    raise Invalid([Fault(f"?{name}", detail, "wrong-form", {"least": least, "most": most})])
