"""The canonical form of documents that differ in nothing but their values, from templates that pyld has made.

A document's shape is all of it but its values: which terms stand where, and every name of a vocabulary. It decides
which quads there are; values only fill them. So pyld is asked once a shape, and a document costs a hundredth of what
pyld takes. What comes out is pyld's to the byte; where that is not certain, pyld does it.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from learning_service.core.loading import load

_CANONICAL = "learning_service.adapters.canonical_form:canonical"
"""By its place: pyld is loaded with the first shape."""
_MOST_SHAPES = 256
"""That a process keeps, of some 8 kB each. Credentials differ by optional terms and by how many skills they name."""
_NAMES = frozenset({"@context", "type", "proofPurpose", "cryptosuite"})
"""Terms whose values are names of a vocabulary, and so of the shape."""
_STAND_IN = "urn:learning-service:value:"
_QUAD = re.compile(r'(<[^>]*>|_:\S+) (<[^>]*>) (<[^>]*>|_:\S+|"(?:[^"\\]|\\.)*"(?:\^\^<[^>]*>)?) \.')
_VALUE = re.compile(rf'(?:<{_STAND_IN}(\d+)>|"{_STAND_IN}(\d+)"(\^\^<[^>]*>)?)')
_ESCAPED = re.compile(r'[\\\t\n\r"]')
_KEPT_AS_WRITTEN = frozenset(
    {
        None,
        "^^<https://www.w3.org/2001/XMLSchema#anyURI>",
        "^^<http://www.w3.org/2001/XMLSchema#dateTime>",
        "^^<https://w3id.org/security#multibase>",
    }
)
"""Types of literals that are not rewritten, as numbers are. The vocabulary of Open Badges has `anyURI` with https."""
_PLAIN_IRI = re.compile(r"(?:https?://|did:|urn:)[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
"""Taken as they stand by every reader: absolute, and of a scheme that no context has as a prefix."""


class _Uncertain(Exception):
    """No template makes this for certain."""


@dataclass(frozen=True, slots=True)
class _Text:
    """Lines with gaps."""

    form: str
    """For the operator `%`."""
    gaps: tuple[int, ...]
    """Which value each gap takes."""

    def filled(self, values: Sequence[str]) -> bytes:
        """With these values, each line once, in the order of canonical N-Quads."""
        lines = sorted(set((self.form % tuple([values[gap] for gap in self.gaps])).split("\n")))
        return ("\n".join(lines) + "\n").encode()


@dataclass(frozen=True, slots=True)
class _Template:
    """What the documents of a shape are in canonical form."""

    text: _Text
    """Its gaps are for values, and after those for the names of the nodes without an id."""
    nodes: tuple[_Text, ...]
    """The quads of each node without an id, as RDFC-1.0 (4.6) has them hashed."""
    iris: frozenset[int]
    """Which values are no literals."""

    def filled(self, values: Sequence[str]) -> bytes:
        """The canonical form of the document with these values. Raises _Uncertain."""
        escaped = [self._escaped(place, value) for place, value in enumerate(values)]
        return self.text.filled([*escaped, *self._names(escaped)])

    def _escaped(self, place: int, value: str) -> str:
        if place in self.iris:
            if _PLAIN_IRI.fullmatch(value) is None:
                raise _Uncertain
            return value
        if _ESCAPED.search(value) is None:
            return value
        value = value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
        return value.replace("\r", "\\r").replace('"', '\\"')

    def _names(self, escaped: Sequence[str]) -> list[str]:
        if len(self.nodes) < 2:
            return ["_:c14n0"] * len(self.nodes)
        hashes = [hashlib.sha256(node.filled(escaped)).digest() for node in self.nodes]
        if len(set(hashes)) < len(hashes):
            raise _Uncertain
        ranks = {hashed: rank for rank, hashed in enumerate(sorted(hashes))}
        return [f"_:c14n{ranks[hashed]}" for hashed in hashes]


def canonical_by_shape(document: Mapping[str, Any]) -> bytes:
    """The document as canonical N-Quads. Raises UnknownContext, NotLinkedData.

    For documents of our own making: each of their shapes is kept.
    """
    values: list[str] = []
    try:
        shape = _taken_apart(document, values)
        template = _template(shape, len(values))
        if template is not None:
            return template.filled(values)
    except _Uncertain:
        pass
    return _by_pyld(document)


def _by_pyld(document: Mapping[str, Any]) -> bytes:
    octets: bytes = load(_CANONICAL)(document)
    return octets


def _taken_apart(node: Any, values: list[str]) -> Any:
    """The shape, to be looked up: None stands where a value did. The values are added to the list."""
    kind = type(node)
    if kind is str:
        values.append(node)
        return None
    if kind is dict:
        return (
            dict,
            *[
                (name, _name(value) if name in _NAMES else _taken_apart(value, values))
                for name, value in node.items()
            ],
        )
    if kind is list:
        return (list, *[_taken_apart(one, values) for one in node])
    if kind is bool:
        return node
    raise _Uncertain


def _name(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return value
    if kind is list:
        return (list, *map(_name, value))
    raise _Uncertain


def _put_together(shape: Any, values: Iterator[str]) -> Any:
    """The reverse."""
    if shape is None:
        return next(values)
    if not isinstance(shape, tuple):
        return shape
    if shape[0] is list:
        return [_put_together(one, values) for one in shape[1:]]
    return {name: _put_together(one, values) for name, one in shape[1:]}


@lru_cache(maxsize=_MOST_SHAPES)
def _template(shape: Any, count: int) -> _Template | None:
    """The template of this shape, with so many values; None where what it makes is not pyld's."""
    stand_ins = [f"{_STAND_IN}{place}" for place in range(count)]
    try:
        template = _read(_by_pyld(_put_together(shape, iter(stand_ins))).decode(), count)
        trial = [
            f"https://example.org/{place}?a=%20#b" if place in template.iris else f'%s"\\\n\r\t\\n{{é {place}'
            for place in range(count)
        ]
        made = template.filled(trial)
    except _Uncertain:
        return None
    return template if made == _by_pyld(_put_together(shape, iter(trial))) else None


