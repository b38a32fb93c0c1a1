"""What mutmut left in `mutants`: a table of what was killed, or a sample of what it can be asked to try.

`table` prints a line for each group; `sample N [PATTERN…]` prints the names of N changes, the same each time.
"""

import collections
import fnmatch
import json
import pathlib
import random
import sys

GROUPS = {
    "submit": {"outcomes/actions/closing": None},
    "claim": {
        "outbox": {"claim_jobs", "due_ids", "_due", "extend_leases", "_held", "_update_held"},
        "reminders/actions": {
            *("may_claim", "claim_reminders", "_open", "_last_looked_at", "_due", "begin_mail", "_move"),
        },
    },
    "access": {"courses/queries/access": None},
}
# mutmut's exit codes: 1 and 3 killed, 0 survived, 33 no test, 36 and 24 out of time (killed).
VERDICTS = {0: "survived", 33: "no test", None: "not tried"}
SHOWN = ("killed", "survived", "no test", "not tried")


def group_of(module: str, function: str) -> str:
    """The group that a function belongs to: a name of GROUPS, `rules/…`, or `other`."""
    for group, modules in GROUPS.items():
        if module in modules:
            wanted = modules[module]
            return group if wanted is None or function in wanted else "other"
    return f"rules: {module}"


def changes() -> list[tuple[str, str, str]]:
    """Name, group and verdict of every change."""
    found = []
    for path in sorted(pathlib.Path("mutants/src").rglob("*.meta")):
        module = "/".join(path.with_suffix("").with_suffix("").parts[4:])
        for name, code in json.loads(path.read_text())["exit_code_by_key"].items():
            function = name.partition("__mutmut_")[0].rpartition(".")[2].removeprefix("x_")
            found.append((name, group_of(module, function), VERDICTS.get(code, "killed")))
    return found


def line(name: str, row: "collections.Counter[str]") -> str:
    """One line of the table."""
    tried = row["killed"] + row["survived"] + row["no test"]
    figures = "  ".join(f"{verdict} {row[verdict]}" for verdict in SHOWN)
    return f"{name:44} {100 * row['killed'] / (tried or 1):5.1f} %  {figures}"


def main() -> None:
    """Print what was asked for."""
    if sys.argv[1] == "sample":
        names = [name for name, group, _ in changes() if group != "other"]
        if len(sys.argv) > 3:
            names = [name for name in names if any(fnmatch.fnmatch(name, one) for one in sys.argv[3:])]
        chosen = random.Random(1).sample(names, min(int(sys.argv[2]), len(names)))  # noqa: S311 - no secret
        sys.stdout.write("\n".join(chosen) + "\n")
        return
    rows: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for _, group, verdict in changes():
        rows[group][verdict] += 1
        if group.startswith("rules: "):
            rows["rules"][verdict] += 1
    for group in sorted(rows):
        sys.stdout.write(line(group, rows[group]) + "\n")


main()
