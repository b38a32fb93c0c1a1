"""Erasing a person: what is personal goes, what others rely on stays, and no later member inherits it.

The records are moved from the member's id to one that the directory can never name (`erased/` and a random part).
A later member with the old id, the same person or another, therefore starts with nothing, whatever query reads.
Fields that are text by or about the person are emptied one by one in `_TEXTS`; a new table that holds such text
needs a line there, and the test that scans every column finds what was forgotten. Ids are given as arrays: written as
joins, the statements would compare all rows of an organization with all while statistics know nothing of it.
"""

import uuid
from collections.abc import Iterable

from sqlalchemy import Table, delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.domain.accommodations.models import Accommodation
from learning_service.domain.certificates.actions.erasing import erase_certificates
from learning_service.domain.compliance.actions import keep_duties
from learning_service.domain.compliance.models import ChapterComplianceStatus, MemberSkill
from learning_service.domain.courses.models import CourseGrader
from learning_service.domain.directory.actions.member_changes import remember_changes
from learning_service.domain.directory.models import ErasedMember, Member, MembershipEvent
from learning_service.domain.directory.rules.membership import STATUS, FieldChange
from learning_service.domain.enrollments.models import Enrollment
from learning_service.domain.enrollments.queries.standing import OPEN, in_lock_order
from learning_service.domain.jobs.outbox import enqueue_job
from learning_service.domain.jobs.payloads import EraseFiles
from learning_service.domain.kernel.base import Base
from learning_service.domain.kernel.clock import now
from learning_service.domain.kernel.errors import NotFound
from learning_service.domain.kernel.principal import Principal
from learning_service.domain.preferences.models import MemberPreferences
from learning_service.domain.records.audit import record_audit
from learning_service.domain.records.events import Event
from learning_service.domain.records.idempotency import forget_replies

ERASED = "erased"
"""The status of a former member."""

