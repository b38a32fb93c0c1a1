"""`learning-service job`: run a scheduled job once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer

from learning_service.cli.operating import CommandError, operate, with_context
from learning_service.core.loading import load
from learning_service.core.settings import Settings
from learning_service.worker.catalog import SCHEDULED, Scheduled

app = typer.Typer()


@app.command()
def job(
    name: Annotated[str, typer.Argument(help="Which; a wrong name lists them.")],
    at: Annotated[str | None, typer.Option(help="As of this time (RFC 3339) instead of now.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing and say what it would do (collect_files).")
    ] = False,
) -> None:
    """Run a scheduled job once and return when it is done."""
    said = operate(run_scheduled, name, at, dry_run=dry_run)
    if said is not None:
        typer.echo(said)


def run_scheduled(
    settings: Settings,
    name: str,
    at: str | None,
    table: Mapping[str, Scheduled] = SCHEDULED,
    *,
    dry_run: bool = False,
) -> str | None:
    """Run a scheduled job once as of `at` (RFC 3339; None: now) and return when it is done.

    A dry run changes nothing and says what the job would do. Raises CommandError for an unknown name, a wrong time or
    a job that cannot be rehearsed, and whatever the job raises.
    """
    if name not in table:
        raise CommandError(f"no scheduled job is called {name!r}; there are: {', '.join(sorted(table))}")
    instant = None if at is None else instant_of(at)
    if not dry_run:
        function = load(table[name].function)
        with_context(settings, lambda context: function(context, instant))
        return None
    rehearsal = table[name].rehearsal
    if rehearsal is None:
        raise CommandError(f"{name} cannot be rehearsed")
    rehearse = load(rehearsal)
    return "\n".join(with_context(settings, lambda context: rehearse(context, instant))) or "nothing"


def instant_of(text: str) -> datetime:
    """An RFC 3339 time. Raises CommandError for any other text, one without a zone included."""
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None or "T" not in text.upper():
            raise ValueError("no zone or no time")
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise CommandError(
            f"{text!r} is no RFC 3339 time with a zone, such as 2026-01-31T08:00:00Z"
        ) from error
