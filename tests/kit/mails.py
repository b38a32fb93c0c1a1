"""A mail as the rules get it."""

import uuid
from datetime import UTC, datetime

from learning_service.domain.reminders.rules import Mail

DUE = datetime(2026, 11, 22, tzinfo=UTC)
MAIL = Mail(
    id=uuid.uuid4(),
    pending=True,
    kind="due",
    days_before=3,
    reminded_due_at=DUE,
    status="assigned",
    awaiting_review=False,
    due_at=DUE,
    course_title="Course",
    organization_name="Alpha",
    organization_timezone="UTC",
    timezone="UTC",
    locale=None,
    organization_locale=None,
    name="Ana",
    address="ana@example.org",
    erased=False,
    active=True,
    superseded=False,
    organization_id="alpha",
    user_id="ana",
    wanted=True,
    required=False,
)