# What was never submitted or graded no longer decides anything; of the rest the points stay and the words go.
_TEXTS = (
    """DELETE FROM quiz_attempts
    WHERE organization_id = :organization_id AND user_id = :user_id AND status = 'in_progress'""",
    """UPDATE response_grades SET feedback_html = NULL, reason = NULL
    WHERE organization_id = :organization_id AND (feedback_html IS NOT NULL OR reason IS NOT NULL)
        AND response_id = ANY(ARRAY(SELECT id FROM pending_responses
            WHERE organization_id = :organization_id AND user_id = :user_id))""",
    """DELETE FROM pending_responses
    WHERE organization_id = :organization_id AND user_id = :user_id AND graded_at IS NULL""",
    """UPDATE pending_responses SET text = '', feedback_html = NULL, group_id = NULL, normal = NULL
    WHERE organization_id = :organization_id AND user_id = :user_id""",
    """UPDATE quiz_attempts SET closed_with = NULL,
        responses = (SELECT COALESCE(jsonb_object_agg(r.key, r.value), '{}')
            FROM jsonb_each(responses) AS r WHERE NOT r.value ? 'text'),
        marks = (SELECT jsonb_object_agg(m.key, m.value - 'feedback') FROM jsonb_each(marks) AS m)
    WHERE organization_id = :organization_id AND user_id = :user_id""",
    """UPDATE enrollment_grants SET reason = NULL
    WHERE organization_id = :organization_id AND enrollment_id = ANY(CAST(:enrollments AS uuid[]))""",
    """UPDATE reminders SET reason = NULL
    WHERE organization_id = :organization_id AND enrollment_id = ANY(CAST(:enrollments AS uuid[]))""",
    """DELETE FROM import_rows WHERE organization_id = :organization_id AND user_id = :user_id""",
    """DELETE FROM member_changes
    WHERE organization_id = :organization_id AND user_id = :user_id AND field NOT IN ('status', 'chapter_id')""",
    """DELETE FROM officer_digests WHERE organization_id = :organization_id AND user_id = :user_id""",
    """UPDATE webhook_notices SET reason = NULL
    WHERE organization_id = :organization_id AND user_id = :user_id""",
    """UPDATE evidence_mails SET reason = NULL WHERE organization_id = :organization_id AND evidence_id IN
        (SELECT id FROM evidence WHERE organization_id = :organization_id AND user_id = :user_id)""",
    """UPDATE documents SET name = NULL
    WHERE organization_id = :organization_id AND uploaded_by = :user_id""",
    """UPDATE evidence SET note = NULL, reason = NULL, document_id = NULL
    WHERE organization_id = :organization_id AND user_id = :user_id""",
    """UPDATE exemptions SET reason = NULL, document_id = NULL
    WHERE organization_id = :organization_id AND user_id = :user_id""",
    """UPDATE attestation_signatures SET typed_name = NULL
    WHERE organization_id = :organization_id AND user_id = :user_id""",
    """UPDATE lost_passes SET resolved_at = COALESCE(resolved_at, :instant), reason = NULL
    WHERE organization_id = :organization_id AND user_id = :user_id""",
)
# Replies kept for retries, and reasons of failed jobs, may quote anything about what they name.
_QUOTES = (
    """UPDATE outbox SET error = NULL WHERE organization_id = :organization_id AND error IS NOT NULL
        AND EXISTS (SELECT FROM unnest(CAST(:ids AS text[])) AS n(id)
            WHERE strpos(CAST(arguments AS text), n.id) > 0)""",
)
_IDS = text(
    """SELECT CAST(id AS text) FROM unnest(CAST(:enrollments AS uuid[])) AS mine(id)
    UNION ALL SELECT CAST(id AS text) FROM reminders
        WHERE organization_id = :organization_id AND enrollment_id = ANY(CAST(:enrollments AS uuid[]))
    UNION ALL SELECT CAST(id AS text) FROM webhook_notices
        WHERE organization_id = :organization_id AND user_id = :user_id
    UNION ALL SELECT CAST(id AS text) FROM quiz_attempts
        WHERE organization_id = :organization_id AND enrollment_id = ANY(CAST(:enrollments AS uuid[]))
    UNION ALL SELECT CAST(id AS text) FROM course_completions
        WHERE organization_id = :organization_id AND enrollment_id = ANY(CAST(:enrollments AS uuid[]))
    UNION ALL SELECT CAST(id AS text) FROM certificates
        WHERE organization_id = :organization_id AND user_id = :user_id
    UNION ALL SELECT CAST(id AS text) FROM pending_responses
        WHERE organization_id = :organization_id AND user_id = :user_id
    UNION ALL SELECT CAST(m.id AS text) FROM evidence_mails m
        JOIN evidence e ON e.organization_id = m.organization_id AND e.id = m.evidence_id
        WHERE m.organization_id = :organization_id AND e.user_id = :user_id
    UNION ALL SELECT CAST(id AS text) FROM evidence
        WHERE organization_id = :organization_id AND user_id = :user_id
    UNION ALL SELECT CAST(id AS text) FROM exemptions
        WHERE organization_id = :organization_id AND user_id = :user_id"""
)
# Evidence of the member, by whomever it was uploaded; what also says something of another member stays.
_FILES = text(
    """WITH shown AS (
    SELECT document_id, user_id FROM evidence
        WHERE organization_id = :organization_id AND document_id IS NOT NULL
    UNION ALL SELECT document_id, user_id FROM exemptions
        WHERE organization_id = :organization_id AND document_id IS NOT NULL
), gone AS (
    DELETE FROM documents d WHERE d.organization_id = :organization_id AND d.is_private
        AND (d.uploaded_by = :user_id OR d.id IN (SELECT document_id FROM shown WHERE user_id = :user_id))
        AND d.id NOT IN (SELECT document_id FROM shown WHERE user_id <> :user_id)
    RETURNING d.original_key, d.file_key
)
SELECT DISTINCT key FROM gone, unnest(ARRAY[original_key, file_key]) AS key WHERE key IS NOT NULL ORDER BY key"""
)
# The chapter stays, so that administrators of its region still reach the records.
_COPY = text(
    """INSERT INTO members (organization_id, user_id, chapter_id, status, custom_fields, created_at, updated_at,
        erased_at)
    SELECT organization_id, :record_id, chapter_id, :erased, '{}', created_at, :instant, :instant
    FROM members WHERE organization_id = :organization_id AND user_id = :user_id"""
)
_CAUSES = text(
    """UPDATE enrollments SET cause_id = :record_id WHERE organization_id = :organization_id
    AND user_id = :record_id AND cause_kind = 'person' AND cause_id = :user_id"""
)


