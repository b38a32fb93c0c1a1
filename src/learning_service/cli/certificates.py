"""`learning-service certificates`: halt and resume the making of PDFs."""

import asyncio

import typer

from learning_service.cli.operating import operate
from learning_service.context import open_context
from learning_service.core.settings import Settings
from learning_service.domain.certificates.queries.certificates import PdfState, pdf_state
from learning_service.domain.certificates.rules.certificates import GENERATE
from learning_service.domain.jobs.paused_jobs import halt_job, resume_job

app = typer.Typer(no_args_is_help=True, help="Halt and resume the making of PDFs.")


@app.command("halt")
def halt_certificates() -> None:
    """Make no more PDFs until resumed; those that are to be made wait."""
    typer.echo(operate(halt))


@app.command("resume")
def resume_certificates() -> None:
    """Make PDFs again, those that waited first."""
    typer.echo(operate(resume))


@app.command("status")
def certificates_status() -> None:
    """Say whether PDFs are made, and how many wait, are dead, or differ from what was stored."""
    typer.echo(operate(status))


def halt(settings: Settings) -> str:
    """Have no more PDFs made, from every worker's next claim on; what is to be made waits."""
    return asyncio.run(_change(settings, halted=True))


def resume(settings: Settings) -> str:
    """Have PDFs made again, those that waited first."""
    return asyncio.run(_change(settings, halted=False))


def status(settings: Settings) -> str:
    """Whether PDFs are made, and how many wait, failed for good, or differ from what was stored."""
    return asyncio.run(_change(settings, halted=None))


async def _change(settings: Settings, *, halted: bool | None) -> str:
    async with open_context(settings, "learning_worker") as context, context.transaction(None) as session:
        if halted is True:
            await halt_job(session, GENERATE)
        elif halted is False:
            await resume_job(session, GENERATE)
        return _told(await pdf_state(session, GENERATE))


def _told(state: PdfState) -> str:
    making = f"halted since {state.halted_at:%Y-%m-%dT%H:%M:%SZ}" if state.halted_at else "running"
    return f"{making}; waiting {state.waiting}, dead {state.dead}, drifted {state.drifted}"
