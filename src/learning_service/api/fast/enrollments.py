"""An administrator's list of enrollments: one round trip.

What makes the page differs with what is asked, so its statement is planned for it, as the route's is. What is shown
of each enrollment does not, and has a plan that is kept: to plan it was two fifths of what PostgreSQL took.
"""

import json
import uuid
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pydantic_core import to_json
from starlette.requests import Request

from learning_service.api.enrollment_lists import ENROLLMENTS, enrollment_filter
from learning_service.api.fast.functions import ENROLLMENT_FIELDS, HotPage
from learning_service.api.fast.lane import Reply
from learning_service.api.list_files import wanted_file
from learning_service.api.permissions import IsAdmin
from learning_service.context import Context
from learning_service.domain.attempts.queries.standings import read_standing
from learning_service.domain.completion.queries.found_enrollments import page_of_ids
from learning_service.domain.completion.queries.wanted_enrollments import Shape, values_of
from learning_service.domain.courses.queries.compiled import cached_version
from learning_service.domain.enrollments.rules import progress
from learning_service.schemas.common import shown_number

_LIST = """
SELECT p.total, p.keys[$4::int] AS key, s.*
FROM page_of_ids($1, $2, $3) p LEFT JOIN LATERAL hot_enrollments($1, p.ids) s ON true
"""
_SCORE = ENROLLMENT_FIELDS.index("score")
_admins = IsAdmin(chapters=True)


async def enrollments(request: Request, context: Context, _: str) -> Reply | None:
    """A page of enrollments of versions that this process has seen before, looked for by anything but words."""
    caller = await _admins(request)
    if wanted_file(request) is not None:
        return None
    asked = await ENROLLMENTS(request, caller)
    wanted = enrollment_filter(asked)
    if wanted.typed is not None:
        return None
    page = _page(Shape.of(caller, wanted, (), asked.after), wanted.count)
    values = {**values_of(caller, wanted, (), asked.after), "most": asked.limit + 1}
    rows = await context.direct.rows(
        _LIST, caller.organization_id, page.text, page.given(values), asked.limit
    )
    total, key = rows[0]["total"], rows[0]["key"]
    found = [] if rows[0]["id"] is None else rows
    items = _items(found[: asked.limit])
    if items is None:
        return None
    cursor = asked.cursors.encode(json.loads(key)) if len(found) > asked.limit else None
    counted = {"total": total} if wanted.count else {}
    return to_json({"items": items, "next_cursor": cursor, **counted}), ()


@lru_cache(maxsize=128)
def _page(shape: Shape, count: bool) -> HotPage:
    return HotPage.of(page_of_ids(shape, count))


def _items(rows: Sequence[Any]) -> list[dict[str, Any]] | None:
    """Items as they are sent; None where one is of a version that is not known yet, or of a program."""
    untouched: dict[uuid.UUID, int] = {}
    """How much of each version is done before anything is."""
    items = []
    for row in rows:
        _, _, *shown, version_id, lessons, quizzes = row
        percent = untouched.get(version_id) if lessons is quizzes is None else None
        if percent is None:
            version = cached_version(version_id)
            if version is None or not version.has_content:
                return None
            percent = progress(version.shape, read_standing(lessons, quizzes, None)).percent
            if lessons is quizzes is None:
                untouched[version_id] = percent
        if shown[_SCORE] is not None:
            shown[_SCORE] = shown_number(shown[_SCORE])
        items.append({**dict(zip(ENROLLMENT_FIELDS, shown, strict=True)), "percent": percent})
    return items
