"""What a row says, the table, `latest.json`, and the documents' figures, which are made of it."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

LATEST = Path(__file__).with_name("latest.json")
ROOT = LATEST.parents[1]
CALLS = ("verify", "courses", "modules", "submit")
USABLE = 670_000
"""Microseconds of processor time that a core gives in a second, with a third of it left free."""
_FIGURES = re.compile("(<!-- figures -->\n).*?(<!-- end of figures -->\n)", re.DOTALL)
_GROWTH = re.compile("(<!-- growth -->\n).*?(<!-- end of growth -->\n)", re.DOTALL)
SCALING = ROOT / "docs" / "scaling.md"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a figure has to reach. `at_most`: less is better."""

    bound: float
    at_most: bool = False

    def holds(self, figure: float) -> bool:
        """Whether the figure, as printed, reaches it."""
        return figure <= self.bound if self.at_most else figure >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Result:
    """A row: the service, the physical limit, what a team would write instead, all in `unit`.

    `ratio` is how much of the limit is reached, or, where its mark is an upper one, how much more than the limit it
    takes. `times_alternative` is how many times better than the alternative.
    """

    name: str
    ours: float
    unit: str
    limit: float | None = None
    ratio: float | None = None
    alternative: float | None = None
    times_alternative: float | None = None

    def as_json(self) -> dict[str, object]:
        """The row of `latest.json`."""
        return {
            key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(self).items()
        }


@dataclass(frozen=True, slots=True)
class Row:
    """A result and the marks that it is held to."""

    result: Result
    ours: Mark | None = None
    ratio: Mark | None = None
    times: Mark | None = None
    remark: str = ""

    @property
    def holds(self) -> bool:
        """Whether every mark is reached."""
        r = self.result
        pairs = ((self.ours, r.ours), (self.ratio, r.ratio), (self.times, r.times_alternative))
        return all(mark.holds(figure) for mark, figure in pairs if mark is not None and figure is not None)


def median_rows(runs: Sequence[Sequence[Row]]) -> list[Row]:
    """The rows of several runs as one: of each figure its median. A row may be in some of the runs only."""
    by_name: dict[str, list[Row]] = {}
    for row in chain.from_iterable(runs):
        by_name.setdefault(row.result.name, []).append(row)
    return [replace(same[0], result=_median([row.result for row in same])) for same in by_name.values()]


def _median(results: Sequence[Result]) -> Result:
    figures: dict[str, Any] = {}
    for name in ("ours", "limit", "ratio", "alternative", "times_alternative"):
        given = [figure for result in results if (figure := getattr(result, name)) is not None]
        if given:
            figures[name] = median(given)
    return replace(results[0], **figures)


def missed(rows: Sequence[Row]) -> str:
    """The names of the rows that are below their marks, as a line; empty where there is none."""
    names = [row.result.name for row in rows if not row.holds]
    return f"Below their marks: {', '.join(names)}." if names else ""


def table(rows: list[Row]) -> str:
    """The rows as lines of text."""
    head = ("row", "ours", "limit", "ratio", "mark", "alternative", "times", "mark", "unit", "")
    lines = [head, *(_line(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if n in (0, 8) else cell.rjust(width) for n, (cell, width) in pairs
        ).rstrip()
        for line in lines
        for pairs in [list(enumerate(zip(line, widths, strict=True)))]
    )


def _line(row: Row) -> tuple[str, ...]:
    r = row.result
    ours = _figure(r.ours) + (f" ({row.ours})" if row.ours else "")
    return (
        r.name,
        ours,
        _figure(r.limit),
        _figure(r.ratio, 2),
        str(row.ratio or ""),
        _figure(r.alternative),
        _figure(r.times_alternative, 1),
        str(row.times or ""),
        r.unit,
        row.remark if row.holds else f"{row.remark} BELOW ITS MARK".strip(),
    )


def _figure(value: float | None, places: int | None = None) -> str:
    if value is None:
        return ""
    if places is None:
        places = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{places}f}"


Entry = Mapping[str, Any]
LISTS = ("growth: /", "growth of own: /")
"""How the names of rows begin that tell how lists grow."""


def keep(rows: list[Row]) -> None:
    """Write `latest.json` and the documents' figures; rows that were not measured now stay as they are."""
    known = {entry["name"]: entry for entry in json.loads(LATEST.read_text())} if LATEST.exists() else {}
    known.update({row.result.name: row.result.as_json() for row in rows})
    LATEST.write_text(json.dumps(list(known.values()), indent=1, ensure_ascii=False) + "\n")
    for name in DOCUMENTS:
        (ROOT / name).write_text(with_figures(name, list(known.values())))


def keep_growth(rows: Sequence[Row], few: int, others: int, document: Path = SCALING) -> None:
    """Write the table of calls beside few and so many members of others; `latest.json` stays as it is."""
    head = ("call", f"beside {few:,}", f"beside {others:,}", "ratio", "unit")
    lines = [
        (
            row.result.name.removeprefix("growth: "),
            _figure(row.result.limit),
            _figure(row.result.ours),
            _figure(row.result.ratio, 2),
            row.result.unit,
        )
        for row in rows
    ]
    table = _markdown(head, lines)
    document.write_text(_GROWTH.sub(lambda found: f"{found[1]}{table}{found[2]}", document.read_text()))


def with_figures(name: str, entries: Sequence[Entry]) -> str:
    """A document with its figures made anew."""
    table = DOCUMENTS[name](entries)
    return _FIGURES.sub(lambda found: f"{found[1]}{table}{found[2]}", (ROOT / name).read_text())


def _all_rows(entries: Sequence[Entry]) -> str:
    head = ("row", "here", "limit", "ratio", "alternative", "times", "unit")
    lines = [
        (
            entry["name"],
            _figure(entry["ours"]),
            _figure(entry["limit"]),
            _figure(entry["ratio"], 2),
            _figure(entry["alternative"]),
            _figure(entry["times_alternative"], 1),
            entry["unit"],
        )
        for entry in _shown(entries)
    ]
    return _markdown(head, lines)


def _shown(entries: Sequence[Entry]) -> list[Entry]:
    """All but the growth of lists: there the one that grows most stands for all."""
    shown = [entry for entry in entries if not entry["name"].startswith(LISTS)]
    for start in LISTS:
        lists = [entry for entry in entries if entry["name"].startswith(start)]
        if lists:
            most = max(lists, key=lambda entry: float(entry["ratio"] or 0))
            shown.append({**most, "name": f"{most['name']}, the most of {len(lists)}"})
    return shown


def _cores(entries: Sequence[Entry]) -> str:
    head = ("call", "µs", "calls a second of one core", "cores for 1,000 calls a second")
    costs = {entry["name"]: entry["ours"] for entry in entries}
    lines = [
        (name, _figure(costs[name]), f"{USABLE / costs[name]:,.0f}", f"{1000 * costs[name] / USABLE:.1f}")
        for name in CALLS
        if name in costs
    ]
    return _markdown(head, lines)


def _markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, ["---"] * len(head), *lines))


DOCUMENTS: Mapping[str, Callable[[Sequence[Entry]], str]] = {
    "README.md": _all_rows,
    "docs/scaling.md": _cores,
}
"""Which documents hold figures, and how they are written there."""
