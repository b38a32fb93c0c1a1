"""What an administrator may ask of the list of enrollments."""

from collections.abc import Mapping
from typing import get_args

from learning_service.api.parameters import Page
from learning_service.domain.completion.queries.found_enrollments import key_parts
from learning_service.domain.completion.queries.wanted_enrollments import EnrollmentFilter, EnrollmentSort
from learning_service.domain.kernel.paging import PageRequest
from learning_service.schemas.enrollments import STATUSES
from learning_service.schemas.filters import (
    FLAG,
    flag_filter,
    id_filter,
    state_filter,
    time_filter,
    uuid_filter,
)


class EnrollmentsPage(Page):
    """The page asked for of enrollments, whose order hangs on what is asked for."""

    def parts(self, filters: Mapping[str, str]) -> int:
        """One where the newest come first."""
        return key_parts(filters.get("sort"))


ENROLLMENTS = EnrollmentsPage(
    "enrollments",
    "user_id",
    "course_id",
    "chapter_id",
    "region_id",
    "q",
    "due_before",
    status=STATUSES,
    overdue=FLAG,
    awaiting_review=FLAG,
    withdrawn=FLAG,
    sort=get_args(EnrollmentSort),
    count=FLAG,
)


def enrollment_filter(asked: PageRequest) -> EnrollmentFilter:
    """What is wanted. Raises Invalid."""
    return EnrollmentFilter(
        user_id=id_filter(asked, "user_id"),
        course_id=uuid_filter(asked, "course_id"),
        chapter_id=id_filter(asked, "chapter_id"),
        region_id=id_filter(asked, "region_id"),
        status=asked.filters.get("status"),
        typed=asked.filters.get("q"),
        overdue=state_filter(asked, "overdue"),
        awaiting_review=state_filter(asked, "awaiting_review"),
        due_before=time_filter(asked, "due_before"),
        withdrawn=flag_filter(asked, "withdrawn"),
        sort=asked.filters.get("sort"),
        count=flag_filter(asked, "count"),
    )
