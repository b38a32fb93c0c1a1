"""When to stop: signals, and the end of the `make` that started us."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
UNDER_MAKE_VARIABLE = "LEARNING_DEV_UNDER_MAKE"


class StopRequested(BaseException):
    """The copy is to stop. Not an Exception, so that nothing catches it as an error."""


def raise_on_stop_signals() -> None:
    """Turn the first SIGINT, SIGTERM or SIGHUP into StopRequested and ignore what follows.

    Explicitly, because a process that a shell starts in the background inherits SIGINT ignored.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, _on_stop_signal)


def ignore_stop_signals() -> None:
    """From here on the copy is stopping anyway."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _on_stop_signal(_number: int, _frame: FrameType | None) -> None:
    ignore_stop_signals()
    raise StopRequested


class MakeWatch:
    """Notices that the `make` above us was killed or interrupted.

    make hands SIGTERM on to us, but not SIGINT (it relies on the terminal for that) and of course not
    SIGKILL. After SIGINT it waits for us with the signal's handler taken away, which is visible in /proc.
    """

    def __init__(self) -> None:
        self._make = os.getppid() if os.environ.get(UNDER_MAKE_VARIABLE) else None
        self._catches_interrupt = self._make is not None and self._catching()

    def check(self) -> None:
        """Raises StopRequested when it is time."""
        if self._make is None:
            return
        if os.getppid() != self._make or (self._catches_interrupt and not self._catching()):
            raise StopRequested

    def _catching(self) -> bool:
        if sys.platform != "linux":
            return False
        try:
            status = Path(f"/proc/{self._make}/status").read_text()
        except OSError:
            return False
        caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
        return bool(int(caught, 16) >> (signal.SIGINT - 1) & 1)
