"""A member's own data as it is read; `schemas.privacy` says what of it is sent."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from sqlalchemy import Row

from learning_service.domain.completion.views.attempts import GivenResponse
from learning_service.domain.completion.views.progress import ProgressView
from learning_service.domain.directory.models import Member
from learning_service.domain.enrollments.queries.enrollments import EnrollmentView
from learning_service.domain.preferences.queries import PreferencesView

AnyRow: TypeAlias = Row[*tuple[Any, ...]]
Rows: TypeAlias = Sequence[AnyRow]


@dataclass(frozen=True, slots=True)
class ExportedEnrollment(EnrollmentView):
    """An enrollment and how far it is."""

    started_at: datetime | None
    ended_at: datetime | None
    extra_time_seconds: int
    progress: ProgressView
    lessons: Rows
    attestations: Rows
    grants: Rows
    assigned_again: Rows
    moves: Rows


@dataclass(frozen=True, slots=True)
class ExportedAttempt:
    """An attempt with its responses, and every judgement of them."""

    attempt_id: uuid.UUID
    enrollment_id: uuid.UUID
    quiz_id: uuid.UUID
    quiz_title: str
    number: int
    status: str
    started_at: datetime
    deadline_at: datetime | None
    submitted_at: datetime | None
    points: Decimal | None
    max_points: Decimal
    score: Decimal | None
    passed: bool | None
    responses: Sequence[GivenResponse]
    grades: Rows


@dataclass(frozen=True, slots=True)
class Export:
    """A member's document without its paged sections."""

    user_id: str
    organization_id: str
    exported_at: datetime
    profile: Member
    enrollments: Sequence[ExportedEnrollment]
    completions: Rows
    certificates: Rows
    compliance: Rows
    exemptions: Rows
    evidence: Rows
    accommodations: AnyRow | None
    skills: Rows
    preferences: PreferencesView
    grader_of: Rows
    documents: Rows
