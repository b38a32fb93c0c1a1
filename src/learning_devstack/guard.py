"""The guard: a small process of its own that clears up after a supervisor that was killed.

The kernel's parent-death signal reaches direct children only, and not on macOS. The guard holds the reading
end of a pipe; when the supervisor is gone in whatever way, the pipe ends, and the guard stops every process
that it was given, and everything that those started, and then removes throw-away directories. It runs from its file
by `python -I -S`: standard library only, so that it starts in a few milliseconds.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

GRACE_SECONDS = 4.0


def alive(group: int) -> bool:
    """Whether a process group still has a member."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def marked_processes(marker: str) -> list[int]:
    """Processes started with `marker` in their environment (Linux): grandchildren in groups of their own."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if marker.encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def send(kill: Callable[[int, int], None], number: int, signal_number: int) -> None:
    """Signal a process or group that may be gone already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        kill(number, signal_number)


def kill_marked(marker: str) -> None:
    """Kill the processes that were started with `NAME=value` in their environment, directly or not."""
    for pid in marked_processes(marker):
        send(os.kill, pid, signal.SIGKILL)


def clear_up(watched: dict[int, int], directories: list[str], marker: str) -> None:
    """Ask every process to stop, kill what stays, then remove the directories."""
    for pid, stop_signal in watched.items():
        send(os.kill, pid, stop_signal)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and (any(map(alive, watched)) or marked_processes(marker)):
        time.sleep(0.05)
    for group in watched:
        send(os.killpg, group, signal.SIGKILL)
    kill_marked(marker)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


def main() -> None:
    """Read orders line by line until the pipe ends: `watch PID SIGNAL`, `forget PID`, `remove PATH`,
    `done`.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched: dict[int, int] = {}
    directories: list[str] = []
    for line in sys.stdin:
        order, _, rest = line.rstrip("\n").partition(" ")
        if order == "watch":
            pid, stop_signal = rest.split()
            watched[int(pid)] = int(stop_signal)
        elif order == "forget":
            watched.pop(int(rest), None)
        elif order == "remove":
            directories.append(rest)
        elif order == "done":
            return
    clear_up(watched, directories, sys.argv[1])


if __name__ == "__main__":
    main()
