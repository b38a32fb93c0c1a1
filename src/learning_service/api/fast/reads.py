"""Verify, a member's courses, a member's modules: one round trip each (two where a course is completed), no session,
no resolving of dependencies.
"""

import json
import uuid
from collections import OrderedDict
from typing import Any

from pydantic_core import to_json
from starlette.requests import Request

from learning_service.api.fast.lane import Answer
from learning_service.api.fast.pages import ModulesPage
from learning_service.api.requests import authenticate
from learning_service.context import Context
from learning_service.domain.attempts.queries.positions import read_position
from learning_service.domain.certificates.rules import PublicCertificate
from learning_service.domain.completion.queries.completions import Finish
from learning_service.domain.courses.queries.compiled import cached_version
from learning_service.domain.enrollments.queries.standing import WITHDRAWN
from learning_service.schemas.certificates import VERIFICATION_HEADERS

_VERIFY = "SELECT * FROM public_certificate($1)"
_COURSES = "SELECT courses_of_member($1, $2)"
_POSITION = "SELECT * FROM position_of_member($1, $2, $3)"
_FINISH = "SELECT * FROM finish_of_enrollment($1, $2)"
_VERIFY_HEADERS = [(name.lower().encode(), value.encode()) for name, value in VERIFICATION_HEADERS.items()]
MAX_PAGES = 500
_pages: OrderedDict[uuid.UUID, ModulesPage] = OrderedDict()


async def verify(request: Request, context: Context, certificate_id: str) -> Answer | None:
    """A certificate's true state."""
    if "html" in request.headers.get("accept", ""):
        return None
    row = await context.direct.row(_VERIFY, certificate_id)
    if row is None:
        return None
    instant, *facts = row
    return to_json(PublicCertificate(*facts).view(instant)), _VERIFY_HEADERS


async def courses(request: Request, context: Context, _: str) -> Answer | None:
    """The courses of a member without any office, as PostgreSQL writes them down."""
    caller = await authenticate(request)
    if caller.is_any_admin:
        return None
    row = await context.direct.row(_COURSES, caller.organization_id, caller.user_id)
    return None if row is None or row[0] is None else (row[0].encode(), ())


async def modules(request: Request, context: Context, course_id: str) -> Answer | None:
    """The modules of a course that the member is enrolled in, whose version this process has seen before."""
    caller = await authenticate(request)
    row = await context.direct.row(_POSITION, caller.organization_id, caller.user_id, course_id)
    version = cached_version(row["version_id"]) if row is not None else None
    if row is None or version is None or row["status"] == WITHDRAWN:
        return None
    page = _pages.get(version.id)
    if page is None:
        page = _pages[version.id] = ModulesPage(version)
        while len(_pages) > MAX_PAGES:
            _pages.popitem(last=False)
    instant, *columns = row
    lessons, quizzes, under_way = (loaded(text) for text in columns[-3:])
    position = read_position([*columns[:-3], {}, quizzes, under_way])
    if position.is_open and any(n.best_points != n.possible_points for n in position.quizzes.values()):
        return None  # whether only graders are left to act depends on the lessons too
    finish = Finish()
    if position.status == "completed":
        found = await context.direct.row(_FINISH, caller.organization_id, position.enrollment_id)
        if found is None:
            return None
        finish = Finish(*found)
    return page.render(position, lessons or {}, finish, instant), ()


def loaded(text: str | None) -> Any:
    """A JSON column, which the driver gives as text."""
    return None if text is None else json.loads(text)
