"""Write deploy/alerts/learning-service.yml: objectives with burn rates, and what an operator must be told.

    python scripts/alerts.py > deploy/alerts/learning-service.yml

Burn rates follow the Site Reliability Workbook, chapter 5: a fast window that pages, a slow one that makes a ticket,
each with a short window beside it so that an alert ends soon after its cause.
"""

import sys
from dataclasses import dataclass

import yaml

RUNBOOKS = "https://example.org/learning-service/docs/operations.md"
"""Where docs/operations.md is published; change it to yours."""
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
BURNS = (
    ("1h", "5m", 14.4, "page"),
    ("6h", "30m", 6, "page"),
    ("1d", "2h", 3, "ticket"),
    ("3d", "6h", 1, "ticket"),
)
WAITING_ROUTE = "/api/events/"
"""Its answers wait for events, so its time says nothing."""


def share(part: str, whole: str, window: str, by: str = "") -> str:
    """How much of a counter is one part of it, over a time."""
    return f"sum{by} (rate({part}[{window}])) / sum{by} (rate({whole}[{window}]))"


JOBS, MAILS, DELIVERIES = (
    "learning_job_seconds_count",
    "learning_mails_total",
    "learning_webhook_deliveries_total",
)


@dataclass(frozen=True)
class Objective:
    """A share of requests that may be bad, and how the bad ones are counted, with WINDOW as the time looked at."""

    name: str
    allowed: float
    bad: str
    all: str
    alert: str
    summary: str


OBJECTIVES = (
    Objective(
        "error",
        0.001,
        'sum(rate(learning_requests_total{status=~"5.."}[WINDOW]))',
        "sum(rate(learning_requests_total[WINDOW]))",
        "LearningErrorBudgetBurns",
        "More requests fail than 99.9 % availability allows",
    ),
    Objective(
        "slow",
        0.01,
        f'sum(rate(learning_request_seconds_count{{route!="{WAITING_ROUTE}"}}[WINDOW]))'
        f' - sum(rate(learning_request_seconds_bucket{{route!="{WAITING_ROUTE}",le="0.5"}}[WINDOW]))',
        f'sum(rate(learning_request_seconds_count{{route!="{WAITING_ROUTE}"}}[WINDOW]))',
        "LearningLatencyBudgetBurns",
        "More than 1 % of requests take longer than half a second",
    ),
)

ALERTS = (
    # name, expression, for, severity, summary
    (
        "LearningProcessDown",
        'up{job=~".*learning.*"} == 0',
        "3m",
        "page",
        "{{ $labels.instance }} does not answer",
    ),
    (
        "LearningNoWorker",
        'absent(learning_workers{queue="jobs"})',
        "2m",
        "page",
        "No worker has been seen, or the database is away",
    ),
    (
        "LearningNoConverter",
        'absent(learning_workers{queue="converter"})',
        "15m",
        "ticket",
        "No converter has been seen: presentations wait and fail",
    ),
    (
        "LearningJobsWait",
        "max by (queue) (learning_job_queue_age_seconds) > 60",
        "5m",
        "page",
        "The oldest job of the queue {{ $labels.queue }} waits for {{ $value | humanizeDuration }}",
    ),
    (
        "LearningJobsDead",
        'max by (job) (learning_job_rows{status="dead"}) > 0',
        "5m",
        "ticket",
        "{{ $value }} jobs {{ $labels.job }} are dead until an operator retries them",
    ),
    (
        "LearningJobsFail",
        share(f'{JOBS}{{outcome="failed"}}', JOBS, "15m", " by (job)") + " > 0.2",
        "15m",
        "ticket",
        "{{ $value | humanizePercentage }} of tries of {{ $labels.job }} fail",
    ),
    (
        "LearningScheduleLate",
        "max by (job) (learning_schedule_age_seconds) > 93600",
        "5m",
        "ticket",
        "{{ $labels.job }} has not been started for {{ $value | humanizeDuration }}",
    ),
    ("LearningRedisAway", "max(learning_redis_up) == 0", "2m", "page", "Redis does not answer: jobs wait"),
    (
        "LearningLoopHeld",
        "histogram_quantile(0.99, sum by (le, instance) (rate(learning_event_loop_lag_seconds_bucket[5m]))) > 0.25",
        "10m",
        "ticket",
        "Something holds the event loop of {{ $labels.instance }}",
    ),
    (
        "LearningConnectionsUsedUp",
        "learning_database_connections_used / learning_database_connections_limit > 0.9",
        "5m",
        "ticket",
        "{{ $labels.instance }} uses nearly all connections of its pool {{ $labels.pool }}",
    ),
    (
        "LearningTurnedAway",
        'sum by (code) (rate(learning_requests_refused_total{status="503"}[5m])) > 0.1',
        "5m",
        "page",
        "Requests are turned away: {{ $labels.code }}",
    ),
    (
        "LearningMailStuck",
        f'sum(increase({MAILS}{{outcome="put off"}}[15m])) > 0'
        f' unless sum(increase({MAILS}{{outcome="sent"}}[15m])) > 0',
        "15m",
        "ticket",
        "The mail server takes no mails",
    ),
    (
        "LearningMailRefused",
        share(f'{MAILS}{{outcome=~"refused|unknown"}}', MAILS, "1h") + " > 0.05",
        "30m",
        "ticket",
        "{{ $value | humanizePercentage }} of mails do not arrive",
    ),
    (
        "LearningWebhooksFail",
        share(f'{DELIVERIES}{{outcome="failed"}}', DELIVERIES, "1h") + " > 0.5",
        "1h",
        "ticket",
        "Most deliveries to webhooks fail",
    ),
    (
        "LearningCertificatesDrifted",
        "max(learning_certificate_pdfs_drifted) > 0",
        "0m",
        "page",
        "{{ $value }} stored certificates are missing or changed",
    ),
)


def ratio(objective: Objective, window: str) -> str:
    """The name of the recorded share of bad requests."""
    return f"learning:requests:{objective.name}_ratio_rate{window}"


def groups() -> list[dict[str, object]]:
    """All rules, as Prometheus takes them."""
    recorded = [
        {
            "record": ratio(objective, window),
            "expr": f"({objective.bad.replace('WINDOW', window)}) / ({objective.all.replace('WINDOW', window)})",
        }
        for objective in OBJECTIVES
        for window in WINDOWS
    ]
    burning = [
        {
            "alert": objective.alert,
            "expr": f"{ratio(objective, long)} > {factor * objective.allowed:g}"
            f" and {ratio(objective, short)} > {factor * objective.allowed:g}",
            "labels": {"severity": severity, "window": long},
            "annotations": _annotations(objective.alert, objective.summary),
        }
        for objective in OBJECTIVES
        for long, short, factor, severity in BURNS
    ]
    others = [
        {
            "alert": name,
            "expr": expression,
            "for": patience,
            "labels": {"severity": severity},
            "annotations": _annotations(name, summary),
        }
        for name, expression, patience, severity, summary in ALERTS
    ]
    return [
        {"name": "learning-service-objectives", "rules": recorded + burning},
        {"name": "learning-service", "rules": others},
    ]


def _annotations(alert: str, summary: str) -> dict[str, str]:
    return {"summary": summary, "runbook_url": f"{RUNBOOKS}#{alert.lower()}"}


def document() -> str:
    """The file's text."""
    head = "# Made by scripts/alerts.py; change it there.\n"
    return head + yaml.safe_dump({"groups": groups()}, sort_keys=False, width=1000, allow_unicode=True)


if __name__ == "__main__":
    sys.stdout.write(document())
