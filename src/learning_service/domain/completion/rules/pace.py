"""How many enrollments a run takes into its next transaction, by how long the last one took. Pure.

A transaction holds rows that learners wait for. What it takes is not the same on every machine and at every hour, so
that a fixed number is too many on a busy one, and too few on an idle one.
"""

FIRST, LEAST, MOST = 50, 50, 400
"""Of fewer than `LEAST`, most of the time goes into what each transaction takes anyway. The first one also fills
caches."""
AIM = 0.15
"""Seconds. A transaction takes several times as long as the one before it, where the machine gets busy in between."""


def next_size(size: int, seconds: float, most: int = MOST) -> int:
    """How many come next, after so many in so many seconds: at most twice as many, but at once far fewer."""
    wanted = int(size * AIM / max(seconds, AIM / 2))
    return min(max(wanted, LEAST), most)
