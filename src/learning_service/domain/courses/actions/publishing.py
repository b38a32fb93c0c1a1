"""Publishing: a draft that is whole becomes a version that never changes."""

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.audit import record_audit
from learning_service.domain.clock import now
from learning_service.domain.courses.actions.drafts import check_precondition, current_edition, lock_course
from learning_service.domain.courses.rules.publishing import publish_faults
from learning_service.domain.errors import Conflict, Invalid
from learning_service.domain.principal import Principal


class NothingToPublish(Conflict):
    """The course has no draft."""

    code = "nothing-to-publish"

    def __init__(self) -> None:
        super().__init__("There is no draft; edit the course first.")


async def publish_draft(
    session: AsyncSession, course_id: uuid.UUID, *, note: str | None, if_match: str | None, actor: Principal
) -> None:
    """Freeze the draft and make it what new enrollments get. Publishing twice at once yields one version.

    Raises Invalid listing everything that stops it, PreconditionFailed when the caller saw another draft,
    NothingToPublish.
    """
    course = await lock_course(session, course_id)
    edition = await current_edition(session, course_id)
    if edition.version.published_at is not None:
        raise NothingToPublish
    faults = publish_faults(edition.tree)
    if faults:
        raise Invalid(faults, code="not-publishable")
    if if_match is not None:
        check_precondition(if_match, edition)
    edition.version.published_at = now(session)
    edition.version.published_by = actor.user_id
    edition.version.note = note
    await session.flush()
    course.published_version_id = edition.version.id
    course.updated_at = now(session)
    record_audit(
        session,
        "course.published",
        organization_id=course.organization_id,
        actor=actor.user_id,
        subject=("course", course.id),
        details={"version": edition.version.number},
    )
    await session.flush()
