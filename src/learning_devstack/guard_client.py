"""Our end of the guard's pipe. See `guard.py` for why it is there."""

import contextlib
import secrets
import subprocess
import sys
from pathlib import Path

from learning_devstack import guard

MARKER_VARIABLE = "LEARNING_DEV_RUN"


class Guard:
    """Tells the guard process what to clear up should we be killed."""

    def __init__(self) -> None:
        self.marker = (MARKER_VARIABLE, secrets.token_hex(8))
        self._popen = subprocess.Popen(  # noqa: S603 - our own file
            [sys.executable, "-I", "-S", str(Path(guard.__file__).resolve()), "=".join(self.marker)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={},
            cwd="/",
        )

    @property
    def pid(self) -> int:
        """The guard's own process id."""
        return self._popen.pid

    def watch(self, pid: int, stop_signal: int) -> None:
        """Stop this process group when we are gone."""
        self._tell(f"watch {pid} {int(stop_signal)}")

    def forget(self, pid: int) -> None:
        """This process has ended."""
        self._tell(f"forget {pid}")

    def remove(self, directory: Path) -> None:
        """Remove this directory when we are gone."""
        self._tell(f"remove {directory}")

    def dismiss(self) -> None:
        """Everything has been stopped properly."""
        self._tell("done")
        if self._popen.stdin:
            with contextlib.suppress(OSError):
                self._popen.stdin.close()
        self._popen.wait(10)

    def _tell(self, order: str) -> None:
        if self._popen.stdin is None or self._popen.stdin.closed:
            return
        # A guard that was killed must not stop the work: the kernel's death signal still covers
        # children.
        with contextlib.suppress(OSError):
            self._popen.stdin.write(order.encode() + b"\n")
            self._popen.stdin.flush()
