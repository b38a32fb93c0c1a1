"""Which jobs there are, in which queue, and which of them start by themselves.

Functions are named by their place, so that the settings know all jobs without loading what they are made of:
`arq --check` answers at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

_HOME = "learning_service.worker.jobs"


@dataclass(frozen=True)
class Scheduled:
    """A job that runs every so often.

    Its function takes the context and the instant to reason with (None: now), and must bear to run twice, as any job.
    """

    function: str
    every: timedelta
    rehearsal: str | None = None
    """Says what the function would do, line by line, and changes nothing."""


SCHEDULED: Mapping[str, Scheduled] = {
    "audit_certificates": Scheduled(f"{_HOME}.certificates:audit_certificates", timedelta(days=1)),
    "close_overdue_attempts": Scheduled(f"{_HOME}.attempts:close_overdue_attempts", timedelta(seconds=15)),
    "collect_files": Scheduled(
        f"{_HOME}.unused_files:collect_files",
        timedelta(days=1),
        rehearsal=f"{_HOME}.unused_files:list_collectable",
    ),
    "expire_completions": Scheduled(f"{_HOME}.completions:expire_completions", timedelta(minutes=10)),
    "move_waiting_enrollments": Scheduled(
        f"{_HOME}.enrollments:move_waiting_enrollments", timedelta(minutes=1)
    ),
    "open_recertifications": Scheduled(f"{_HOME}.completions:open_recertifications", timedelta(minutes=10)),
    "purge": Scheduled(f"{_HOME}.purge:purge", timedelta(hours=1)),
    "publish_status_lists": Scheduled(f"{_HOME}.credentials:publish_status_lists", timedelta(seconds=20)),
    "run_scheduled_rules": Scheduled(f"{_HOME}.assignments:run_scheduled_rules", timedelta(minutes=1)),
    "seal_secrets": Scheduled(f"{_HOME}.webhooks:seal_secrets", timedelta(days=1)),
    "sign_credentials_of_before": Scheduled(
        f"{_HOME}.credentials:sign_credentials_of_before", timedelta(minutes=1)
    ),
    "send_course_reminders": Scheduled(f"{_HOME}.reminders:send_course_reminders", timedelta(minutes=5)),
    "send_officer_digests": Scheduled(f"{_HOME}.reminders:send_officer_digests", timedelta(hours=1)),
    "settle_documents": Scheduled(f"{_HOME}.documents:settle_documents", timedelta(seconds=15)),
}
"""What starts by itself in the queue `jobs`; `learning-service job NAME` runs one at once."""

JOBS: Mapping[str, Mapping[str, str]] = {
    "jobs": {
        "apply_policy": f"{_HOME}.completions:apply_policy",
        "auto_assign_courses": f"{_HOME}.assignments:auto_assign_courses",
        "change_enrollments": f"{_HOME}.enrollments:change_enrollments",
        "check_document": f"{_HOME}.documents:check_document",
        "close_attempt": f"{_HOME}.attempts:close_attempt",
        "erase_files": f"{_HOME}.privacy:erase_files",
        "generate_certificates": f"{_HOME}.certificates:generate_certificates",
        "grade_group": f"{_HOME}.attempts:grade_group",
        "import_rows": f"{_HOME}.enrollments:import_rows",
        "make_transcript": f"{_HOME}.transcripts:make_transcript",
        "measure_statistics": f"{_HOME}.statistics:measure_statistics",
        "move_enrollments": f"{_HOME}.enrollments:move_enrollments",
        "open_steps": f"{_HOME}.enrollments:open_next_steps",
        "plan_assignment_mails": f"{_HOME}.reminders:plan_mails_of_assignment",
        "plan_mail_of_evidence": f"{_HOME}.reminders:plan_mail_of_evidence",
        "plan_mail_of_certificate": f"{_HOME}.reminders:plan_mail_of_certificate",
        "plan_mail_of_result": f"{_HOME}.reminders:plan_mail_of_result",
        "regrade": f"{_HOME}.regrades:regrade",
        "run_assignments": f"{_HOME}.assignments:run_assignments",
        "send_mails": f"{_HOME}.reminders:send_mails",
        "settle_rule": f"{_HOME}.assignments:settle_rule",
        "sign_credential": f"{_HOME}.credentials:sign_credential_of_certificate",
        "tell_of_disabled_webhook": f"{_HOME}.webhooks:tell_of_disabled_webhook",
        "undo_assignments": f"{_HOME}.assignments:undo_assignments",
    },
    "webhooks": {"deliver_webhooks": f"{_HOME}.webhooks:deliver_webhooks"},
    "converter": {"convert_document": f"{_HOME}.documents:convert_document"},
}
"""What is queued by others, by the queue of its rows."""


def names_of(queues: Iterable[str]) -> list[str]:
    """The names of all jobs in these queues."""
    names = [name for queue in queues for name in JOBS[queue]]
    return sorted([*names, *(SCHEDULED if "jobs" in queues else ())])
