"""Backup and restore print no part of a secret, and no process shows one among its arguments."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from learning_service.cli.app import app
from learning_service.cli.operating import CommandError
from learning_service.cli.postgres_tools import run_tool
from learning_service.core.settings import Settings

PASSWORD = "zebra#crossing/1"
PIECES = ("zebra", "crossing", "hippopotamus")
GOOD = {
    "DATABASE_URL": f"postgresql+asyncpg://owner:{PASSWORD}@127.0.0.1:9/learning",
    "S3_ENDPOINT_URL": "http://127.0.0.1:9",
    "S3_ACCESS_KEY_ID": "AKIA",
    "S3_SECRET_ACCESS_KEY": "hippopotamus",
    "ENVIRONMENT": "development",
}
WRONG: dict[str, dict[str, str]] = {
    "nobody listens": {},
    "an address that cannot be one": {"DATABASE_URL": f"postgresql+asyncpg://owner:{PASSWORD}"},
    "a port that is none": {"DATABASE_URL": f"postgresql+asyncpg://owner:{PASSWORD}@db:port/learning"},
    "another database": {"DATABASE_URL": f"mysql://owner:{PASSWORD}@127.0.0.1:9/learning"},
    "settings that are refused": {"ENVIRONMENT": "production", "PUBLIC_URL": "http://x"},
    "a pool of none": {"DATABASE_POOL_SIZE": "zebra-crossing"},
}


def run(monkeypatch: pytest.MonkeyPatch, *words: str, **settings: str) -> tuple[int, str]:
    """The command: its exit code, and what it said."""
    for name in {*os.environ} & {name.upper() for name in Settings.model_fields}:
        monkeypatch.delenv(name)
    for name, value in {**GOOD, **settings}.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, SystemExit), "no traceback"
    return done.exit_code, done.output


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("word", ["backup", "restore"])
def test_no_part_of_a_secret_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, word: str
) -> None:
    words = [word, str(tmp_path / "backup")] if word == "backup" else [word, "--verify"]
    code, said = run(monkeypatch, *words, **WRONG[case])
    assert code != 0
    assert said.strip(), "it says what is wrong"
    assert [piece for piece in PIECES if piece in said] == [], said


async def test_no_process_shows_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pg_dump"
    program.write_text('#!/bin/sh\necho "called with: $0 $*"; exit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    with pytest.raises(CommandError) as failed:
        await run_tool(Settings(database_url=GOOD["DATABASE_URL"]), "pg_dump", "--format=custom")
    said = str(failed.value)
    assert "called with" in said
    assert "--dbname=learning" in said
    assert not [piece for piece in PIECES if piece in said]


async def test_a_tool_that_is_not_here_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    with pytest.raises(CommandError, match="pg_dump is not here: PG_BIN"):
        await run_tool(Settings(database_url=GOOD["DATABASE_URL"]), "pg_dump")
