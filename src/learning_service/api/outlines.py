"""The top of a body, by its schema: what is judged before its long lists, and what of those is reported."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from learning_service.domain.kernel.errors import Fault, Invalid
from learning_service.domain.kernel.pointers import MAX_FAULTS, faults_of, pointer

JUDGED_TOGETHER = 64
"""Elements of a long list that are judged at once when all wrong ones are looked for."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What the schema says of the top of a body."""

    names: frozenset[str]
    is_open: bool
    """Whether it may have further names."""
    longest: Mapping[str | None, int]
    """How many items it may have where it is a list (None), and each list that it names."""
    kinds: Mapping[str | None, frozenset[str]]
    """Which JSON types it may be of (None), and each value that it names; those that may be any are left out."""

    def look_over(self, document: Any) -> None:
        """Raises Invalid for unknown names, for arrays and objects out of place, and for lists that are too long.

        Whatever else may be wrong. The validator would first copy all that is in such a value.
        """
        self._look_at_whole(None, document)
        if isinstance(document, dict) and self.names and not self.is_open:
            unknown = [name for name in document if name not in self.names]
            if unknown:
                named = sorted(unknown[:MAX_FAULTS])
                raise Invalid(
                    [Fault(pointer(name), "is not a field of this", "unknown-field") for name in named]
                )
            for name, value in document.items():
                self._look_at_whole(name, value)
        self.look_at_lists(document)

    def _look_at_whole(self, name: str | None, value: Any) -> None:
        kind = "array" if isinstance(value, list) else "object" if isinstance(value, dict) else None
        if kind is None or kind in self.kinds.get(name, (kind,)):
            return
        expected = " or ".join(sorted(self.kinds[name] - {"null"}))
        raise Invalid.at(_where(name), f"should be of type {expected}", "wrong-type", {"expected": expected})

    def look_at_lists(self, document: Any) -> None:
        """Raises Invalid for lists that are too long, whatever else there may be."""
        for name, items in self._lists(document):
            if len(items) > (most := self.longest[name]):
                raise Invalid.at(
                    _where(name), f"must have at most {most:,} elements", "too-many", {"most": most}
                )

    def faults(self, adapter: TypeAdapter[Any], error: ValidationError, document: Any) -> list[Fault]:
        """What is wrong, at most `MAX_FAULTS` places. The validator itself ends a long list at its first fault."""
        found = faults_of(error, document)
        for name, items in self._lists(document):
            within = _where(name) + "/"
            if any(fault.pointer.startswith(within) for fault in found):
                others = [fault for fault in found if not fault.pointer.startswith(within)]
                found = [*others, *_faults_in(adapter, name, items)] if len(items) > 1 else found
        return found[:MAX_FAULTS]

    def _lists(self, document: Any) -> Iterator[tuple[str | None, Sequence[Any]]]:
        for name in self.longest:
            items = document if name is None else document.get(name) if isinstance(document, dict) else None
            if isinstance(items, list):
                yield name, items


def _faults_in(adapter: TypeAdapter[Any], name: str | None, items: Sequence[Any]) -> list[Fault]:
    """The faults of a list's own items. Those of the document around it are not looked at."""
    within = _where(name) + "/"
    faults: list[Fault] = []
    at = 0
    while at < len(items) and len(faults) < MAX_FAULTS:
        part = list(items[at : at + JUDGED_TOGETHER])
        document = part if name is None else {name: part}
        own: list[Fault] = []
        try:
            adapter.validate_json(to_json(document))
        except ValidationError as error:
            own = [fault for fault in faults_of(error, document) if fault.pointer.startswith(within)]
        last = -1
        for fault in own:
            index, *rest = fault.pointer.removeprefix(within).split("/", 1)
            last = max(last, int(index))
            faults.append(replace(fault, pointer="/".join([_where(name), str(at + int(index)), *rest])))
        at += last + 1 if own else len(part)
    return faults


def _where(name: str | None) -> str:
    return "" if name is None else pointer(name)


def outline_of(schema: Mapping[str, Any]) -> Outline:
    """The outline of a JSON schema."""
    names: set[str] = set()
    longest: dict[str | None, int] = {}
    kinds: dict[str | None, set[str | None]] = {}
    is_open = False
    for kind in _variants(schema, schema):
        kinds.setdefault(None, set()).update(_types(kind))
        if kind.get("type") == "object":
            is_open = is_open or kind.get("additionalProperties") is not False
        if (most := kind.get("maxItems")) is not None:
            longest[None] = most
        for name, field in kind.get("properties", {}).items():
            names.add(name)
            variants = list(_variants(field, schema))
            kinds.setdefault(name, set()).update(*(_types(variant) for variant in variants))
            found = [variant["maxItems"] for variant in variants if "maxItems" in variant]
            if found:
                longest[name] = max(found)
    known = {
        name: frozenset(t for t in types if t is not None)
        for name, types in kinds.items()
        if None not in types
    }
    return Outline(frozenset(names), is_open, longest, known)


def _types(variant: Mapping[str, Any]) -> set[str | None]:
    """The JSON types of one variant; none of a union, whose variants say theirs, and None where it does not say."""
    if any(other in variant for other in ("$ref", "anyOf", "oneOf")):
        return set()
    said = variant.get("type")
    return set(said) if isinstance(said, list) else {said}


def _variants(kind: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The kind itself, and each that it may be instead, looked up among the schema's definitions."""
    if "$ref" in kind:
        kind = schema["$defs"][kind["$ref"].rpartition("/")[2]]
    yield kind
    for other in (*kind.get("anyOf", ()), *kind.get("oneOf", ())):
        yield from _variants(other, schema)
