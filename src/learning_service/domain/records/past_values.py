"""What rows held before they changed: triggers write it for what compliance follows from, and nothing takes it away.

A value that a row has now, it has had since the last change; a row that never changed needs nothing here. It holds
no personal data, so that erasure leaves it whole.
"""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base
from learning_service.domain.kernel.values import JsonObject


class PastValue(Base):
    """What a row held until it was changed."""

    __tablename__ = "past_values"

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    """Of which table it is: `enrollment`, `completion`, `course`, `requirement`, `chapter` or `settings`."""
    id: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime] = mapped_column(primary_key=True)
    was: Mapped[JsonObject]
    """The values by column; none of a row that was not there."""
