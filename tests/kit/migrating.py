"""Running the migrations as `learning-service migrate` does."""

import asyncio
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


async def migrate(url: str, *arguments: str, ini: Path = ROOT / "alembic.ini") -> str:
    """Run alembic on a database (default: to the newest schema); its output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "alembic",
        "-c",
        str(ini),
        *(arguments or ("upgrade", "head")),
        env={**os.environ, "DATABASE_URL": url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    text = output.decode()
    assert process.returncode == 0, text
    return text
