"""What the processes hold after ten minutes of the mixed load of `make soak`, and how much more than after one.

Whether any call was refused is for `make soak` to judge; here it is a remark.

It is the memory that a process and all those below it have to themselves, and their share of what several have
together (PSS): what two have mapped is there once. Below a worker are its helpers, which draw and sign.
"""

import asyncio

from benchmarks.results import Mark, Result, Row
from benchmarks.soak import RATE, live, open_scene
from benchmarks.stage import Stage

MINUTES, FLAT = 10, 1.10
MOST = {"API": 160, "worker": 150}
"""Megabytes of each process with those below it."""


def rows(stage: Stage) -> list[Row]:
    """The largest of both APIs and of both workers, beside itself after the first minute."""
    with open_scene(stage) as scene:
        seen, bad = asyncio.run(live(scene, MINUTES, RATE))
    remark = f"{len(bad)} calls were refused" if bad else ""
    found = []
    for kind, most in MOST.items():
        first, last = (
            max(size for name, size in minute.megabytes.items() if name.startswith(kind))
            for minute in (seen[0], seen[-1])
        )
        result = Result(f"memory: {kind.lower()}", last, "MB after ten minutes", first, last / first)
        found.append(Row(result, Mark(most, at_most=True), Mark(FLAT, at_most=True), remark=remark))
    return found