async def erase_member(session: AsyncSession, user_id: str, *, actor: Principal) -> None:
    """Erase the member's personal data and keep their records without it. Raises NotFound.

    Open enrollments fail: completing them has become impossible. Stored files are deleted by a job after the
    commit.
    """
    organization_id = actor.organization_id
    parameters = {
        "organization_id": organization_id,
        "user_id": user_id,
        "instant": now(session),
        "enrollments": await _hold(session, organization_id, user_id),
    }
    await _keep_past(session, organization_id, user_id)
    ids = [*await session.scalars(_IDS, _only(str(_IDS), parameters)), f'"{user_id}"']
    certificates = await erase_certificates(session, organization_id=organization_id, user_id=user_id)
    files = [*certificates, *await session.scalars(_FILES, _only(str(_FILES), parameters))]
    for statement in _TEXTS:
        await session.execute(text(statement), _only(statement, parameters))
    await forget_replies(session, organization_id, user_id=user_id, words=ids)
    for statement in _QUOTES:
        await session.execute(text(statement), _only(statement, {**parameters, "ids": ids}))
    await _forget(session, organization_id, user_id)
    record_id = f"erased/{uuid.uuid4()}"
    await _move(session, organization_id, user_id, record_id)
    record_audit(
        session,
        "member.erased",
        organization_id=organization_id,
        actor_id=actor.user_id,
        subject=("member", user_id),
        user_id=user_id,
        details={"record_id": record_id, "files": len(files)},
    )
    if files:
        await enqueue_job(session, EraseFiles(keys=tuple(files)), organization_id=organization_id)


def _only(statement: str, parameters: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in parameters.items() if f":{name}" in statement}


async def _hold(session: AsyncSession, organization_id: str, user_id: str) -> list[uuid.UUID]:
    """Wait for calls of this learner that are under way, in the order in which they lock; their enrollments' ids."""
    mine = (Enrollment.organization_id == organization_id, Enrollment.user_id == user_id)
    held = await session.scalars(
        in_lock_order(select(Enrollment.id).where(*mine)).with_for_update(of=Enrollment)
    )
    enrollments = list(held)
    found = await session.scalar(
        select(Member.user_id)
        .where(Member.organization_id == organization_id, Member.user_id == user_id)
        .with_for_update()
    )
    if found is None:
        raise NotFound
    return enrollments


async def _keep_past(session: AsyncSession, organization_id: str, user_id: str) -> None:
    """Write down what reports of the past need of a member and what erasure takes away."""
    await keep_duties(session, organization_id, user_id)
    status = await session.scalar(
        select(Member.status).where(Member.organization_id == organization_id, Member.user_id == user_id)
    )
    last = FieldChange(user_id, STATUS, now(session), [status], [ERASED])
    await remember_changes(session, organization_id, [last])


async def _forget(session: AsyncSession, organization_id: str, user_id: str) -> None:
    """Drop what only mattered while this was a member."""
    await session.execute(
        update(Enrollment)
        .where(
            Enrollment.organization_id == organization_id,
            Enrollment.user_id == user_id,
            Enrollment.status.in_(OPEN),
        )
        .values(status="failed", ended_at=now(session), revision=Enrollment.revision + 1)
    )
    await session.execute(
        update(MembershipEvent)
        .where(MembershipEvent.organization_id == organization_id, MembershipEvent.user_id == user_id)
        .values(data=None)
    )
    for model in (Accommodation, ChapterComplianceStatus, MemberSkill, CourseGrader, MemberPreferences):
        await session.execute(
            delete(model).where(model.organization_id == organization_id, model.user_id == user_id)
        )


async def _move(session: AsyncSession, organization_id: str, user_id: str, record_id: str) -> None:
    """Move every record to the new id, and leave a note that the old one was erased."""
    parameters = {
        "organization_id": organization_id,
        "user_id": user_id,
        "record_id": record_id,
        "erased": ERASED,
        "instant": now(session),
    }
    await session.execute(_COPY, parameters)
    for table in _tables_of_members():
        columns = table.c
        await session.execute(
            update(table)
            .where(columns.organization_id == organization_id, columns.user_id == user_id)
            .values(user_id=record_id)
        )
    await session.execute(_CAUSES, _only(str(_CAUSES), parameters))
    await session.execute(
        delete(Member).where(Member.organization_id == organization_id, Member.user_id == user_id)
    )
    session.add(
        ErasedMember(
            organization_id=organization_id, record_id=record_id, user_id=user_id, erased_at=now(session)
        )
    )
    await session.flush()


def _tables_of_members() -> Iterable[Table]:
    """Every table whose rows belong to a member, those of packages above and to come included.

    Events stay: other services have them as they are, and they carry only ids.
    """
    apart = {Member.__tablename__, ErasedMember.__tablename__, Event.__tablename__}
    return [
        table
        for table in Base.metadata.sorted_tables
        if table.name not in apart and {"organization_id", "user_id"} <= set(table.c.keys())
    ]
