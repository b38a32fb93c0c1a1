"""Which changes of the reference break a client that was made from an older one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Node = Mapping[str, Any]
LEAST = ("minLength", "minItems", "minimum", "exclusiveMinimum", "minProperties")
MOST = ("maxLength", "maxItems", "maximum", "exclusiveMaximum", "maxProperties")


def breaking_changes(old: Node, new: Node) -> list[str]:
    """A line for each; empty where a client of the old one works with the new one."""
    return list(dict.fromkeys(_Comparison(old, new).calls()))


@dataclass
class _Comparison:
    old: Node
    new: Node
    seen: set[tuple[str, str, bool]] = field(default_factory=set)

    def calls(self) -> Iterator[str]:
        for path, item in self.old["paths"].items():
            for method, call in item.items():
                now = self.new["paths"].get(path, {}).get(method)
                name = f"{method.upper()} {path}"
                if now is None:
                    yield f"{name} is gone"
                else:
                    yield from self._call(name, call, now)

    def _call(self, name: str, old: Node, new: Node) -> Iterator[str]:
        if old["operationId"] != new["operationId"]:
            yield f"{name} was {old['operationId']} and is {new['operationId']}"
        was, is_ = ({(p["in"], p["name"]): p for p in call.get("parameters", ())} for call in (old, new))
        for key, parameter in is_.items():
            if parameter.get("required") and not was.get(key, {}).get("required"):
                yield f"{name} needs {key[1]}"
        for key, parameter in was.items():
            if key not in is_:
                yield f"{name} takes no {key[1]}"
            else:
                yield from self._sent(f"{name} {key[1]}", parameter["schema"], is_[key]["schema"])
        yield from self._body(name, old.get("requestBody"), new.get("requestBody"))
        for status, answer in old["responses"].items():
            if status not in new["responses"] and status[0] in "23":
                yield f"{name} never answers {status}"
            elif status[0] in "23":
                yield from self._media(f"{name} {status}", answer, new["responses"][status], sent=False)

    def _body(self, name: str, old: Node | None, new: Node | None) -> Iterator[str]:
        if new is not None and new.get("required") and not (old or {}).get("required"):
            yield f"{name} needs a body"
        if old is not None and new is not None:
            yield from self._media(f"{name} body", old, new, sent=True)
        elif old is not None:
            yield f"{name} takes no body"

    def _media(self, place: str, old: Node, new: Node, *, sent: bool) -> Iterator[str]:
        for kind, media in old.get("content", {}).items():
            if kind not in new.get("content", {}):
                yield f"{place} is never {kind}"
            elif "schema" in media:
                schema = new["content"][kind].get("schema", {})
                yield from (self._sent if sent else self._answered)(place, media["schema"], schema)

    def _resolved(self, old: Node, new: Node, *, sent: bool) -> tuple[Node, Node] | None:
        """Both without reference; None for a pair that has been compared."""
        pair = (str(old.get("$ref", "")), str(new.get("$ref", "")), sent)
        if any(pair[:2]):
            if pair in self.seen:
                return None
            self.seen.add(pair)
        return _target(self.old, old), _target(self.new, new)

    def _sent(self, place: str, old: Node, new: Node) -> Iterator[str]:
        pair = self._resolved(old, new, sent=True)
        if pair is None:
            return
        old, new = pair
        yield from _narrower(place, old, new)
        was, is_ = old.get("properties", {}), new.get("properties", {})
        for name in set(new.get("required", ())) - set(old.get("required", ())):
            yield f"{place}: {name} is needed"
        for name, schema in was.items():
            if name in is_:
                yield from self._sent(f"{place}: {name}", schema, is_[name])
            elif new.get("additionalProperties") is False:
                yield f"{place}: {name} is refused"
        yield from self._parts(place, old, new, sent=True)

    def _answered(self, place: str, old: Node, new: Node) -> Iterator[str]:
        pair = self._resolved(old, new, sent=False)
        if pair is None:
            return
        old, new = pair
        if new_kinds := _kinds(new) - _kinds(old) if _kinds(old) else set():
            yield f"{place} may be {', '.join(sorted(new_kinds))}"
        for name in set(old.get("required", ())) - set(new.get("required", ())):
            yield f"{place}: {name} may be missing"
        for name, schema in old.get("properties", {}).items():
            if name in new.get("properties", {}):
                yield from self._answered(f"{place}: {name}", schema, new["properties"][name])
        yield from self._parts(place, old, new, sent=False)

    def _parts(self, place: str, old: Node, new: Node, *, sent: bool) -> Iterator[str]:
        compare = self._sent if sent else self._answered
        if "items" in old and "items" in new:
            yield from compare(f"{place}[]", old["items"], new["items"])
        for word in ("anyOf", "oneOf"):
            was, is_ = (
                {s.get("$ref", ""): s for s in node.get(word, ()) if "$ref" in s} for node in (old, new)
            )
            for name in was:
                if name in is_:
                    yield from compare(place, was[name], is_[name])
                elif sent:
                    yield f"{place} is never {name.rsplit('/', 1)[-1]}"


def _target(document: Node, schema: Node) -> Node:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _kinds(schema: Node) -> set[str]:
    """The JSON types that a value may have, as far as the schema itself says."""
    kinds = schema.get("type", [])
    own = {kinds} if isinstance(kinds, str) else set(kinds)
    return own.union(*(_kinds(one) for one in schema.get("anyOf", ()) if "$ref" not in one))


def _narrower(place: str, old: Node, new: Node) -> Iterator[str]:
    if _kinds(new) and (lost := _kinds(old) - _kinds(new)):
        yield f"{place} is never {', '.join(sorted(lost))}"
    if "enum" in new:
        lost_words = set(map(str, old.get("enum", ()))) - set(map(str, new["enum"]))
        if lost_words or "enum" not in old:
            yield f"{place} is never {', '.join(sorted(lost_words)) or 'free'}"
    for word in LEAST:
        if new.get(word, float("-inf")) > old.get(word, float("-inf")) and new.get(word) != 0:
            yield f"{place}: {word} is {new[word]}"
    for word in MOST:
        if new.get(word, float("inf")) < old.get(word, float("inf")):
            yield f"{place}: {word} is {new[word]}"
