"""What regrades come to, from scratch: whole attempts by whole keys, and nothing of the service's own rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

PASS = Fraction(60, 100)
ATTEMPTS = 2
RULES: Mapping[str, Callable[[Any, Any], Fraction | None]] = {
    "single": lambda right, given: Fraction(given in right),
    "statement": lambda right, given: Fraction(given == right),
    "several": lambda right, given: _share(right, given or ()),
    "word": lambda right, given: Fraction(0) if given is None else Fraction(1) if given in right else None,
    "number": lambda right, given: Fraction(given == right),
    "essay": lambda _, given: Fraction(0) if given is None else None,
}
"""What a response is worth, as a share; None: it waits for a person."""
CHOICES = frozenset("abcd")


def _share(right: frozenset[str], given: Any) -> Fraction:
    """Right less wrong."""
    wrong = CHOICES - right
    share = Fraction(len(right & set(given)), len(right))
    return max(Fraction(0), share - (Fraction(len(wrong & set(given)), len(wrong)) if wrong else 0))


@dataclass(frozen=True)
class Key:
    """How one question is graded: by the best of several right answers, each a key of its own."""

    kind: str
    points: Fraction
    rights: tuple[Any, ...]
    full: bool = False
    dropped: bool = False

    @property
    def worth(self) -> Fraction:
        """Of what maximum."""
        return Fraction(0) if self.dropped else self.points

    def mark(self, given: Any) -> Fraction | None:
        """Its points; None: it waits."""
        if self.full or self.dropped:
            return self.worth
        found = [RULES[self.kind](right, given) for right in self.rights]
        if 1 in found:
            return self.points
        return None if None in found else self.points * max(share for share in found if share is not None)


def corrected(key: Key, policy: str, right: Any, points: Fraction | None) -> Key:
    """The key after a correction; `right` None: points alone."""
    if policy == "full_credit":
        return replace(key, full=True, dropped=False)
    if policy == "drop":
        return replace(key, full=False, dropped=True)
    key = replace(key, points=key.points if points is None else points)
    if right is None:
        return key
    if policy == "new_only" or key.dropped:
        return replace(key, rights=(right,), full=False, dropped=False)
    return replace(key, rights=(*key.rights, right))


@dataclass
class Attempt:
    """A closed attempt: what was given, by which keys it is marked, and what persons gave."""

    given: Mapping[str, Any]
    keys: Mapping[str, Key]
    persons: dict[str, Fraction] = field(default_factory=dict)

    def mark(self, name: str) -> Fraction | None:
        """The mark of one question."""
        key = self.keys[name]
        if name in self.persons and not key.dropped:
            return min(self.persons[name], key.worth)
        return key.mark(self.given[name])

    @property
    def most(self) -> Fraction:
        """Its maximum."""
        return sum((key.worth for key in self.keys.values()), Fraction(0))

    @property
    def points(self) -> Fraction:
        """What it has for sure."""
        return sum((self.mark(name) or Fraction(0) for name in self.keys), Fraction(0))

    @property
    def waiting(self) -> list[str]:
        """What waits for a person."""
        return [name for name in self.keys if self.mark(name) is None]

    @property
    def low(self) -> Fraction:
        """Its score for sure."""
        return self.points / self.most

    @property
    def high(self) -> Fraction:
        """What its score can come to."""
        return (self.points + sum(self.keys[name].worth for name in self.waiting)) / self.most

    def regrade(self, keys: Mapping[str, Key], *, lower: bool) -> None:
        """Mark it by other keys, unless it would fall and may not."""
        after = Attempt(self.given, keys, dict(self.persons))
        if not lower and (after.low < self.low or after.high < self.high):
            return
        self.keys = keys
        self.persons = {
            name: min(points, keys[name].worth)
            for name, points in self.persons.items()
            if not keys[name].dropped
        }


@dataclass
class Learner:
    """An enrollment in a course of this one quiz."""

    attempts: list[Attempt] = field(default_factory=list)
    status: str = "in_progress"
    score: Fraction | None = None
    best: Fraction = Fraction(0)
    doubted: bool = False

    def settle(self) -> None:
        """Where it stands after anything happened; a pass that is lost counts as before."""
        if not self.attempts:
            return
        low, high = max(a.low for a in self.attempts), max(a.high for a in self.attempts)
        self.doubted = self.status == "completed" and low < PASS
        self.best = self.best if self.doubted else low
        high = max(high, self.best)
        if self.status != "completed":
            hope = Fraction(1) if len(self.attempts) < ATTEMPTS else high
            self.status = "completed" if low >= PASS else "in_progress" if hope >= PASS else "failed"
        if self.status == "completed" and self.best == high:
            self.score = 100 * self.best
