"""What any mail knows of who reads it."""

from typing import Any

from sqlalchemy import ColumnElement, func

from learning_service.domain.directory.models import Member, Organization
from learning_service.domain.organizations.models import OrganizationSettings
from learning_service.domain.preferences.models import MemberPreferences
from learning_service.domain.preferences.queries import is_of, is_required, is_wanted

ACTIVE: ColumnElement[bool] = func.is_active_status(Member.status, OrganizationSettings.active_statuses)
READER = (
    Organization.name,
    Organization.timezone,
    func.coalesce(Member.timezone, Organization.timezone),
    func.coalesce(MemberPreferences.locale, Member.locale),
    OrganizationSettings.locale,
    Member.display_name,
    Member.email,
    Member.erased_at.is_not(None),
    ACTIVE,
)
"""In the order of `Addressed`, from after `pending` on."""


def preferred(kind: Any) -> tuple[Any, ...]:
    """What `Preferred` adds to that, of a mail of this kind."""
    return (Organization.id, Member.user_id, is_wanted(kind), is_required(kind))


def with_reader(statement: Any, organization_id: Any, user_id: Any) -> Any:
    """A statement about mails joined to who reads them, for `READER` and `preferred`."""
    return (
        statement.join(Organization, Organization.id == organization_id)
        .join(Member, is_of(Member, organization_id, user_id))
        .outerjoin(OrganizationSettings, OrganizationSettings.organization_id == organization_id)
        .outerjoin(MemberPreferences, is_of(MemberPreferences, organization_id, user_id))
    )
