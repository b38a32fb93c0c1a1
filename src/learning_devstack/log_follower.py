"""Shows the warnings of a child's log at the terminal, and not more than a person can read."""

import json
import time
from pathlib import Path

from learning_devstack.console import say

SHOWN_LEVELS = {"warning", "error", "critical"}
SHOWN_PER_WINDOW = 3
WINDOW_SECONDS = 10.0
READ_AT_MOST = 1_000_000


class LogFollower:
    """Reads what a log has grown by; its lines are JSON objects with `level` and `event`."""

    def __init__(self, name: str, path: Path) -> None:
        self._name = name
        self._path = path
        self._position = path.stat().st_size if path.exists() else 0
        self._window_started = 0.0
        self._in_window = 0

    def show_news(self) -> None:
        """Print new warnings; beyond a few in ten seconds only that there are more."""
        for event in self._new_events():
            now = time.monotonic()
            if now - self._window_started > WINDOW_SECONDS:
                self._window_started, self._in_window = now, 0
            self._in_window += 1
            if self._in_window <= SHOWN_PER_WINDOW:
                say(f"{self._name}: {event}")
            elif self._in_window == SHOWN_PER_WINDOW + 1:
                say(f"{self._name}: more in {self._path}")

    def _new_events(self) -> list[str]:
        try:
            size = self._path.stat().st_size
            if size == self._position:
                return []
            with self._path.open("rb") as file:
                file.seek(self._position if self._position < size else 0)
                text = file.read(READ_AT_MOST)
        except OSError:
            return []
        complete = text.rfind(b"\n") + 1
        self._position = size if len(text) == READ_AT_MOST else (size - len(text) + complete)
        return [event for line in text[:complete].splitlines() if (event := _warning_in(line))]


def _warning_in(line: bytes) -> str | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    if not isinstance(entry, dict) or entry.get("level") not in SHOWN_LEVELS:
        return None
    return f"{entry['level']}: {entry.get('event', '')}"[:200]
