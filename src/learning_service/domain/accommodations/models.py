"""The table of accommodations."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base


class Accommodation(Base):
    """What a member needs at attempts. An attempt takes it at its start."""

    __tablename__ = "accommodations"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["members.organization_id", "members.user_id"]),
        CheckConstraint("time_multiplier BETWEEN 1 AND 5", name="time_multiplier"),
        CheckConstraint("extra_attempts BETWEEN 0 AND 10", name="extra_attempts"),
    )

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(primary_key=True)
    time_multiplier: Mapped[Decimal]
    extra_attempts: Mapped[int]
    reason: Mapped[str]
    """Free text about a person: never in the audit trail, and gone with the member's personal data."""
    granted_by: Mapped[str]
    granted_at: Mapped[datetime]
