"""What a learner keeps who moves to another version: the items that are the same there. Pure."""

from collections.abc import Mapping, Sequence

from learning_service.domain.courses.rules.corrections import Correction, with_changes
from learning_service.domain.courses.rules.diff import Change, diff_trees, field_impact
from learning_service.domain.courses.rules.keys import key_kind, keys_of
from learning_service.domain.courses.rules.tree import Tree, keyed_nodes
from learning_service.domain.questions.rules.corrections import BY_KEY

CONDITIONS = frozenset({"required", "max_attempts", "time_limit_seconds", "retry_delay_seconds"})
"""Fields of an item that say how it is to be done, and not what was done."""
_ITEMS = ("lesson", "attestation", "quiz", "assessment")


def same_items(
    before: Tree,
    after: Tree,
    corrected_before: Sequence[Correction] = (),
    corrected_after: Sequence[Correction] = (),
) -> frozenset[str]:
    """The keys of the items of which nothing is lost.

    A lesson stays the same while what is read in it does; an attestation while its text does to the letter, for a
    signature stands under that; a quiz while no question, point or pass score of it changed, as they are graded after
    the corrections. A title, a place, the wording of a question, or how often it
    may be tried lose nothing.
    """
    old, new = _corrected(before, corrected_before), _corrected(after, corrected_after)
    kinds_before, kinds_after = _kinds(old), _kinds(new)
    same = {key for key, kind in kinds_after.items() if kinds_before.get(key) == kind}
    owners_before, owners_after = _owners(old), _owners(new)
    for change in diff_trees(old, new):
        if change.key is not None and _loses(change):
            same -= {owners_before.get(change.key), owners_after.get(change.key)}
    odd = _set_aside(corrected_before) ^ _set_aside(corrected_after)
    for key in odd:
        same -= {owners_before.get(key), owners_after.get(key)}
    return frozenset(same)


def _corrected(tree: Tree, corrections: Sequence[Correction]) -> Tree:
    for one in corrections:
        if one.policy in BY_KEY:
            tree = with_changes(tree, one.changes)
    return tree


def _set_aside(corrections: Sequence[Correction]) -> frozenset[str]:
    """The questions that are not graded by a key."""
    return frozenset(
        change.question_key for one in corrections if one.policy not in BY_KEY for change in one.changes
    )


def _kinds(tree: Tree) -> Mapping[str, str]:
    return {key: kind for key, kind in keys_of(tree).items() if kind in _ITEMS}


def _owners(tree: Tree) -> Mapping[str, str]:
    """The item that each part belongs to, by their keys; an item belongs to itself."""
    owners: dict[str, str] = {}
    owner = ""
    for _, node in keyed_nodes(tree):
        kind, key = key_kind(node), node.key or ""
        if kind in _ITEMS:
            owner = key
        if kind != "module":
            owners[key] = owner
    return owners


def _loses(change: Change) -> bool:
    """Whether what a learner has done of the part's item counts no more."""
    if change.kind not in (*_ITEMS, "pool", "question", "answer"):
        return False
    if change.change == "moved":
        return change.kind not in _ITEMS and change.impact == "scoring"
    if change.change != "changed":
        return change.kind not in _ITEMS
    before, after = change.before or {}, change.after or {}
    own = CONDITIONS if change.kind in _ITEMS else frozenset[str]()
    if change.kind == "attestation":
        return "text_html" in after
    fatal = ("content", "scoring") if change.kind == "lesson" else ("scoring",)
    return any(
        field_impact(change.kind, name, before.get(name), after.get(name)) in fatal
        for name in after.keys() - own
    )
