"""Signs of life of workers: who works on which queue, where, and when it was last seen."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from learning_service.domain.kernel.base import Base
from learning_service.domain.kernel.clock import now

ALIVE = timedelta(seconds=30)
"""A worker not seen for longer is taken for dead."""


class WorkerRow(Base):
    """One worker process."""

    __tablename__ = "workers"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    queue: Mapped[str]
    host: Mapped[str]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


async def show_life(session: AsyncSession, worker_id: uuid.UUID, *, queue: str, host: str) -> None:
    """Note that a worker is alive and looks at its queue."""
    row = insert(WorkerRow).values(
        id=worker_id, queue=queue, host=host, started_at=now(session), seen_at=now(session)
    )
    await session.execute(
        row.on_conflict_do_update(index_elements=["id"], set_={"seen_at": row.excluded.seen_at})
    )
