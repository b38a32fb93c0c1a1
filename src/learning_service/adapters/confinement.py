"""Runs a program over a file from outside: within limits, in a process group of its own, and ended whole.

However this process ends, `kill -9` included, the program ends with it.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from json import dumps
from pathlib import Path

import structlog

log = structlog.get_logger()

MIB = 1024 * 1024
_LAUNCHER = Path(__file__).with_name("launcher.py")
_MAX_ANSWER = MIB
_LOOK_SECONDS = 0.5
_LOCK = ".lock"
_PR_SET_DUMPABLE = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may take."""

    seconds: float
    memory: int
    """Bytes of address space."""
    disk: int
    """Bytes in the directory where it works, and in any one file."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. `over` names the limit that it was ended for: `time` or `disk`."""

    code: int
    answer: bytes
    over: str | None = None


def work_root() -> Path:
    """The directory of all work directories of this user."""
    return Path(tempfile.gettempdir()) / f"learning-files-{os.getuid()}"


@contextlib.contextmanager
def work_directory() -> Iterator[Path]:
    """A directory for one piece of work, gone at its end. What a killed process left, `remove_leftovers` removes."""
    root = work_root()
    root.mkdir(mode=0o700, exist_ok=True)
    directory = Path(tempfile.mkdtemp(dir=root))
    lock = (directory / _LOCK).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        lock.close()


def remove_leftovers() -> int:
    """Remove work directories whose process is gone; how many. Those in use are locked, and stay."""
    removed = 0
    for directory in sorted(work_root().glob("*")):
        try:
            with (directory / _LOCK).open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(directory, ignore_errors=True)
                removed += 1
        except OSError:
            continue
    return removed


def hide_memory() -> None:
    """Keep other processes of this user from reading this one's memory and environment (on Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


async def run_confined(
    argv: Sequence[str], *, directory: Path, limits: Limits, environment: Mapping[str, str]
) -> Ended:
    """Run a program in `directory`; how it ended. None of its processes runs after this returns or is cancelled."""
    bounds = {
        "AS": limits.memory,
        "CPU": int(limits.seconds * 2) + 1,
        "FSIZE": limits.disk,
        "CORE": 0,
        "NOFILE": 1024,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(_LAUNCHER), dumps(bounds), *argv),
        cwd=directory,
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    reading = asyncio.create_task(_end_of(process))
    watching = asyncio.create_task(_outgrown(directory, limits.disk))
    try:
        over = None
        done, _ = await asyncio.wait(
            {reading, watching}, timeout=limits.seconds, return_when=asyncio.FIRST_COMPLETED
        )
        if reading not in done:
            over = "disk" if done else "time"
            _kill_group(process.pid)
        code, answer = await reading
        return Ended(code, answer, over)
    finally:
        watching.cancel()
        # Also what the program started and left behind: it is in the same group.
        _kill_group(process.pid)
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading
        await asyncio.shield(process.wait())


def directory_size(directory: Path) -> int:
    """Bytes on disk below a directory."""
    total = 0
    for path, _, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(path, name)).st_blocks * 512
    return total


async def _end_of(process: asyncio.subprocess.Process) -> tuple[int, bytes]:
    """The exit code, and what the program said; of a longer output, the beginning."""
    assert process.stdout is not None
    kept = bytearray()
    while chunk := await process.stdout.read(65536):
        kept += chunk[: _MAX_ANSWER - len(kept)]
    return await process.wait(), bytes(kept)


async def _outgrown(directory: Path, limit: int) -> None:
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        if await asyncio.to_thread(directory_size, directory) > limit:
            return


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
