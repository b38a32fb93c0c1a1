"""Keeps processes running: what ends without being asked to is started again, later each time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from learning_devstack.console import say
from learning_devstack.log_follower import LogFollower
from learning_devstack.process import Process, StartError, describe_exit, tail
from learning_devstack.stopping import MakeWatch

TICK_SECONDS = 0.1
FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 10.0
STEADY_SECONDS = 30.0
SHOW_LOG_AT_FAILURE = 2


@dataclass
class Watched:
    """A process under supervision. `begin` starts it without waiting, `is_ready` tells whether it serves."""

    process: Process
    begin: Callable[[], None]
    is_ready: Callable[[], bool]
    follower: LogFollower | None = None
    started_at: float = 0.0
    failures: int = 0
    next_start: float | None = None
    announce: bool = False


class Supervisor:
    """Watches processes from the main thread, one small step at a time."""

    def __init__(self, make_watch: MakeWatch) -> None:
        self._make_watch = make_watch
        self._watched: list[Watched] = []

    def add_running(self, watched: Watched) -> None:
        """Watch a process that has been started."""
        watched.started_at = time.monotonic()
        self._watched.append(watched)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Supervise until `condition` holds. Raises StopRequested."""
        while not condition():
            self.step()
            time.sleep(TICK_SECONDS)

    def step(self) -> None:
        """Look at each process once. Raises StopRequested when make has ended."""
        self._make_watch.check()
        for watched in self._watched:
            if watched.next_start is not None:
                if time.monotonic() >= watched.next_start:
                    self._start_again(watched)
            elif (code := watched.process.exit_code()) is not None:
                self._plan_restart(watched, describe_exit(code))
            elif watched.announce and watched.is_ready():
                watched.announce = False
                seconds = time.monotonic() - watched.started_at
                name, pid = watched.process.name, watched.process.pid
                say(f"{name} runs again (process {pid}, after {seconds:.1f} s)")
            if watched.follower:
                watched.follower.show_news()

    def stop(self, names: Sequence[str]) -> None:
        """Stop these processes, together, and watch them no more."""
        stopping = [w for w in self._watched if w.process.name in names]
        self._watched = [w for w in self._watched if w not in stopping]
        for watched in stopping:
            watched.process.request_stop()
        for watched in stopping:
            watched.process.stop()

    def _plan_restart(self, watched: Watched, what: str) -> None:
        steady = time.monotonic() - watched.started_at >= STEADY_SECONDS
        watched.failures = 1 if steady else watched.failures + 1
        delay = min(FIRST_DELAY_SECONDS * 2 ** (watched.failures - 1), LONGEST_DELAY_SECONDS)
        watched.next_start = time.monotonic() + delay
        watched.announce = True
        say(f"{watched.process.name} {what}; starting it again in {delay:.1f} s")
        if watched.failures == SHOW_LOG_AT_FAILURE:
            say(f"The end of {watched.process.log}:\n{tail(watched.process.log)}")

    def _start_again(self, watched: Watched) -> None:
        watched.next_start = None
        watched.started_at = time.monotonic()
        try:
            watched.begin()
        except (StartError, OSError) as error:
            self._plan_restart(watched, f"could not be started ({error})")
