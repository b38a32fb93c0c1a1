"""`make bench`: every row in one run. `--row NAME` measures one, `--others` makes the other organizations larger.

`--runs 3` does it three times and holds the medians to the marks: one bad moment of a shared machine is in one run.
Rows that take minutes are in the first of them only. `memory` watches ten minutes of a load that leaves most of the
processor idle, on parts of its own: where rows of growth are asked for too, they are measured meanwhile.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from benchmarks import (
    assign,
    certificate,
    deadline,
    events_in,
    growth,
    http_rows,
    jobs,
    median_route,
    memory,
    migration,
    outside,
    past,
    pooler,
    regrade,
    screen_rows,
    signed_certificate,
    start_rows,
    starting,
)
from benchmarks.results import Row, keep, keep_growth, median_rows, missed, table
from benchmarks.stage import Stage, open_stage

BY_NAME_ONLY = {"outside": outside.rows, "pooler": pooler.rows}
"""Rows that need programs of their own."""
HTTP = {**http_rows.ROWS, **screen_rows.ROWS, **start_rows.ROWS, **deadline.ROWS, **median_route.ROWS}
NAMES = (
    *HTTP,
    "assign",
    "events in",
    "regrade",
    "migration",
    "past",
    "certificate",
    "jobs",
    "starting",
    "growth",
    "memory",
    "own",
)
ONCE = {
    "deadline",
    "start: pools",
    *median_route.ROWS,
    "assign",
    "regrade",
    "migration",
    "past",
    "growth",
    "own",
    "memory",
}
"""Rows of minutes, or of much data: three times each would be an hour."""
BESIDE_MEMORY = ("growth", "own")
"""Ratios of processor times, of which both sides have the same neighbour."""


class Run:
    """One run: what was found so far."""

    def __init__(self, others: int, rounds: int) -> None:
        self.others = others
        self.rounds = rounds
        self.started = time.monotonic()
        self.rows: list[Row] = []
        self.unmeasured: list[str] = []

    def measure(self, names: list[str]) -> None:
        """Measure these rows."""
        beside = [name for name in names if name in BESIDE_MEMORY]
        if "memory" not in names or not beside:
            self.measure_in_turn(names)
            return
        self.measure_in_turn([name for name in names if name != "memory" and name not in beside])
        with ThreadPoolExecutor(1) as other:
            memory_row = other.submit(self.measure_in_turn, ["memory"])
            self.measure_in_turn(beside)
            memory_row.result()

    def measure_in_turn(self, names: list[str]) -> None:
        """Measure these rows, one after the other on one stage."""
        with open_stage() as stage:
            http = [name for name in names if name in HTTP or name in BY_NAME_ONLY]
            if http:
                hall = http_rows.open_hall(stage, self.rounds)
                self.say("loaded")
                for name in http:
                    self.add(name, partial(self.over_http, hall, name), hall.details)
                stage.stop_servers()
            for name in names:
                if name not in http:
                    self.add(name, partial(self.other, stage, name), [])

    def over_http(self, hall: http_rows.Hall, name: str) -> list[Row]:
        """A row that is measured on the loaded database."""
        return BY_NAME_ONLY[name](hall) if name in BY_NAME_ONLY else [HTTP[name](hall)]

    def other(self, stage: Stage, name: str) -> list[Row]:
        """A row that has a module of its own."""
        if name == "growth":
            return growth.rows(stage, self.others)
        measure = {
            "assign": assign.rows,
            "events in": events_in.rows,
            "regrade": regrade.rows,
            "migration": migration.rows,
            "past": past.rows,
            "certificate": lambda stage: [*certificate.rows(stage), *signed_certificate.signed_rows()],
            "jobs": jobs.rows,
            "starting": starting.rows,
            "memory": memory.rows,
            "own": growth.own_rows,
        }
        return measure[name](stage)

    def add(self, name: str, measure: Callable[[], list[Row]], details: list[str]) -> None:
        """Measure a row and keep what was found. One that ends in a fault is told, and those to come are measured."""
        try:
            rows = measure()
        except (SystemExit, subprocess.CalledProcessError) as fault:
            self.unmeasured.append(name)
            self.say(f"{name} was not measured: {fault}")
        else:
            self.rows += rows
            self.keep(name, rows)
            self.say(name)
        while details:
            print(f"        {details.pop(0)}", flush=True)

    def keep(self, name: str, rows: list[Row]) -> None:
        """Keep what was found: beside more others than usual it is another figure than the row's."""
        if name == "growth" and self.others != growth.MANY:
            keep_growth(rows, growth.FEW, self.others)
        else:
            keep(rows)

    def say(self, what: str) -> None:
        """One line on where we are."""
        print(f"{time.monotonic() - self.started:5.0f} s  {what}", flush=True)


def main() -> int:
    """Measure, print, keep; 1 when a row is below its mark."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    known = (*NAMES, *BY_NAME_ONLY)
    parser.add_argument("--row", choices=known, action="append", help="only this one; may be repeated")
    parser.add_argument("--others", type=int, default=growth.MANY, help="members of other organizations")
    parser.add_argument("--runs", type=int, default=1, help="so many whole runs, and their medians")
    given = parser.parse_args()
    runs, unmeasured = [], []
    for turn in range(given.runs):
        run = Run(given.others, http_rows.ROUNDS if given.runs == 1 else http_rows.FEWER_ROUNDS)
        run.measure(given.row or [name for name in NAMES if turn == 0 or name not in ONCE])
        runs.append(run.rows)
        unmeasured += run.unmeasured
        print(f"\n{table(run.rows)}\n", flush=True)
    rows = median_rows(runs)
    if given.runs > 1:
        keep(rows)
        print(f"Medians of {given.runs} runs:\n\n{table(rows)}\n")
    faults = [missed(rows), f"Not measured: {', '.join(unmeasured)}." if unmeasured else ""]
    print("\n".join(filter(None, faults)) or "Every row is at its mark.")
    return 1 if any(faults) else 0


if __name__ == "__main__":
    sys.exit(main())
