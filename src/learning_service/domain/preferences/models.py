"""The table of preferences."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base


class MemberPreferences(Base):
    """What a member chose; without a row the defaults hold: the directory's language, and every mail."""

    __tablename__ = "member_preferences"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    locale: Mapped[str | None]
    mail_assigned: Mapped[bool] = mapped_column(server_default="true")
    mail_reminders: Mapped[bool] = mapped_column(server_default="true")
    mail_results: Mapped[bool] = mapped_column(server_default="true")
    mail_digest: Mapped[bool] = mapped_column(server_default="true")
    notifications_read_at: Mapped[datetime | None]
    """Everything until then is read."""
