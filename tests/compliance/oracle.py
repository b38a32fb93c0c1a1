"""The roll-up counted by hand, from what happened and the contract's words alone."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.kit.world import Json

STATUSES = ("exempt", "complete", "pending", "expired", "failed", "not_started")
REGIONS = {"n1": "north", "n2": "north", "s1": "south", "s2": "south", "x1": "north"}


@dataclass
class Taken:
    """One enrollment: `assigned`, `failed`, `withdrawn` or `completed`."""

    course: str
    state: str = "assigned"
    requirement: str | None = None
    """Of a completion: what the course was linked to then."""
    lapsed: bool = False
    revoked: bool = False

    @property
    def counts(self) -> bool:
        """Whether it is a completion that is valid."""
        return self.state == "completed" and not self.lapsed and not self.revoked


@dataclass
class Person:
    """A member as the directory last said."""

    chapter: str
    status: str = "active"
    year: int | None = None
    taken: list[Taken] = field(default_factory=list)
    exempt_from: set[str] = field(default_factory=set)
    """Requirements and courses."""

    def in_course(self, course: str) -> list[Taken]:
        """The member's enrollments there."""
        return [one for one in self.taken if one.course == course]

    def open_in(self, course: str) -> Taken | None:
        """The open one."""
        return next((one for one in self.in_course(course) if one.state == "assigned"), None)


@dataclass
class Requirement:
    """Its audience, and whether it was retired."""

    audience: Json | None = None
    retired: bool = False

    def means(self, person: Person) -> bool:
        """Whether the member is of the audience."""
        wanted = self.audience or {}
        return (
            person.chapter in wanted.get("chapters", [person.chapter])
            and REGIONS[person.chapter] in wanted.get("regions", [REGIONS[person.chapter]])
            and person.status in wanted.get("status", [person.status])
            and person.year == wanted.get("custom_fields", {}).get("year", person.year)
        )


@dataclass
class History:
    """An organization."""

    people: dict[str, Person]
    requirements: dict[str, Requirement]
    links: dict[str, str | None]
    """The requirement that each course is linked to."""
    chapters: set[str]
    active: list[str] | None = None

    def is_active(self, person: Person) -> bool:
        """Whether the member counts in roll-ups."""
        return self.active is None or person.status in self.active

    def status(self, person: Person, requirement: str) -> str:
        """The first that holds; what was revoked or withdrawn counts as never begun."""
        leading = {course for course, to in self.links.items() if to == requirement}
        if requirement in person.exempt_from or (leading and leading <= person.exempt_from):
            return "exempt"
        done = [one for one in person.taken if one.state == "completed" and one.requirement == requirement]
        linked = [one for one in person.taken if self.links[one.course] == requirement]
        if any(one.counts for one in done):
            return "complete"
        if any(one.state == "assigned" for one in linked):
            return "pending"
        if any(one.lapsed and not one.revoked for one in done):
            return "expired"
        if any(one.state == "failed" for one in linked):
            return "failed"
        return "not_started"

    def pairs(self) -> dict[tuple[str, str], str]:
        """Each active member with each requirement that they must meet, and where they stand."""
        return {
            (user, name): self.status(person, name)
            for user, person in self.people.items()
            for name, requirement in self.requirements.items()
            if not requirement.retired and self.is_active(person) and requirement.means(person)
        }

    def roll_up(self) -> dict[str, dict[str, Any]]:
        """The counts of each open chapter."""
        rows = {}
        for chapter in self.chapters:
            statuses = Counter(
                status for (user, _), status in self.pairs().items() if self.people[user].chapter == chapter
            )
            rows[chapter] = {"members": statuses.total()} | {name: statuses[name] for name in STATUSES}
        return rows
