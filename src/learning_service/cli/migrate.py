"""`learning-service migrate`: bring the database to the newest schema."""

import os
from pathlib import Path

import alembic.config
import typer
from alembic.script import ScriptDirectory

from learning_service.cli.terminal import PAST_POOLERS, fail, read_settings

app = typer.Typer()


@app.command()
def migrate() -> None:
    """Bring the database in DATABASE_URL to the newest schema. ALEMBIC_CONFIG names another alembic.ini."""
    settings = read_settings()
    if settings.database_pooler is not None:
        fail(PAST_POOLERS)
    os.environ["DATABASE_URL"] = settings.database_url
    configuration = _configuration()
    if not configuration.exists():
        fail(f"no alembic configuration at {configuration}; set ALEMBIC_CONFIG")
    alembic.config.main(argv=["-c", str(configuration), "upgrade", "head"])


def newest_revision() -> str | None:
    """The newest schema that the migrations here make; None where there are none."""
    configuration = _configuration()
    if not configuration.exists():
        return None
    return ScriptDirectory.from_config(alembic.config.Config(str(configuration))).get_current_head()


def _configuration() -> Path:
    checkout = Path(__file__).resolve().parents[3] / "alembic.ini"
    beside = checkout if checkout.exists() else Path("alembic.ini").absolute()
    return Path(os.environ.get("ALEMBIC_CONFIG") or beside)
