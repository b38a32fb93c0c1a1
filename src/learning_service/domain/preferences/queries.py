"""Reads of preferences."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.directory.models import Organization
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.kernel.reads import ORGANIZATION_ID, USER_ID, Kept, fetch_first, kept
from learning_service.domain.organizations.models import OrganizationSettings
from learning_service.domain.organizations.rules import MailTopic
from learning_service.domain.preferences.models import MemberPreferences
from learning_service.domain.preferences.rules import TOPIC_OF, TOPICS


@dataclass(frozen=True, slots=True)
class MailView:
    """Which mails a member wants."""

    assigned: bool
    reminders: bool
    results: bool
    digest: bool


@dataclass(frozen=True, slots=True)
class PreferencesView:
    """What a member chose, defaults filled in."""

    locale: str | None
    mail: MailView
    required_mails: Sequence[MailTopic]
    """Kinds that the organization sends all the same."""


async def own_preferences(session: AsyncSession, caller: Principal) -> PreferencesView:
    """The caller's preferences."""
    own = {"organization_id": caller.organization_id, "user_id": caller.user_id}
    locale, required, *mail = await fetch_first(session, _preferences(), own)
    return PreferencesView(locale, MailView(*mail), required or ())


@cache
def _preferences() -> Kept:
    wanted = [func.coalesce(_column(topic), true()) for topic in TOPICS]
    return kept(
        select(MemberPreferences.locale, OrganizationSettings.required_mails, *wanted)
        .select_from(Organization)
        .outerjoin(MemberPreferences, is_of(MemberPreferences, Organization.id, USER_ID))
        .outerjoin(OrganizationSettings, OrganizationSettings.organization_id == Organization.id)
        .where(Organization.id == ORGANIZATION_ID)
    )


def is_of(row: Any, organization_id: Any, user_id: Any) -> ColumnElement[bool]:
    """Whether a row is that of a member, by the whole key."""
    return and_(row.organization_id == organization_id, row.user_id == user_id)


def is_required(kind: Any) -> ColumnElement[bool]:
    """Whether the organization sends reminders of this kind whatever their readers prefer."""
    return func.coalesce(_topic(kind) == func.any(OrganizationSettings.required_mails), False)


def is_wanted(kind: Any) -> ColumnElement[bool]:
    """Whether the member wants reminders of this kind, or gets them all the same."""
    chosen = case({name: _column(topic) for name, topic in TOPIC_OF.items()}, value=kind, else_=true())
    return or_(func.coalesce(chosen, True), is_required(kind))


def _topic(kind: Any) -> Any:
    return case(TOPIC_OF, value=kind)


def _column(topic: str) -> Any:
    return getattr(MemberPreferences, f"mail_{topic}")
