"""A part: one server process with a port that it keeps and a way to know that it is ready."""

from collections.abc import Callable
from dataclasses import dataclass

from learning_devstack.process import Process, wait_until_ready


@dataclass
class Part:
    """PostgreSQL, Redis or the S3 server of this copy.

    `prepare` runs before each start and clears what a killed predecessor left. `is_ready` tells whether it
    serves.
    """

    label: str
    port: int
    process: Process
    is_ready: Callable[[], bool]
    prepare: Callable[[], None]
    start_seconds: float = 60

    def begin(self) -> None:
        """Start without waiting."""
        self.prepare()
        self.process.spawn()

    def wait(self) -> None:
        """Wait until it serves. Raises StartError with the end of its log."""
        wait_until_ready(self.process, self.is_ready, self.start_seconds)

    def start(self) -> None:
        """Start on the same port and with the same data as before, and wait until it serves."""
        self.begin()
        self.wait()
