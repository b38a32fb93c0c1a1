"""Write the Grafana dashboards in deploy/dashboards.

    python scripts/dashboards.py deploy/dashboards

Needs the packages of requirements/deploy.txt. A test of `make deploy-check` sees that the files are what this makes.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from grafana_foundation_sdk.builders import dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import BigValueColorMode
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DataSourceRef

SOURCE = DataSourceRef(type_val="prometheus", uid="${source}")
WIDE, TALL = 8, 7


@dataclass(frozen=True)
class Panel:
    """A picture of one expression, and what its lines are called; a figure instead of lines where `is_figure`."""

    title: str
    expression: str
    unit: str = "short"
    legend: str = "__auto"
    tells: str = ""
    is_figure: bool = False


def per_second(figure: str) -> str:
    """A counter's growth in the time that a point of the picture stands for."""
    return f"rate({figure}[$__rate_interval])"


def within(share: float, histogram: str, by: str = "le") -> str:
    """The time within which this share of what a histogram counts was done."""
    buckets = histogram.replace("{", "_bucket{") if "{" in histogram else f"{histogram}_bucket"
    return f"histogram_quantile({share}, sum by ({by}) ({per_second(buckets)}))"


REQUESTS = "learning_requests_total"
FAILED = f'{REQUESTS}{{status=~"5.."}}'
SECONDS = 'learning_request_seconds{route!="/api/events/"}'
OURS = '{job=~".*learning.*"}'
SERVICE: dict[str, tuple[Panel, ...]] = {
    "How it is": (
        Panel(
            "Availability, 30 days",
            f"1 - sum(increase({FAILED}[30d])) / sum(increase({REQUESTS}[30d]))",
            "percentunit",
            tells="The objective is 99.9 %.",
            is_figure=True,
        ),
        Panel(
            "Requests within half a second, 1 day",
            "1 - learning:requests:slow_ratio_rate1d",
            "percentunit",
            tells="The objective is 99 %.",
            is_figure=True,
        ),
        Panel(
            "Versions that run",
            "count by (version) (learning_build_info)",
            legend="{{version}}",
            is_figure=True,
        ),
    ),
    "Requests": (
        Panel("Requests by status", f"sum by (status) ({per_second(REQUESTS)})", "reqps", "{{status}}"),
        Panel("Time to answer", within(0.99, SECONDS), "s", "99 of 100 within"),
        Panel(
            "Slowest routes, 95 of 100 within",
            f"topk(10, {within(0.95, SECONDS, 'le, method, route')})",
            "s",
            "{{method}} {{route}}",
        ),
        Panel("In flight", "learning_requests_in_flight", legend="{{instance}}"),
        Panel(
            "Turned away",
            f"sum by (status, code) ({per_second('learning_requests_refused_total')})",
            "reqps",
            "{{status}} {{code}}",
        ),
        Panel(
            "Busiest routes",
            f"topk(10, sum by (method, route) ({per_second(REQUESTS)}))",
            "reqps",
            "{{method}} {{route}}",
        ),
    ),
    "Processes": (
        Panel(
            "Lag of the event loop, 99 of 100 within",
            within(0.99, "learning_event_loop_lag_seconds", "le, instance"),
            "s",
            "{{instance}}",
        ),
        Panel(
            "Database connections in use",
            "learning_database_connections_used / learning_database_connections_limit",
            "percentunit",
            "{{instance}} {{pool}}",
        ),
        Panel("Memory", f"process_resident_memory_bytes{OURS}", "bytes", "{{instance}}"),
        Panel(
            "Processor",
            per_second(f"process_cpu_seconds_total{OURS}"),
            "short",
            "{{instance}}",
            tells="Cores in use.",
        ),
    ),
}
JOBS: dict[str, tuple[Panel, ...]] = {
    "How it is": (
        Panel(
            "Oldest job that is due",
            "max by (queue) (learning_job_queue_age_seconds)",
            "s",
            "{{queue}}",
            is_figure=True,
        ),
        Panel("Workers", "max by (queue) (learning_workers)", legend="{{queue}}", is_figure=True),
        Panel(
            "Dead jobs", 'sum(max by (job) (learning_job_rows{status="dead"})) or vector(0)', is_figure=True
        ),
    ),
    "Jobs": (
        Panel(
            "Waiting and running", "max by (queue, status) (learning_job_rows)", legend="{{queue}} {{status}}"
        ),
        Panel(
            "Ended",
            f"sum by (job, outcome) ({per_second('learning_job_seconds_count')})",
            "ops",
            "{{job}} {{outcome}}",
        ),
        Panel(
            "Time of a try, 95 of 100 within", within(0.95, "learning_job_seconds", "le, job"), "s", "{{job}}"
        ),
        Panel("Will be tried again", "max by (job) (learning_job_retrying_rows)", legend="{{job}}"),
        Panel(
            "Since a scheduled job's last start",
            "max by (job) (learning_schedule_age_seconds)",
            "s",
            "{{job}}",
        ),
    ),
    "What they send": (
        Panel(
            "Mails",
            f"sum by (kind, outcome) ({per_second('learning_mails_total')})",
            "ops",
            "{{kind}} {{outcome}}",
        ),
        Panel(
            "Deliveries to webhooks",
            f"sum by (outcome) ({per_second('learning_webhook_deliveries_total')})",
            "ops",
            "{{outcome}}",
        ),
        Panel("Certificates missing or changed", "max(learning_certificate_pdfs_drifted)"),
    ),
}
BOARDS = {
    "learning-service": ("Learning service", SERVICE),
    "learning-jobs": ("Learning service: jobs", JOBS),
}


def board(uid: str) -> str:
    """One dashboard as Grafana imports it."""
    title, rows = BOARDS[uid]
    built = (
        dashboard.Dashboard(title)
        .uid(uid)
        .tags(["learning-service"])
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(dashboard.DatasourceVariable("source").label("Prometheus").type("prometheus"))
    )
    for row, panels in rows.items():
        built = built.with_row(dashboard.Row(row))
        for panel in panels:
            built = built.with_panel(_drawn(panel))
    return str(JSONEncoder(sort_keys=True, indent=2).encode(built.build())) + "\n"


def _drawn(panel: Panel) -> stat.Panel | timeseries.Panel:
    query = prometheus.Dataquery().expr(panel.expression).legend_format(panel.legend).ref_id("A")
    builder = stat.Panel().color_mode(BigValueColorMode.NONE) if panel.is_figure else timeseries.Panel()
    drawn = (
        builder.title(panel.title)
        .unit(panel.unit)
        .datasource(SOURCE)
        .span(WIDE)
        .height(TALL)
        .with_target(query)
    )
    return drawn.description(panel.tells) if panel.tells else drawn


def main() -> None:
    """Write every dashboard into the folder that is named."""
    for uid in BOARDS:
        (Path(sys.argv[1]) / f"{uid}.json").write_text(board(uid))


if __name__ == "__main__":
    main()
