"""Every table, imported in one place so that migrations and tests see them all."""

from learning_service.domain.accommodations import models as accommodations
from learning_service.domain.assignments import models as assignments
from learning_service.domain.attempts import models as attempts
from learning_service.domain.certificates import models as certificates
from learning_service.domain.completion import models as completion
from learning_service.domain.compliance import models as compliance
from learning_service.domain.courses import models as courses
from learning_service.domain.directory import models as directory
from learning_service.domain.documents import models as documents
from learning_service.domain.enrollments import models as enrollments
from learning_service.domain.evidence import models as evidence
from learning_service.domain.exemptions import models as exemptions
from learning_service.domain.grading import models as grading
from learning_service.domain.jobs import heartbeats as workers
from learning_service.domain.jobs import outbox, schedules
from learning_service.domain.jobs import paused_jobs as halts
from learning_service.domain.kernel.base import Base
from learning_service.domain.notifications import models as notifications
from learning_service.domain.organizations import models as organizations
from learning_service.domain.preferences import models as preferences
from learning_service.domain.questions import models as questions
from learning_service.domain.records import audit, events, idempotency, past_values
from learning_service.domain.reminders import models as reminders
from learning_service.domain.webhooks import models as webhooks

ALL = (
    accommodations,
    audit,
    assignments,
    attempts,
    certificates,
    completion,
    compliance,
    courses,
    directory,
    documents,
    enrollments,
    events,
    evidence,
    exemptions,
    grading,
    halts,
    idempotency,
    notifications,
    organizations,
    outbox,
    past_values,
    preferences,
    questions,
    reminders,
    schedules,
    workers,
    webhooks,
)
metadata = Base.metadata
