"""Courses for tests: each form is made once by the domain's own actions, and what tests get are copies of it.

An organization that is no longer as it was founded gets its course from the actions, and so does a course whose form
names things by id.
"""

import contextlib
import json
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.context import Context
from learning_service.domain.courses.actions.courses import create_course
from learning_service.domain.courses.actions.drafts import save_draft
from learning_service.domain.courses.actions.publishing import publish_draft
from learning_service.domain.courses.rules.policy import CourseIn
from learning_service.domain.enrollments.queries.enrollments import see_course
from learning_service.domain.kernel.principal import Principal
from learning_service.schemas.courses import CourseOut, PublishedCourseOut, PublishWarningOut
from tests.kit.copying import ID, Enough, Model, model_of, rows_of
from tests.kit.founding import copy_founded

Json = dict[str, Any]
MODEL = "org-of-which-courses-are-copies"
_AS_FOUNDED = text(
    """
    SELECT (SELECT to_jsonb(o) - '{id,created_at,updated_at}'::text[] FROM organizations o WHERE id = :id)::text
        || (SELECT jsonb_agg(to_jsonb(r) - '{organization_id,created_at,updated_at}'::text[] ORDER BY id)
            FROM compliance_requirements r WHERE organization_id = :id)::text
        || (SELECT jsonb_agg(jsonb_build_array(id, region_id) ORDER BY id)
            FROM chapters WHERE organization_id = :id)::text
        || (SELECT count(*) FROM organization_settings WHERE organization_id = :id)::text
    """
)
"""All that making a course looks at beside what it is told."""
_founded: list[str] = []
"""The same of an organization that was just founded."""
_models: dict[str, Model] = {}
"""By form."""


async def make_course(
    context: Context, organization_id: str, body: Json, tree: Json, *, publish: bool
) -> Json:
    """A course with this tree, made by a national administrator; what the route would have answered."""
    form = json.dumps([body, tree, publish])
    async with context.transaction(organization_id) as session:
        if ID.search(form) or not await _is_as_founded(context, session, organization_id):
            return await make_by_actions(session, organization_id, body, tree, publish=publish)
        if form not in _models:
            await _make_model(context, form, body, tree, publish=publish)
        copied: Json = json.loads(await _models[form].copy(session, organization_id))
        return copied


async def _is_as_founded(context: Context, session: AsyncSession, organization_id: str) -> bool:
    if not _founded:
        with contextlib.suppress(Enough):
            async with context.transaction(None) as first:
                await copy_founded(context, first, MODEL)
                _founded.append(str(await first.scalar(_AS_FOUNDED, {"id": MODEL})))
                raise Enough
    return bool(await session.scalar(_AS_FOUNDED, {"id": organization_id}) == _founded[0])


async def _make_model(context: Context, form: str, body: Json, tree: Json, *, publish: bool) -> None:
    with contextlib.suppress(Enough):
        async with context.transaction(MODEL) as session:
            await copy_founded(context, session, MODEL)
            before = await rows_of(session, MODEL)
            made = await make_by_actions(session, MODEL, body, tree, publish=publish)
            _models[form] = await model_of(session, MODEL, before=before, answer=json.dumps(made))
            raise Enough


async def make_by_actions(
    session: AsyncSession, organization_id: str, body: Json, tree: Json, *, publish: bool
) -> Json:
    """The same by the actions of the routes."""
    boss = Principal(organization_id, "boss", roles=frozenset({"national_admin"}))
    warnings = None
    course_id = await create_course(session, CourseIn.model_validate_json(json.dumps(body)), actor=boss)
    await save_draft(session, course_id, json.dumps(tree).encode(), if_match="*", actor=boss)
    if publish:
        warnings = await publish_draft(session, course_id, note=None, if_match=None, actor=boss)
    made = CourseOut.model_validate((await see_course(session, boss, course_id)).view)
    if warnings is None:
        return made.model_dump(mode="json")
    told = [PublishWarningOut.model_validate(one) for one in warnings]
    return PublishedCourseOut(**made.model_dump(), warnings=told).model_dump(mode="json")