def _read(canonical: str, count: int) -> _Template:
    """The template, out of a canonical form in which stand-ins are where the values will be."""
    quads = [_terms(line) for line in canonical.split("\n")[:-1]]
    values = dict(filter(None, (_value(term) for quad in quads for term in quad)))
    nodes = sorted({term for quad in quads for term in quad if _is_node(term)})
    if len(values) < count or any(sum(map(_is_node, quad)) > 1 for quad in quads):
        raise _Uncertain
    return _Template(
        _text(quads, {node: count + number for number, node in enumerate(nodes)}),
        tuple(
            _text([["_:a" if term == node else term for term in quad] for quad in quads if node in quad], {})
            for node in nodes
        ),
        frozenset(place for place, is_iri in values.items() if is_iri),
    )


def _terms(line: str) -> list[str]:
    quad = _QUAD.fullmatch(line)
    if quad is None:
        raise _Uncertain
    return list(quad.groups())


def _is_node(term: str) -> bool:
    return term.startswith("_:")


def _value(term: str) -> tuple[int, bool] | None:
    """Which value this term stands for, and whether it is an IRI."""
    value = _VALUE.fullmatch(term)
    if value is not None and value[3] in _KEPT_AS_WRITTEN:
        return int(value[1] or value[2]), value[1] is not None
    if _STAND_IN in term:
        raise _Uncertain
    return None


def _text(quads: list[list[str]], names: Mapping[str, int]) -> _Text:
    gaps: list[int] = []

    def part(term: str) -> str:
        value = _value(term)
        if value is not None:
            gaps.append(value[0])
            return f"{term[0]}%s{term[1:].partition(f'{_STAND_IN}{value[0]}')[2]}"
        if term in names:
            gaps.append(names[term])
            return "%s"
        return term.replace("%", "%%")

    return _Text("\n".join(" ".join([*map(part, quad), "."]) for quad in quads), tuple(gaps))
