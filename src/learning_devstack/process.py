"""One child process that cannot outlive us, with its log file."""

import ctypes
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from learning_devstack.guard import kill_marked
from learning_devstack.guard_client import Guard

PR_SET_PDEATHSIG = 1
PROCESS_VARIABLE = "LEARNING_DEV_PROCESS"
KEPT_FROM_OUR_ENVIRONMENT = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")
LOG_KEPT_BYTES = 5_000_000

_libc = ctypes.CDLL(None, use_errno=True)


class StartError(Exception):
    """A process did not come up; the text is for the person at the terminal."""


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a part: nothing of the caller's that could change what it does (PGDATA,
    AWS_PROFILE…).
    """
    kept = {name: os.environ[name] for name in KEPT_FROM_OUR_ENVIRONMENT if name in os.environ}
    return {"PATH": os.defpath, **kept, "LC_ALL": "C.UTF-8", "TZ": "UTC", **(extra or {})}


def die_with_parent(parent: int, death_signal: int) -> None:
    """Let the kernel send this process `death_signal` when its parent dies, even by SIGKILL (Linux only).

    Runs between fork and exec. The kernel ties this to the *thread* that forked, so start children from the
    main thread. A parent that died before the call would never be noticed, hence the check after it.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log, for a message about a process that failed; empty when there is no log."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 16_000))
        return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])


class Process:
    """A child in a session of its own, so that Ctrl-C at the terminal reaches the supervisor alone."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        guard: Guard,
        stop_signal: int = signal.SIGTERM,
        grace_seconds: float = 8,
        user: int | None = None,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.environment = dict(environment)
        self.log = log
        self.stop_signal = stop_signal
        self.grace_seconds = grace_seconds
        self._user = user
        self._guard = guard
        self._popen: subprocess.Popen[bytes] | None = None
        self._forgotten = False
        self._marker = (PROCESS_VARIABLE, secrets.token_hex(8))

    @property
    def pid(self) -> int | None:
        """The process id while it has been started and not reaped."""
        return self._popen.pid if self._popen else None

    def spawn(self) -> None:
        """Start it, without waiting for it to be ready."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_KEPT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        parent = os.getpid()
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(  # noqa: S603 - our own argument list, no shell
                self.argv,
                env={**self.environment, **dict((self._guard.marker, self._marker))},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(parent, self.stop_signal),
                user=self._user,
                group=self._user,
                extra_groups=None if self._user is None else [],
            )
        self._forgotten = False
        self._guard.watch(self._popen.pid, self.stop_signal)

    def exit_code(self) -> int | None:
        """None while it runs; else its exit code, negative for a signal.

        What it left of its group is killed.
        """
        if self._popen is None:
            return None
        code = self._popen.poll()
        if code is not None:
            self._forget()
        return code

    def is_running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._popen is not None and self.exit_code() is None

    def request_stop(self) -> None:
        """Send the stop signal, without waiting."""
        if self._popen is not None and self._popen.poll() is None:
            self._popen.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Stop it and wait: after the grace period by force."""
        if self._popen is None:
            return
        self.request_stop()
        try:
            self._popen.wait(self.grace_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        self._forget()
        self._popen = None

    def kill(self) -> None:
        """Kill it and its group at once and reap it."""
        if self._popen is None:
            return
        self._popen.kill()
        self._popen.wait()
        self._forget()

    def _forget(self) -> None:
        # Once only: a process id that has been reaped may soon be another program's.
        if self._popen is not None and not self._forgotten:
            self._forgotten = True
            kill_group(self._popen.pid)
            # What it started in sessions of their own (a converter does) is in no group of ours.
            kill_marked("=".join(self._marker))
            self._guard.forget(self._popen.pid)


def kill_group(group: int) -> None:
    """Kill what is left of a process group; nothing left is fine."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def wait_until_ready(process: Process, is_ready: Callable[[], bool], seconds: float) -> None:
    """Wait for a process that has just been spawned.

    Raises StartError with the end of its log when it ends, or is not ready in time.
    """
    deadline = time.monotonic() + seconds
    while not is_ready():
        code = process.exit_code()
        if code is not None:
            raise StartError(f"{process.name} {describe_exit(code)} at its start:\n{tail(process.log)}")
        if time.monotonic() > deadline:
            raise StartError(f"{process.name} is not ready after {seconds:.0f} s:\n{tail(process.log)}")
        time.sleep(0.02)


def describe_exit(code: int) -> str:
    """`exited with code 1`, `was killed by SIGKILL`."""
    return f"exited with code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"
