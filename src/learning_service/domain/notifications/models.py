"""The table of notifications that were read one by one."""

import uuid

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base


class NotificationRead(Base):
    """A notification that its member has read; see also `MemberPreferences.notifications_read_at`."""

    __tablename__ = "notification_reads"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    notification_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
