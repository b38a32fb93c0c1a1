"""From pydantic's error locations to JSON pointers (RFC 6901) into the document that was sent.

A location names steps of the validator, the tags of tagged unions among them; a caller wants a place in the
document. So every location is resolved against the document itself.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from learning_service.domain.errors import Fault

MAX_FAULTS = 1000
MAX_COUNTED = 10_000
"""With more faults than this nothing is listed: telling a million apart takes longer than finding them."""
MAX_KEY_SHOWN = 200

Path: TypeAlias = tuple[int | str, ...]


def pointer(*steps: int | str) -> str:
    """The JSON pointer made of these steps; no steps give `""`, the whole document."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def pointer_of(loc: Path, document: object, *, missing: bool = False) -> str:
    """The pointer of a pydantic location.

    Steps that do not exist in the document (union tags, validators' names) are left out; with `missing`, the
    last step names the absent field and stays. A key too long or odd to be repeated ends it at its parent.
    """
    _, steps = _resolve(loc, document, missing)
    shown: list[int | str] = []
    for step in steps:
        if isinstance(step, str) and not _showable(step):
            break
        shown.append(step)
    return pointer(*shown)


def faults_of(error: ValidationError, document: object) -> list[Fault]:
    """Every place where the document broke the model, at most `MAX_FAULTS`; what was sent is not repeated."""
    if error.error_count() > MAX_COUNTED:
        return [Fault("", f"is wrong in {error.error_count()} places, too many to list")]
    faults: list[Fault] = []
    for details in error.errors(include_url=False, include_input=False):
        faults.extend(_faults(details, document))
        if len(faults) >= MAX_FAULTS:
            break
    return faults[:MAX_FAULTS]


def at_places(detail: str, places: Iterable[Path]) -> PydanticCustomError:
    """For validators to raise: `faults_of` reports it at each of `places`, relative to the model."""
    return PydanticCustomError("at_places", "{detail}", {"detail": detail, "places": list(places)})


def _resolve(loc: Sequence[int | str], node: Any, missing: bool) -> tuple[int, Path]:
    """How many steps had to be left out, and those that remain: as few left out as possible.

    A tag may have the same name as a key, so both readings are tried.
    """
    if not loc:
        return 0, ()
    step, rest = loc[0], loc[1:]
    inside: tuple[int, Path] | None = None
    if _has(node, step):
        skipped, steps = _resolve(rest, node[step], missing)
        inside = skipped, (step, *steps)
    elif missing and not rest:
        inside = 0, (step,)
    if inside is not None and inside[0] == 0:
        return inside
    skipped, steps = _resolve(rest, node, missing)
    outside = skipped + 1, steps
    return inside if inside is not None and inside[0] < outside[0] else outside


def _has(node: Any, step: int | str) -> bool:
    if isinstance(node, dict):
        return step in node
    return isinstance(node, list | tuple) and isinstance(step, int) and 0 <= step < len(node)


def _showable(key: str) -> bool:
    return len(key) <= MAX_KEY_SHOWN and key.isprintable()


def _faults(details: ErrorDetails, document: object) -> list[Fault]:
    loc, kind, context = details["loc"], details["type"], details.get("ctx", {})
    if kind == "at_places":
        base = pointer_of(loc, document)
        return [Fault(base + pointer(*place), str(context["detail"])) for place in context["places"]]
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        field = str(context["discriminator"]).strip("'")
        where = pointer_of((*loc, field), document, missing=True)
        return [
            Fault(where, f"must be one of {_tags(context)}" if "expected_tags" in context else "is required")
        ]
    if kind == "json_invalid":
        return [Fault("", "is not valid JSON")]
    return [Fault(pointer_of(loc, document, missing=kind == "missing"), _message(kind, details["msg"]))]


def _tags(context: dict[str, Any]) -> str:
    return str(context["expected_tags"]).replace("'", "")


def _message(kind: str, message: str) -> str:
    if kind == "missing":
        return "is required"
    if kind == "extra_forbidden":
        return "is not a field of this"
    message = message.removeprefix("Value error, ").removeprefix("Input ")
    return message[:300]
