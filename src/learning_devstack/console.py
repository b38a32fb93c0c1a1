"""What the person at the terminal reads."""

import contextlib
import sys


def say(text: str = "") -> None:
    """Print a line at once. A reader that has gone away (a closed pipe) does not stop the copy."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def say_step(text: str, seconds: float) -> None:
    """Print a step that is done and how long it took."""
    say(f"  {text:<58} {seconds:6.1f} s")
