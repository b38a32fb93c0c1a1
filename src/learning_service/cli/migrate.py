"""`learning-service migrate`: bring the database to the newest schema."""

import os
from pathlib import Path

import alembic.config
import typer

from learning_service.cli.terminal import fail, read_settings

app = typer.Typer()


@app.command()
def migrate() -> None:
    """Bring the database in DATABASE_URL to the newest schema. ALEMBIC_CONFIG names another alembic.ini."""
    os.environ["DATABASE_URL"] = read_settings().database_url
    checkout = Path(__file__).resolve().parents[3] / "alembic.ini"
    beside = checkout if checkout.exists() else Path("alembic.ini").absolute()
    configuration = os.environ.get("ALEMBIC_CONFIG") or str(beside)
    if not Path(configuration).exists():
        fail(f"no alembic configuration at {configuration}; set ALEMBIC_CONFIG")
    alembic.config.main(argv=["-c", configuration, "upgrade", "head"])
