"""Development copies on this machine: who runs where, and which one a command means."""

import contextlib
import fcntl
import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import IO

from learning_devstack.process import StartError
from learning_devstack.secret_files import write_private

DIRECTORY_VARIABLE = "LEARNING_DEV_DIR"
DEFAULT_DIRECTORY = ".dev"
ENVIRONMENT_FILE = "env.json"
LOCK_SECONDS = 1.0


class NoDevelopmentCopyError(LookupError):
    """There is no development copy to use; the text says where it was looked for."""


def development_directory() -> Path:
    """`$LEARNING_DEV_DIR`, else `.dev` of the working directory."""
    return Path(os.environ.get(DIRECTORY_VARIABLE) or DEFAULT_DIRECTORY).absolute()


def lock(directory: Path) -> IO[str]:
    """Claim a directory for one supervisor; the claim ends with the file or with this process.

    Raises StartError when a copy is running there.
    """
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    file = (directory / "lock").open("a+")
    # A command that looks whether we live holds the lock for an instant; hence more than one try.
    deadline = time.monotonic() + LOCK_SECONDS
    while not _flock(file, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            file.close()
            raise StartError(
                f"a development copy already runs in {directory} (process {owner}).\n"
                "Stop it, or choose another directory and port: LEARNING_DEV_DIR=.dev2 PORT=8001 make run"
            )
        time.sleep(0.05)
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def is_living(directory: Path) -> bool:
    """Whether a supervisor runs there."""
    try:
        with (directory / "lock").open() as file:
            return not _flock(file, fcntl.LOCK_SH)
    except OSError:
        return False


def register(directory: Path) -> None:
    """Let commands of this environment find the copy from any directory.

    Best effort: it may not be writable.
    """
    name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    entry = {"directory": str(directory), "pid": os.getpid(), "started_at": time.time()}
    with contextlib.suppress(OSError):
        write_private(_registry() / f"{name}.json", json.dumps(entry))


def find_development_copy() -> dict[str, str]:
    """The settings of the development copy that a command means, as written by its supervisor.

    `$LEARNING_DEV_DIR` when set; else the first that runs of `./.dev`, `.dev` beside the virtual
    environment, and the newest started from this environment; else the first of these that ever ran. Raises
    NoDevelopmentCopyError.
    """
    if named := os.environ.get(DIRECTORY_VARIABLE):
        candidates = [Path(named).absolute()]
    else:
        beside_environment = Path(sys.prefix).parent / DEFAULT_DIRECTORY
        candidates = [Path(DEFAULT_DIRECTORY).absolute(), beside_environment, *_registered()]
    known = [directory for directory in candidates if (directory / ENVIRONMENT_FILE).exists()]
    if not known:
        places = "\n".join(f"  {directory}" for directory in dict.fromkeys(candidates))
        raise NoDevelopmentCopyError(f"no development copy found; `make run` starts one. Looked in\n{places}")
    chosen = next((directory for directory in known if is_living(directory)), known[0])
    environment: dict[str, str] = json.loads((chosen / ENVIRONMENT_FILE).read_text())
    return environment


def _registry() -> Path:
    return Path(sys.prefix) / "var" / "learning-service"


def _registered() -> list[Path]:
    entries = []
    for path in _registry().glob("*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            entry = json.loads(path.read_text())
            entries.append((float(entry["started_at"]), Path(entry["directory"])))
    return [directory for _, directory in sorted(entries, reverse=True)]


def _flock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
