"""What changed from one tree to another: by key, so that a part is followed wherever it goes."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from learning_service.domain.courses.rules.keys import key_kind
from learning_service.domain.courses.rules.tree import Keyed, Tree, keyed_nodes
from learning_service.domain.kernel.pointers import Path, pointer
from learning_service.domain.kernel.values import JsonObject
from learning_service.domain.questions.rules.question import QuestionBase
from learning_service.domain.questions.rules.types import SCORED_FIELDS
from learning_service.domain.questions.rules.words import words_of

ChangeKind: TypeAlias = Literal["added", "removed", "moved", "changed"]
Impact: TypeAlias = Literal["cosmetic", "content", "scoring"]
"""`cosmetic`: titles, order and markup; `content`: what is read; `scoring`: points, attempts and passing."""
PartKind: TypeAlias = Literal[
    "course", "module", "lesson", "attestation", "quiz", "assessment", "pool", "question", "answer"
]

GRAVITY: tuple[Impact, ...] = ("cosmetic", "content", "scoring")
_COSMETIC = frozenset({"title", "shuffle", "pinned", "tags"})
_SCORING = SCORED_FIELDS | {
    "pass_score", "points", "is_correct", "max_attempts", "time_limit_seconds", "retry_delay_seconds", "draw",
    "bank_id", "tag",
    "required", "type",
}  # fmt: skip
_NOT_OWN = {"key", "kind", "modules", "items", "assessment", "questions", "answers"}
_SCORED = frozenset({"quiz", "assessment", "pool", "question", "answer"})
_SIBLINGS = {"lesson": "item", "attestation": "item", "quiz": "item", "pool": "question"}
"""Kinds of parts that stand in one row with others."""
_MAX_TITLE = 200
_ADDRESS = re.compile(r'(?:src|href)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different.

    `pointer` is the part's place in the newer tree, `pointer_before` in the older one. `before` and `after` are
    the part's own fields, or of a change those that differ, or of a move the parent's key and the position.
    """

    change: ChangeKind
    impact: Impact
    kind: PartKind
    key: str | None
    title: str
    pointer: str | None
    pointer_before: str | None
    before: JsonObject | None
    after: JsonObject | None


@dataclass(frozen=True, slots=True)
class _Part:
    kind: PartKind
    path: Path
    parent: str | None
    fields: JsonObject

    @property
    def title(self) -> str:
        rich = self.fields.get("prompt_html") or self.fields.get("html")
        text = self.fields.get("title") or self.fields.get("text") or _words(rich)
        return str(text)[:_MAX_TITLE]

    @property
    def place(self) -> JsonObject:
        last = self.path[-1]
        return {"parent": self.parent, "position": last if isinstance(last, int) else 0}


def diff_trees(before: Tree, after: Tree) -> list[Change]:
    """Everything that differs: the course itself, then parts in the newer tree's order, then what is gone."""
    old, new = _parts(before), _parts(after)
    moved = _moved(old, new)
    changes = _of_fields(None, _course(before), _course(after))
    for key, part in new.items():
        was = old.get(key)
        if was is None:
            changes.append(_came(key, part))
            continue
        if key in moved:
            changes.append(_went(key, was, part))
        changes.extend(_of_fields(key, was, part))
    changes.extend(_left(key, part) for key, part in old.items() if key not in new)
    return changes


def gravest(changes: Iterable[Change]) -> Impact | None:
    """The gravest impact of any change; None when nothing changed."""
    return max((change.impact for change in changes), key=GRAVITY.index, default=None)


def _course(tree: Tree) -> _Part:
    return _Part("course", (), None, tree.model_dump(mode="json", exclude=_NOT_OWN))


def _parts(tree: Tree) -> dict[str, _Part]:
    parts: dict[str, _Part] = {}
    keys: dict[Path, str] = {}
    for path, node in keyed_nodes(tree):
        key = node.key or ""
        keys[path] = key
        parts[key] = _Part(key_kind(node), path, keys.get(path[:-2]), _own_fields(node))
    return parts


def _own_fields(node: Keyed) -> JsonObject:
    # The items of a module are parts of their own, those to be brought into order are not.
    own = set(node.scored_fields) if isinstance(node, QuestionBase) else set[str]()
    return node.model_dump(mode="json", exclude=_NOT_OWN - own)


def _came(key: str, part: _Part) -> Change:
    return Change(
        "added", _weight(part), part.kind, key, part.title, pointer(*part.path), None, None, part.fields
    )


def _left(key: str, part: _Part) -> Change:
    return Change(
        "removed", _weight(part), part.kind, key, part.title, None, pointer(*part.path), part.fields, None
    )


def _went(key: str, was: _Part, part: _Part) -> Change:
    impact: Impact = "cosmetic" if was.parent == part.parent else _weight(part)
    return Change(
        "moved",
        impact,
        part.kind,
        key,
        part.title,
        pointer(*part.path),
        pointer(*was.path),
        was.place,
        part.place,
    )


def _of_fields(key: str | None, was: _Part, part: _Part) -> list[Change]:
    names = [name for name in {**was.fields, **part.fields} if was.fields.get(name) != part.fields.get(name)]
    if not names:
        return []
    impacts = (field_impact(part.kind, name, was.fields.get(name), part.fields.get(name)) for name in names)
    return [
        Change(
            "changed",
            max(impacts, key=GRAVITY.index),
            part.kind,
            key,
            part.title,
            pointer(*part.path),
            pointer(*was.path),
            {name: was.fields.get(name) for name in names},
            {name: part.fields.get(name) for name in names},
        )
    ]


def _weight(part: _Part) -> Impact:
    return "scoring" if part.kind in _SCORED else "content"


def field_impact(kind: PartKind, name: str, before: Any, after: Any) -> Impact:
    """What it means that a field of such a part differs."""
    if name in _COSMETIC:
        return "cosmetic"
    if name in _SCORING:
        # Lessons are read and attestations signed, not scored.
        return "content" if kind in ("lesson", "attestation") else "scoring"
    if name.endswith("html") and _words(before) == _words(after) and _addresses(before) == _addresses(after):
        return "cosmetic"
    return "content"


def _words(rich_text: Any) -> str:
    return words_of(str(rich_text or ""))


def _addresses(rich_text: Any) -> list[str]:
    return _ADDRESS.findall(str(rich_text or ""))


def _moved(old: Mapping[str, _Part], new: Mapping[str, _Part]) -> set[str]:
    """Keys that have another parent than before, or another place among their siblings.

    Of siblings that changed places, the fewest are said to have moved.
    """
    common = [key for key in new if key in old]
    moved = {key for key in common if old[key].parent != new[key].parent}
    siblings: dict[tuple[str | None, str], list[str]] = {}
    for key in common:
        if key not in moved:
            group = _SIBLINGS.get(new[key].kind, new[key].kind)
            siblings.setdefault((new[key].parent, group), []).append(key)
    for keys in siblings.values():
        positions = [old[key].place["position"] for key in keys]
        stayed = _longest_rise(positions)
        moved.update(key for n, key in enumerate(keys) if n not in stayed)
    return moved


def _longest_rise(numbers: Sequence[int]) -> set[int]:
    """Positions of a longest strictly rising run of the numbers, gaps allowed."""
    tails: list[int] = []
    ends: list[int] = []
    previous: list[int | None] = []
    for n, number in enumerate(numbers):
        at = bisect_left(tails, number)
        previous.append(ends[at - 1] if at else None)
        if at == len(tails):
            tails.append(number)
            ends.append(n)
        else:
            tails[at], ends[at] = number, n
    rise: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        rise.add(last)
        last = previous[last]
    return rise
