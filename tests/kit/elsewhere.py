"""What tests have done in other processes. It loads next to nothing: each of those processes loads it anew."""

import os
import signal
import time
from pathlib import Path

from learning_service.domain.kernel.errors import Invalid
from learning_service.domain.kernel.pieces import Work


def begun(path: str) -> int:
    """Say so, and wait until the file is away."""
    file = Path(path)
    file.write_text(str(os.getpid()))
    while file.exists():
        time.sleep(0.01)
    return os.getpid()


def refuse(what: object) -> None:
    """Raise what cannot be sent."""
    raise Unsendable(what, lambda: None)


def dies(_pdf: bytes) -> None:
    """End the process that does it."""
    os.kill(os.getpid(), signal.SIGKILL)


class Unsendable(Exception):
    """Cannot be sent, or not made again from its words."""

    def __init__(self, first: object, second: object) -> None:
        super().__init__(f"{first} of {second}")


class Thing:
    """Counts in its own process."""

    def __init__(self) -> None:
        self.count = 0

    def process(self) -> Work[int]:
        """Which process does it."""
        yield
        return os.getpid()

    def counted(self, upto: int) -> Work[int]:
        """So much further."""
        for _ in range(upto):
            self.count += 1
            time.sleep(0.01)
            yield
        return self.count

    def grows(self) -> Work[int]:
        """Take more memory than there may be."""
        yield
        return len(bytes(2 * 1024**3))

    def dies(self) -> Work[None]:
        """End the process."""
        yield
        os.kill(os.getpid(), signal.SIGKILL)

    def refuses(self) -> Work[None]:
        """Refuse as the domain does."""
        yield
        raise Invalid.at("/here", "is wrong", "too-many", {"most": 3})

    def stumbles(self) -> Work[None]:
        """Raise what does not arrive as it is."""
        yield
        raise Unsendable(1, 2)

    def sees(self) -> Work[dict[str, str]]:
        """The process's environment."""
        yield
        return dict(os.environ)

    def stays(self) -> Work[None]:
        """Give no answer for a minute."""
        yield
        time.sleep(60)
