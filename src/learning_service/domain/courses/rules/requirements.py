"""What this service keeps about a compliance requirement; its name is the directory's. Source: the contract."""

from learning_service.domain.directory.rules.facts import AdminRoles
from learning_service.domain.kernel.values import StrictModel

DEFAULT_LINKABLE_BY: AdminRoles = ("national_admin", "regional_admin")


class RequirementChangeIn(StrictModel):
    """Changes of a requirement; what is absent stays."""

    linkable_by: AdminRoles = DEFAULT_LINKABLE_BY
    """The roles that may link a course to it. National administrators always may."""
