"""The worker process: what each queue's worker can do, what runs by itself and how often, and the loop around it.

PostgreSQL holds the jobs; Redis wakes. The sweep finds rows that no wake came for, so Redis may be empty, late,
doubled or away.
"""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog

from learning_service.adapters.confinement import hide_memory, remove_leftovers
from learning_service.context import open_context
from learning_service.core.queue import ANSWERED_BY, listen
from learning_service.core.settings import Settings
from learning_service.core.tasks import end_tasks
from learning_service.core.telemetry import configure_logging
from learning_service.domain.attempts.actions.overdue_attempts import CLOSE_ATTEMPT
from learning_service.domain.completion.actions.policy_changes import APPLY
from learning_service.domain.documents.actions import CHECK, CONVERT, CONVERTER
from learning_service.domain.webhooks.actions.deliveries import TELL
from learning_service.worker.jobs.assignments import (
    auto_assign_courses,
    run_assignments,
    run_scheduled_rules,
    undo_assignments,
)
from learning_service.worker.jobs.attempts import close_attempt, close_overdue_attempts
from learning_service.worker.jobs.certificates import audit_certificates, generate_certificates
from learning_service.worker.jobs.documents import (
    check_document,
    convert_document,
    office_of,
    settle_documents,
)
from learning_service.worker.jobs.privacy import erase_files
from learning_service.worker.jobs.purge import purge
from learning_service.worker.jobs.recertification import (
    expire_completions,
    give_policy_to_existing,
    open_recertifications,
)
from learning_service.worker.jobs.reminders import plan_mails_of_assignment, send_course_reminders, send_mails
from learning_service.worker.jobs.unused_files import collect_files, list_collectable
from learning_service.worker.jobs.webhooks import (
    deliver_webhooks,
    keep_numbering,
    seal_secrets,
    tell_of_disabled_webhook,
)
from learning_service.worker.runner import JobFunction, JobRunner
from learning_service.worker.scheduler import Scheduled, keep_schedule

log = structlog.get_logger()

SCHEDULED: Mapping[str, Scheduled] = {
    "audit_certificates": Scheduled(audit_certificates, every=timedelta(days=1)),
    "close_overdue_attempts": Scheduled(close_overdue_attempts, every=timedelta(seconds=15)),
    "collect_files": Scheduled(collect_files, every=timedelta(days=1), rehearsal=list_collectable),
    "expire_completions": Scheduled(expire_completions, every=timedelta(minutes=10)),
    "open_recertifications": Scheduled(open_recertifications, every=timedelta(minutes=10)),
    "purge": Scheduled(purge, every=timedelta(hours=1)),
    "run_scheduled_rules": Scheduled(run_scheduled_rules, every=timedelta(minutes=1)),
    "seal_secrets": Scheduled(seal_secrets, every=timedelta(days=1)),
    "send_course_reminders": Scheduled(send_course_reminders, every=timedelta(minutes=5)),
    "settle_documents": Scheduled(settle_documents, every=timedelta(seconds=15)),
}
"""What the worker of the queue `jobs` starts by itself; `learning-service job NAME` runs one at once."""
QUEUES: Mapping[str, Mapping[str, JobFunction]] = {
    "jobs": {
        APPLY: give_policy_to_existing,
        "auto_assign_courses": auto_assign_courses,
        CLOSE_ATTEMPT: close_attempt,
        CHECK: check_document,
        "erase_files": erase_files,
        "generate_certificates": generate_certificates,
        "plan_assignment_mails": plan_mails_of_assignment,
        "run_assignments": run_assignments,
        "send_mails": send_mails,
        TELL: tell_of_disabled_webhook,
        "undo_assignments": undo_assignments,
        **{name: scheduled.run for name, scheduled in SCHEDULED.items()},
    },
    "webhooks": {"deliver_webhooks": deliver_webhooks},
    CONVERTER: {CONVERT: convert_document},
}
"""Which jobs each queue's worker knows."""
DRAIN_SECONDS = 20
"""How long a stopping worker lets its jobs finish."""


def run_worker(
    settings: Settings,
    queue: str = "jobs",
    functions: Mapping[str, JobFunction] | None = None,
    scheduled: Mapping[str, Scheduled] | None = None,
) -> None:
    """Serve one queue until SIGTERM or SIGINT; then finish what runs, at most `DRAIN_SECONDS` long.

    `functions` and `scheduled` replace the service's own, for measurements.
    """
    configure_logging(settings.log_level)
    if scheduled is None:
        scheduled = SCHEDULED if queue == "jobs" else {}
    queues = {queue: QUEUES[queue] if functions is None else functions}
    if functions is None:
        # With hands of their own, so that slow receivers hold up nothing else.
        queues |= {name: QUEUES[name] for name, main in ANSWERED_BY.items() if main == queue}
    asyncio.run(_serve(settings, queues, scheduled))


def run_converter(settings: Settings) -> None:
    """Serve the converter's queue with the LibreOffice of this machine.

    Raises NoOffice where there is none, or no sandbox to keep it in.
    """
    configure_logging(settings.log_level)
    office = asyncio.run(office_of(settings))
    # What is in memory is the only place with passwords; nobody who gets out of the sandbox may read it there.
    hide_memory()
    removed = remove_leftovers()
    at_once = settings.convert_processes or os.cpu_count() or 1
    log.info(
        "converter_found",
        program=str(office.program),
        sandbox=office.sandbox,
        at_once=at_once,
        removed=removed,
    )
    run_worker(settings.model_copy(update={"job_concurrency": at_once}), CONVERTER)


async def _serve(
    settings: Settings,
    queues: Mapping[str, Mapping[str, JobFunction]],
    scheduled: Mapping[str, Scheduled],
) -> None:
    stop = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    async with open_context(settings, "learning_worker") as context:
        runners = [JobRunner(context, queue, functions) for queue, functions in queues.items()]
        redis = settings.redis_url.get_secret_value()
        for runner in runners:
            runner.start()
        helpers = [asyncio.create_task(listen(redis, next(iter(queues)), lambda: _wake_all(runners)))]
        if scheduled:
            helpers.append(asyncio.create_task(keep_schedule(context, scheduled)))
        if "webhooks" in queues:
            helpers.append(asyncio.create_task(keep_numbering(context)))
        log.info("worker_started", queues=list(queues))
        await stop.wait()
        await end_tasks(helpers)
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await asyncio.gather(*(runner.stop() for runner in runners))
        except TimeoutError:
            log.warning("jobs_given_back")
        log.info("worker_stopped", queues=list(queues))


def _wake_all(runners: Sequence[JobRunner]) -> None:
    for runner in runners:
        runner.wake()
