"""Which members a person administers, or a course is for: all, or those of some regions and chapters."""

from dataclasses import dataclass

from learning_service.domain.kernel.errors import Forbidden
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.values import JsonObject


@dataclass(frozen=True, slots=True)
class Reach:
    """The units whose members are reached; `national` is all of them."""

    national: bool = False
    regions: frozenset[str] = frozenset()
    chapters: frozenset[str] = frozenset()

    def covers(self, other: "Reach") -> bool:
        """Whether this reaches every member that the other reaches, as far as the names of units tell."""
        if self.national:
            return True
        return not other.national and other.regions <= self.regions and other.chapters <= self.chapters

    def meets(self, other: "Reach") -> bool:
        """Whether both are about some of the same units, as far as names of units tell."""
        if self.national or other.national:
            return True
        return bool(self.regions & other.regions or self.chapters & other.chapters)

    def as_json(self) -> JsonObject:
        """As it is stored."""
        return {
            "national": self.national,
            "regions": sorted(self.regions),
            "chapters": sorted(self.chapters),
        }

    @classmethod
    def from_json(cls, stored: JsonObject) -> "Reach":
        """As it was stored."""
        return cls(stored["national"], frozenset(stored["regions"]), frozenset(stored["chapters"]))


def reach_of(caller: Principal, *, chapters: bool = False) -> Reach:
    """Whose members the caller administers; with `chapters`, as administrator of chapters too."""
    if caller.is_national_admin:
        return Reach(national=True)
    return Reach(regions=caller.admin_regions, chapters=caller.admin_chapters if chapters else frozenset())


def reach_of_course(scope: str, scope_id: str | None) -> Reach:
    """Whom a course is for."""
    unit = frozenset({scope_id} if scope_id is not None else ())
    match scope:
        case "national":
            return Reach(national=True)
        case "regional":
            return Reach(regions=unit)
        case _:
            return Reach(chapters=unit)


def refuse_own(user_id: str, actor: Principal) -> None:
    """Raises Forbidden for what administrators do not decide about themselves."""
    if user_id == actor.user_id:
        raise Forbidden("You cannot decide this about yourself; ask another administrator.")
