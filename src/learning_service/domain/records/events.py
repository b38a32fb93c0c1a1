"""Facts for other services, appended in the transaction of the fact and numbered after its commit."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base, new_id
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.values import JsonObject


class Event(Base):
    """One fact. It carries ids, never names or addresses."""

    __tablename__ = "events"
    __table_args__ = (
        Index(
            "uq_events_numbered",
            "organization_id",
            "position",
            unique=True,
            postgresql_where=text("position IS NOT NULL"),
        ),
        Index("ix_events_at", "at"),
        Index("ix_events_unnumbered", "organization_id", "id", postgresql_where=text("position IS NULL")),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    type: Mapped[str]
    user_id: Mapped[str]
    at: Mapped[datetime]
    data: Mapped[JsonObject]
    position: Mapped[int | None] = mapped_column(BigInteger)
    """Its place in the feed; given after commit, because ids and times skip rows that commit late."""


def append_event(
    session: AsyncSession, type_: str, *, organization_id: str, user_id: str, **data: object
) -> None:
    """Add an event to the session's transaction. `data` takes ids, numbers and times; None is left out."""
    known = {name: _plain(value) for name, value in data.items() if value is not None}
    session.add(
        Event(
            id=new_id(),
            organization_id=organization_id,
            type=type_,
            user_id=user_id,
            at=now(session),
            data={"organization_id": organization_id, "user_id": user_id, **known},
            position=None,
        )
    )


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, uuid.UUID):
        return str(value)
    return value
