"""From pydantic's error locations to JSON pointers (RFC 6901) into the document that was sent.

A location names steps of the validator, the tags of tagged unions among them; a caller wants a place in the
document. So every location is resolved against the document itself.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from learning_service.domain.kernel.errors import Fault, FaultCode, Wrong

MAX_FAULTS = 100
MAX_COUNTED = 5_000
"""With more faults than this nothing is listed: telling a million apart takes longer than finding them."""
MAX_KEY_SHOWN = 200
_SAID: dict[str, tuple[str, FaultCode]] = {
    "missing": ("is required", "required"),
    "extra_forbidden": ("is not a field of this", "unknown-field"),
    "json_invalid": ("is not valid JSON", "not-json"),
    "finite_number": ("must be a finite number", "out-of-range"),
}
_BOUNDS: dict[str, tuple[FaultCode, str]] = {
    "greater_than_equal": ("too-small", "least"),
    "greater_than": ("too-small", "above"),
    "less_than_equal": ("too-large", "most"),
    "less_than": ("too-large", "below"),
    "decimal_max_places": ("too-precise", "most"),
    "decimal_max_digits": ("too-precise", "most"),
    "decimal_whole_digits": ("too-large", "digits"),
}
_JSON_TYPES = {
    "string_type": "string",
    "bool_type": "boolean",
    "int_type": "integer",
    "tuple_type": "array",
    "list_type": "array",
    "dict_type": "object",
    "model_type": "object",
    "model_attributes_type": "object",
    "is_instance_of": "object",
}
_LENGTHS = ("string_too_long", "too_long", "string_too_short", "too_short")
_FORMS = ("_parsing", "_mismatch", "id_form", "_aware", "_inexact", "_invalid", "int_from_float", "_size")

Path: TypeAlias = tuple[int | str, ...]


def pointer(*steps: int | str) -> str:
    """The JSON pointer made of these steps; no steps give `""`, the whole document."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def pointer_of(loc: Path, document: object, *, missing: bool = False) -> str:
    """The pointer of a pydantic location.

    Steps that do not exist in the document (union tags, validators' names) are left out; with `missing`, the
    last step names the absent field and stays. A key too long or odd to be repeated ends it at its parent.
    """
    steps = _resolve(loc, document, missing)
    shown: list[int | str] = []
    for step in steps:
        if isinstance(step, str) and not _showable(step):
            break
        shown.append(step)
    return pointer(*shown)


def faults_of(error: ValidationError, document: object) -> list[Fault]:
    """Every place where the document broke the model, at most `MAX_FAULTS`; what was sent is not repeated."""
    if error.error_count() > MAX_COUNTED:
        return [Fault("", f"is wrong in {error.error_count()} places, too many to list", "too-many")]
    faults: list[Fault] = []
    for details in error.errors(include_url=False, include_input=False):
        faults.extend(_faults(details, document))
        if len(faults) >= MAX_FAULTS:
            break
    return faults[:MAX_FAULTS]


def at_places(
    detail: str, places: Iterable[Path], code: FaultCode, params: Mapping[str, Any] | None = None
) -> PydanticCustomError:
    """For validators to raise: `faults_of` reports it at each of `places`, relative to the model."""
    context = {"detail": detail, "places": list(places), "code": code, "params": params or {}}
    return PydanticCustomError("at_places", "{detail}", context)


def _resolve(loc: Sequence[int | str], node: Any, missing: bool) -> Path:
    """The steps that are in the document, with as few left out as possible.

    A tag may have the same name as a key, so both readings are tried.
    """
    found = _within(loc, node, missing, len(loc))
    assert found is not None
    return found[1]


def _within(loc: Sequence[int | str], node: Any, missing: bool, most: int) -> tuple[int, Path] | None:
    """How many steps had to be left out, and those that remain; None if those left out are more than `most`."""
    if not loc:
        return 0, ()
    step, rest = loc[0], loc[1:]
    inside: tuple[int, Path] | None = None
    if _has(node, step):
        inside = _within(rest, node[step], missing, most)
    elif missing and not rest:
        inside = 0, ()
    if inside is not None:
        most = inside[0]
    outside = _within(rest, node, missing, most - 1) if most else None
    if outside is not None:
        return outside[0] + 1, outside[1]
    return (inside[0], (step, *inside[1])) if inside is not None else None


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
        detail, code, params = str(context["detail"]), context["code"], context["params"]
        return [Fault(base + pointer(*place), detail, code, params) for place in context["places"]]
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        field = str(context["discriminator"]).strip("'")
        where = pointer_of((*loc, field), document, missing=True)
        if "expected_tags" not in context:
            return [Fault(where, "is required", "required")]
        tags = str(context["expected_tags"]).replace("'", "")
        return [Fault(where, f"must be one of {tags}", "not-one-of", {"values": tags.split(", ")})]
    where = pointer_of(loc, document, missing=kind == "missing")
    wrong = context.get("error")
    if isinstance(wrong, Wrong):
        return [wrong.at(where)]
    value = _at(loc, document) if kind in _LENGTHS else None
    return [_builtin(where, kind, context, details["msg"], value)]


def _at(loc: Path, document: object) -> object:
    steps = _resolve(loc, document, missing=False)
    node: Any = document
    for step in steps:
        node = node[step]
    return node


def _builtin(where: str, kind: str, context: Mapping[str, Any], message: str, value: object) -> Fault:
    """One of pydantic's own findings."""
    if kind in _SAID:
        detail, code = _SAID[kind]
        return Fault(where, detail, code)
    if kind in ("string_too_long", "too_long"):
        most = context["max_length"]
        if isinstance(value, str):
            return Fault(where, f"must have at most {most:,} characters", "too-long", {"most": most})
        return Fault(where, f"must have at most {most:,} elements", "too-many", {"most": most})
    if kind in ("string_too_short", "too_short"):
        least = context["min_length"]
        if isinstance(value, str):
            return Fault(
                where, f"must have at least {_counted(least, 'character')}", "too-short", {"least": least}
            )
        return Fault(where, f"must have at least {_counted(least, 'element')}", "too-few", {"least": least})
    message = message.removeprefix("Value error, ").removeprefix("Input ")[:300]
    if kind in _BOUNDS:
        code, name = _BOUNDS[kind]
        ((_, bound),) = context.items()
        return Fault(where, message, code, {name: _plain(bound)})
    if kind in ("literal_error", "enum"):
        values = re.findall(r"'([^']*)'", str(context["expected"]))
        return Fault(where, message, "not-one-of", {"values": values})
    if kind.endswith("_type"):
        return Fault(
            where, message, "wrong-type", {"expected": _JSON_TYPES.get(kind, kind.removesuffix("_type"))}
        )
    return Fault(where, message, "wrong-form" if kind.endswith(_FORMS) else "invalid")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _plain(bound: Any) -> Any:
    if isinstance(bound, Decimal):
        return int(bound) if bound == bound.to_integral_value() else float(bound)
    return bound if isinstance(bound, int | float) else str(bound)
