"""What this service keeps about a compliance requirement; its name is the directory's. Source: the contract."""

from learning_service.domain.directory.rules.audience import AudienceFilter
from learning_service.domain.directory.rules.facts import AdminRoles
from learning_service.domain.kernel.values import StrictModel

DEFAULT_LINKABLE_BY: AdminRoles = ("national_admin", "regional_admin")


class RequirementChangeIn(StrictModel):
    """Changes of a requirement; what is absent stays."""

    linkable_by: AdminRoles = DEFAULT_LINKABLE_BY
    """The roles that may link a course to it. National administrators always may."""
    audience_filter: AudienceFilter | None = None
    """Who must meet it; null: all active members."""

    def changes(self) -> dict[str, object]:
        """What was sent, as it is stored."""
        given: dict[str, object] = {}
        if "linkable_by" in self.model_fields_set:
            given["linkable_by"] = list(self.linkable_by)
        if "audience_filter" in self.model_fields_set:
            given["audience_filter"] = self.audience_filter and self.audience_filter.as_json()
        return given
