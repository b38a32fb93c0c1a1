"""The caller: the token's subject, roles and scopes, and what they amount to."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, as the token says. A token speaks for one organization.

    `user_id` may be a person or a service; whether it is a member is a question for the directory.
    """

    organization_id: str
    user_id: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    name: str | None = None
    email: str | None = None
    key: str = field(init=False, repr=False, compare=False)
    """Who the caller is, as one text: what is counted for each principal is counted under it."""

    def __post_init__(self) -> None:
        """Put the key together once: each request of the same token asks for it."""
        object.__setattr__(self, "key", f"{self.organization_id}\n{self.user_id}")

    @property
    def who(self) -> tuple[str, str]:
        """Organization and user."""
        return self.organization_id, self.user_id

    @property
    def authority(self) -> frozenset[str]:
        """All that the token gives the caller beside being who they are."""
        return self.roles | self.scopes

    @property
    def is_national_admin(self) -> bool:
        """May administer everything in the organization."""
        return "national_admin" in self.roles

    @property
    def is_grader(self) -> bool:
        """May grade any course of the organization."""
        return "grader" in self.roles or self.is_national_admin

    @property
    def admin_regions(self) -> frozenset[str]:
        """Regions that the caller administers."""
        return self._units("regional_admin:")

    @property
    def admin_chapters(self) -> frozenset[str]:
        """Chapters that the caller administers."""
        return self._units("chapter_admin:")

    @property
    def is_any_admin(self) -> bool:
        """Administers the organization or some unit of it."""
        # Most callers have no role at all.
        return bool(self.roles) and (
            self.is_national_admin or bool(self.admin_regions) or bool(self.admin_chapters)
        )

    def _units(self, prefix: str) -> frozenset[str]:
        return frozenset(role.removeprefix(prefix) for role in self.roles if role.startswith(prefix))
