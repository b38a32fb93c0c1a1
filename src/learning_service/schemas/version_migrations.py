"""Wire types of moves to another version."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from learning_service.schemas.common import Out


class LostItemOut(Out):
    """An item whose work counts no more."""

    key: Annotated[str, Field(description="The key that it has in every version.")]
    title: Annotated[str, Field(description="Its title in the version that is left.")]
    enrollments: Annotated[int, Field(description="How many lose what they have done of it.")]


class MovedSampleOut(Out):
    """An enrollment that would move."""

    enrollment_id: UUID
    from_version: Annotated[int, Field(description="The version that it would leave.")]
    kept: Annotated[list[str], Field(description="Keys of items done or tried that it keeps.")]
    lost: Annotated[list[str], Field(description="Keys of those whose work counts no more.")]
    completes: Annotated[bool, Field(description="Whether it would be completed by that.")]


class MigrationForecastOut(Out):
    """What a move would do now."""

    enrollments: Annotated[int, Field(description="Open enrollments that would move, sooner or later.")]
    kept_items: Annotated[int, Field(description="Items done or tried that they keep, over all of them.")]
    lost_items: Annotated[list[LostItemOut], Field(description="What some of them did for nothing.")]
    would_complete: Annotated[int, Field(description="How many would be completed by that.")]
    waiting: Annotated[
        int,
        Field(
            description="How many would move later: an attempt is under way, or a pass waits for a decision."
        ),
    ]
    staying: Annotated[
        int, Field(description="How many would not move, because they could not be completed any more.")
    ]
    sample: Annotated[list[MovedSampleOut], Field(description="Some of them, without their learners.")]
