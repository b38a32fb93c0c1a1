"""Verify, a member's courses, progress and modules: one round trip each (two where a course is completed, or courses
are not as this process saw them last), no session, no resolving of dependencies.
"""

import json
import uuid
from collections import OrderedDict
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic_core import to_json
from starlette.requests import Request

from learning_service.api.fast.functions import COURSES, FINISH, LEARNING, MARK_OF_COURSES, POSITION
from learning_service.api.fast.kept_pages import KeptPages
from learning_service.api.fast.lane import Reply
from learning_service.api.fast.pages import ModulesPage
from learning_service.api.headers import values_of
from learning_service.api.requests import authenticate
from learning_service.context import Context
from learning_service.domain.attempts.queries.positions import known_id, read_position
from learning_service.domain.attempts.queries.standings import read_standing
from learning_service.domain.certificates.rules.certificates import PublicCertificate
from learning_service.domain.completion.queries.completions import Finish
from learning_service.domain.completion.views.progress import progress_view
from learning_service.domain.completion.views.ways import Way, is_plain
from learning_service.domain.courses.queries.compiled import CompiledVersion, cached_version
from learning_service.domain.enrollments.queries.enrollments import EnrollmentView
from learning_service.domain.enrollments.queries.standing import OPEN
from learning_service.domain.kernel.paging import DEFAULT_LIMIT
from learning_service.domain.kernel.values import JsonObject
from learning_service.schemas.certificates import VERIFICATION_HEADERS
from learning_service.schemas.common import shown_number

_VERIFY = "SELECT * FROM public_certificate($1)"
_VERIFY_HEADERS = [(name.lower().encode(), value.encode()) for name, value in VERIFICATION_HEADERS.items()]
MAX_PAGES = 500
_pages: OrderedDict[uuid.UUID, ModulesPage] = OrderedDict()
_ways: OrderedDict[uuid.UUID, Way] = OrderedDict()
_courses = KeptPages()
_EXACT = json.JSONDecoder(parse_float=Decimal)


async def verify(request: Request, context: Context, certificate_id: str) -> Reply | None:
    """A certificate's true state."""
    if any("html" in accepted for accepted in values_of(request.scope, b"accept")):
        return None
    row = await context.direct.row(_VERIFY, certificate_id)
    if row is None:
        return None
    instant, *facts = row
    view = PublicCertificate(*facts).view(instant)
    view["certificate_id"] = certificate_id  # To write the driver's own kind of UUID takes 2 µs.
    return to_json(view), _VERIFY_HEADERS


async def courses(request: Request, context: Context, _: str) -> Reply | None:
    """The courses of a member without any office, as PostgreSQL wrote them down.

    To write 20 courses down takes the database as long as to find them. Which they are, and that no transaction has
    written their rows since, is asked each time, behind the wall.
    """
    caller = await authenticate(request)
    if caller.is_any_admin:
        return None
    known = await context.direct.row(MARK_OF_COURSES.call, caller.organization_id, caller.user_id)
    if known is None or known[0] is None:
        return None
    page = _courses.page(known[0])
    if page is None:
        row = await context.direct.row(COURSES.call, caller.organization_id, caller.user_id)
        if row is None or row["page"] is None:
            return None
        page = row["page"].encode()
        _courses.keep(row["mark"], page)
    return page, ()


async def learning(request: Request, context: Context, _: str) -> Reply | None:
    """How far a member is in each course, where all of it is of versions that this process has seen before."""
    caller = await authenticate(request)
    row = await context.direct.row(LEARNING.call, caller.organization_id, caller.user_id)
    if row is None or row["items"] is None:
        return None
    found = _EXACT.decode(row["items"])
    if len(found) > DEFAULT_LIMIT:
        return None
    items = [_learned(told) for told in found]
    if None in items:
        return None
    return to_json({"items": items, "next_cursor": None, "totals": json.loads(row["totals"])}), ()


def _learned(told: list[Any]) -> JsonObject | None:
    """An item of that page from a row of `own_progress`; None where it is of a version that is not known yet."""
    *seen, version_id, lessons, quizzes, needed, completed_at, score, certificate_id = told
    view = EnrollmentView(*seen)
    version = cached_version(known_id(version_id))
    if version is None:
        return None
    standing, lessons = read_standing(None, quizzes, needed), lessons or ()
    way = _way(version)
    done, item = way.progress(lessons, standing), None
    if view.status in OPEN and view.withdrawn_at is None:
        item = way.next_item(lessons, standing) if is_plain(standing) else None
        if item is None:
            item = progress_view(view, version, read_standing(lessons, quizzes, needed)).next_item
    return {
        "enrollment_id": view.id,
        "course_id": view.course_id,
        "course_title": view.course_title,
        "status": view.status,
        "items_completed": done.items_completed,
        "items_total": done.items_total,
        "percent": done.percent,
        "due_at": _instant(view.due_at),
        "overdue": view.overdue,
        "awaiting_review": view.awaiting_review,
        "next_item": item,
        "completed_at": _instant(completed_at),
        "score": None if score is None else shown_number(Decimal(score)),
        "certificate_id": certificate_id,
        "missing_prerequisites": (),
    }


def _instant(text: Any) -> datetime | None:
    """A time as PostgreSQL writes it in JSON."""
    return None if text is None else datetime.fromisoformat(text)


def _way(version: CompiledVersion) -> Way:
    way = _ways.get(version.id)
    if way is None or way.version is not version:
        way = _ways[version.id] = Way(version)
        while len(_ways) > MAX_PAGES:
            _ways.popitem(last=False)
    return way


async def modules(request: Request, context: Context, course_id: str) -> Reply | None:
    """The modules of a course that the member is enrolled in, whose version this process has seen before."""
    caller = await authenticate(request)
    organization = caller.organization_id
    row = await context.direct.row(POSITION.call, organization, caller.user_id, course_id)
    if row is None:
        return None
    instant, *columns = row
    *columns, lessons, quizzes, under_way = columns
    position = read_position([*columns, None, quizzes, under_way])
    version = cached_version(position.version_id)
    # A program has no content: whoever takes it for a course is told that there is none.
    if version is None or position.is_withdrawn or not version.has_content:
        return None
    page = _pages.get(version.id)
    if page is None:
        page = _pages[version.id] = ModulesPage(version)
        while len(_pages) > MAX_PAGES:
            _pages.popitem(last=False)
    if position.is_open and any(n.best_points != n.possible_points for n in position.quizzes.values()):
        return None  # whether only graders are left to act depends on the lessons too
    finish = Finish()
    if position.status == "completed":
        found = await context.direct.row(FINISH.call, organization, [position.enrollment_id])
        if found is None:
            return None
        _, *facts = found
        finish = Finish(*facts)
    return page.render(position, lessons or {}, finish, instant), ()
