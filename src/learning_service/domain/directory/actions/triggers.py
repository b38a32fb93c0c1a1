"""Members who came, or whose standing changed: the one place where that sets things off."""

from collections.abc import Mapping
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import AutoAssignCourses
from learning_service.domain.records.audit import record_audit

CHUNK = 1000
CauseKind = Literal["directory", "event"]


async def members_changed(
    session: AsyncSession,
    organization_id: str,
    causes: Mapping[str, str],
    *,
    cause_kind: CauseKind,
    actor_id: str,
) -> None:
    """Note that these members are new, have another status, chapter or custom field, or are the subject of an event.

    `causes` maps each user id to what changed them: the writing service's id for PUT and batch (`directory`), our
    id of the membership event (`event`). Every write of members calls this once, in its own transaction, whatever
    follows from such a change belongs here, per chunk of at most 1,000 members: an entry in the audit trail, and
    the job that evaluates the assignment rules.
    """
    changed = sorted(causes.items())
    for start in range(0, len(changed), CHUNK):
        chunk = dict(changed[start : start + CHUNK])
        record_audit(
            session,
            "members.changed",
            organization_id=organization_id,
            actor_id=actor_id,
            subject=("organization", organization_id),
            details={"cause_kind": cause_kind, "causes": chunk},
        )
        await enqueue_job(
            session,
            AutoAssignCourses(cause_kind=cause_kind, causes=chunk),
            organization_id=organization_id,
        )
