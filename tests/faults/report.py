"""The table of a session: printed at its end, and kept in a file that docs quote."""

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from tests.faults.experiment import Outcome

KEPT = Path(os.environ.get("FAULTS_REPORT", "build/faults.md"))
COLUMNS = ("fault", "what is done", "runs", "acknowledged", "lost", "doubled", "serves again", "all done")


@dataclass
class Report:
    """What the experiments of a session have found."""

    faults: dict[tuple[str, str], list[Outcome]] = field(default_factory=dict)
    bugs: list[tuple[str, str, int, int]] = field(default_factory=list)
    """(bug, what caught it, how much of what only it can cause, how much of anything without it)."""
    walks: list[tuple[str, int, int, int]] = field(default_factory=list)
    """(flow, points at which a process died, lost, doubled)."""

    def add(self, number: str, name: str, outcome: Outcome) -> None:
        """Note one run of a fault."""
        self.faults.setdefault((number, name), []).append(outcome)

    def lines(self) -> Iterator[str]:
        """Everything as tables in Markdown."""
        if self.faults:
            yield from _table(COLUMNS, [_row(*key, runs) for key, runs in self.faults.items()])
        if self.walks:
            yield ""
            yield from _table(("flow", "deaths, each at another point", "lost", "doubled"), self.walks)
        if self.bugs:
            yield ""
            yield from _table(("planted bug", "caught by", "found with it", "without it"), self.bugs)

    def write(self, form: str) -> None:
        """Keep the tables."""
        if not (self.faults or self.walks or self.bugs):
            return
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        day = datetime.now(UTC).date()
        where = f"{os.cpu_count()} cores, Python {platform.python_version()}"
        made = f"Made on {day} by `make faults` ({form}) on {where}."
        KEPT.write_text("\n".join([made, "", *self.lines(), ""]))


def _row(number: str, name: str, runs: list[Outcome]) -> tuple[object, ...]:
    def total(what: str) -> int:
        return sum(len(getattr(run.findings, what)) for run in runs)

    serves, settled = (median(getattr(run, w) for run in runs) for w in ("serves_after", "settled_after"))
    said = sum(run.acknowledged for run in runs)
    times = (f"{serves:.1f} s", f"{settled:.1f} s")
    return (number, name, len(runs), f"{said:,}", total("lost"), total("doubled"), *times)


def _table(
    head: tuple[str, ...],
    rows: list[tuple[object, ...]] | list[tuple[str, int, int, int]] | list[tuple[str, str, int, int]],
) -> Iterator[str]:
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(head))]
    for n, row in enumerate(cells):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        if n == 0:
            yield "| " + " | ".join("-" * width for width in widths) + " |"
