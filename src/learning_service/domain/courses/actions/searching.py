"""What searching looks at of a course, written when that changes."""

import uuid

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


async def remember_text(session: AsyncSession, organization_id: str, course_id: uuid.UUID) -> None:
    """Note what the course is found by: its published version's words, before that its draft's.

    Last in a transaction: other authors of the organization wait for the words that are new.
    """
    await session.flush()
    await session.execute(select(func.remember_course_text(organization_id, course_id)))
