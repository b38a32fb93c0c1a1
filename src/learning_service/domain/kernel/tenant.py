"""Whose rows a transaction is about.

The opening statement says it once. Keys of tenant tables begin with it, so that a row of the transaction's own
organization is found by `own_key` and an id.
"""

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

_ORGANIZATION = "organization_id"


def own_key(session: AsyncSession, row_id: uuid.UUID) -> tuple[str, uuid.UUID]:
    """The primary key of a row of the transaction's organization. Raises KeyError where it is of none."""
    return session.info[_ORGANIZATION], row_id


def set_organization(session: AsyncSession, organization_id: str | None) -> None:
    """Called once by the opening statement."""
    session.info.pop(_ORGANIZATION, None)
    if organization_id:
        session.info[_ORGANIZATION] = organization_id
