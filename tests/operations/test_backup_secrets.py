"""The backup tool prints no part of a secret, and no process shows one among its arguments."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "backup.py"
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


def run(tmp_path: Path, *words: str, **settings: str) -> tuple[int, str]:
    """The script with a pg_dump that shows what it was called with."""
    for name in ("pg_dump", "pg_restore"):
        program = tmp_path / name
        program.write_text('#!/bin/sh\necho "called with: $0 $*"; exit 1\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words],
        env={"PATH": os.environ["PATH"], "PG_BIN": str(tmp_path), **GOOD, **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("word", ["backup", "check"])
def test_no_part_of_a_secret_is_printed(tmp_path: Path, case: str, word: str) -> None:
    words = [word, str(tmp_path / "backup")] if word == "backup" else [word]
    code, said = run(tmp_path, *words, **WRONG[case])
    assert code != 0
    assert said.strip(), "it says what is wrong"
    assert [piece for piece in PIECES if piece in said] == [], said


def test_no_process_shows_the_password(tmp_path: Path) -> None:
    code, said = run(tmp_path, "backup", str(tmp_path / "backup"))
    assert code != 0
    assert "called with" in said
    assert "--dbname=learning" in said
    assert not [piece for piece in PIECES if piece in said]
