"""What mutmut left in `mutants`: a table of what was killed, or a sample of what it can be asked to try.

`table` prints a line for each group; `names GROUP… [N]` prints the names of their changes, N of each group taken at
random, the same each time; `again GROUP…` prints those of them that ran out of time.
"""

import collections
import json
import pathlib
import random
import sys

GROUPS = {
    "submit": {"completion/actions/submissions": None, "completion/actions/closing": None},
    "claim": {
        "outbox": {"claim_jobs", "due_ids", "_due", "extend_leases", "_held", "_update_held"},
        "reminders/actions": {
            *("may_claim", "claim_reminders", "_open", "_last_looked_at", "_due", "begin_mail", "_move"),
        },
    },
    "access": {"courses/queries/access": None},
}
# pytest's exit codes and mutmut's own. Anything else than 1 and 3 is no proof that a test noticed: a process that was
# killed or ran out of time may have stood still on a busy machine.
VERDICTS = {1: "killed", 3: "killed", 0: "survived", 5: "no test", 33: "no test", None: "not tried"}
SHOWN = ("killed", "survived", "no test", "out of time")


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
            found.append((name, group_of(module, function), VERDICTS.get(code, "out of time")))
    return found


def line(name: str, row: "collections.Counter[str]") -> str:
    """One line of the table: what was killed of all that was tried."""
    tried = sum(row[verdict] for verdict in SHOWN)
    figures = "  ".join(f"{verdict} {row[verdict]}" for verdict in SHOWN)
    return f"{name:40} {100 * row['killed'] / (tried or 1):5.1f} % of {tried}/{row.total()}: {figures}"


def main() -> None:
    """Print what was asked for."""
    order, *words = sys.argv[1:]
    if order in ("names", "again"):
        most = int(words.pop()) if words[-1].isdigit() else sys.maxsize
        tried = [one for one in changes() if order == "names" or one[2] == "out of time"]
        for wanted in words:
            names = [name for name, group, _ in tried if group.partition(":")[0] == wanted]
            chosen = random.Random(1).sample(names, min(most, len(names)))  # noqa: S311 - no secret
            sys.stdout.writelines(f"{name}\n" for name in chosen)
        return
    rows: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for _, group, verdict in changes():
        rows[group][verdict] += 1
        if group.startswith("rules: "):
            rows["rules"][verdict] += 1
    for group, row in sorted(rows.items()):
        if row["not tried"] < row.total():
            sys.stdout.write(line(group, row) + "\n")


main()
