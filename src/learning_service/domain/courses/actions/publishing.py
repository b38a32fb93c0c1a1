"""Publishing: a draft that is whole becomes a version that never changes."""

import uuid
from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.courses.actions.documents import document_faults, write_references
from learning_service.domain.courses.actions.drafts import lock_course, refuse_changed
from learning_service.domain.courses.actions.rights import published_skills, require_granting
from learning_service.domain.courses.actions.searching import remember_text
from learning_service.domain.courses.actions.storing import mix_answer_ids, remember_keys, write_rows
from learning_service.domain.courses.models import Course, CourseVersion
from learning_service.domain.courses.queries.freezing import frozen_tree
from learning_service.domain.courses.queries.versions import current_version, known_keys, read_tree
from learning_service.domain.courses.rules.publishing import Warned, publish_faults, publish_warnings
from learning_service.domain.courses.rules.tree import Tree, pools_of
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import Conflict, Fault, Invalid
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.records.audit import record_act


class NotPublishable(Invalid):
    """The draft is not whole; `errors` has everything that stops it."""

    code = "not-publishable"


class NothingToPublish(Conflict):
    """The course has no draft."""

    code = "nothing-to-publish"

    def __init__(self) -> None:
        super().__init__("There is no draft; edit the course first.")


Missing: TypeAlias = Callable[[str], str]
"""What gives the characters of a title that certificates cannot print."""


def _none_missing(title: str) -> str:
    return ""


async def publish_draft(
    session: AsyncSession,
    course_id: uuid.UUID,
    *,
    note: str | None,
    invites: bool = False,
    if_match: str | None,
    actor: Principal,
    missing_glyphs: Missing = _none_missing,
) -> list[Warned]:
    """Freeze the draft and make it what new enrollments get; what its author may have overlooked.

    Publishing twice at once yields one version. `invites`: whether learners at older ones may move to it.
    `missing_glyphs` gives the characters of a title that certificates cannot print. Raises Forbidden for skills that
    the actor may not grant and that no published version grants,
    Invalid listing everything else that stops it, PreconditionFailed when the caller saw another draft,
    NothingToPublish.
    """
    course = await lock_course(session, course_id)
    version = await current_version(session, course_id)
    warnings: list[Warned] = []
    frozen: Tree | None = None
    if version.published_at is None:
        warnings, frozen = await _judge(session, course, version, missing_glyphs, actor)
    if if_match is not None:
        refuse_changed(if_match, version)
    if version.published_at is not None:
        raise NothingToPublish
    if frozen is not None:
        await _write_frozen(session, course, version, frozen)
    await mix_answer_ids(session, version)
    version.published_at = now(session)
    version.published_by = actor.user_id
    version.note = note
    version.invites = invites
    await session.flush()
    course.published_version_id = version.id
    course.updated_at = now(session)
    record_act(
        session,
        actor,
        "course.published",
        ("course", course.id),
        course_id=course.id,
        details={"version": version.number},
    )
    await remember_text(session, course.organization_id, course.id)
    return warnings


async def _judge(
    session: AsyncSession,
    course: Course,
    version: CourseVersion,
    missing_glyphs: Missing,
    actor: Principal,
) -> tuple[list[Warned], Tree]:
    """What the author of a draft that can be published may have overlooked, and what of it will be published.

    Raises Forbidden, Invalid.
    """
    await _lock_version(session, version)
    tree = await frozen_tree(session, course.organization_id, (await read_tree(session, version)).tree)
    granted = await published_skills(session, course)
    await require_granting(session, course, granted, tree.mastered_skills, actor=actor)
    faults = publish_faults(tree)
    faults += await document_faults(session, course.organization_id, tree)
    if missing := missing_glyphs(version.title):
        detail = f"certificates cannot print these characters: {missing[:50]}"
        faults.insert(0, Fault("/title", detail, "unusable"))
    if faults:
        raise NotPublishable(faults)
    return publish_warnings(tree), tree


async def _write_frozen(session: AsyncSession, course: Course, version: CourseVersion, tree: Tree) -> None:
    """Write what pools take from banks into the version that is about to be published."""
    if not any(pool.bank_id for _, pool in pools_of(tree)):
        return
    before = await read_tree(session, version)
    await remember_keys(session, course, tree, await known_keys(session, course.id))
    await write_references(session, version, before.tree, tree)
    await write_rows(session, version, before, tree)


async def _lock_version(session: AsyncSession, version: CourseVersion) -> None:
    """Hold the version before its rows are read: a row written past this service is then judged too, or late."""
    await session.execute(
        select(CourseVersion.id).where(CourseVersion.id == version.id).with_for_update(key_share=True)
    )
