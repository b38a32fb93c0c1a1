"""Which moment a transaction happens at.

Every transaction opens by asking the database for the time; that answer is the transaction's instant. Rules get
it as an argument, so tests and `--at` replace it here and nowhere else.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

_INSTANT = "instant"


def now(session: AsyncSession) -> datetime:
    """The instant of the session's transaction, in UTC. Raises KeyError outside an opened transaction."""
    instant: datetime = session.info[_INSTANT]
    return instant


def set_instant(session: AsyncSession, instant: datetime) -> None:
    """Called once by the opening statement."""
    session.info[_INSTANT] = instant
