"""Load by another program: wrk, where it is installed, must find the same processor time for a request as ours.

Not among the rows of every run: `make bench ROW=outside`.
"""

import json
import re
import shutil
import statistics
import subprocess
from collections.abc import Callable, Sequence

from benchmarks.http_rows import LEARNERS, ROUNDS, Hall, request, run_values, submission_bodies, tokens_of
from benchmarks.results import Mark, Result, Row
from benchmarks.stage import CONNECTIONS

UNIT = "µs CPU of the server a request, by wrk"
SECONDS = 1
_COUNTED = re.compile(r"(\d+) requests in")


def rows(hall: Hall) -> list[Row]:
    """The same calls by both loads, each caller in turn: the larger of both costs over the smaller."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed; on Debian or Ubuntu: apt-get install wrk")
    [certificate] = run_values(hall.url, "SELECT id FROM certificates ORDER BY id LIMIT 1")
    [quiz] = run_values(hall.url, f"SELECT id FROM quizzes WHERE version_id = '{hall.quiz.version_id}'")
    calls: dict[str, tuple[str, list[str]]] = {
        "verify": (f"/api/certificates/{certificate}/verify/", []),
        "courses": ("/api/courses/", []),
        "submit": (f"/api/quizzes/{quiz}/submit/", submission_bodies(hall.url, quiz)),
    }
    return [_row(hall, name, path, sent) for name, (path, sent) in calls.items()]


def _row(hall: Hall, name: str, path: str, bodies: Sequence[str]) -> Row:
    tokens = tokens_of(hall, LEARNERS)
    sent: list[str | None] = list(bodies) or [None]
    each = [request(path, token, body) for body in sent for token in tokens]
    asked = hall.stage.requests_file(f"outside-{name}", each)
    script = hall.stage.directory / f"{name}.lua"
    script.write_text(_script(tokens, bodies))
    address = f"http://127.0.0.1:{hall.service.port}{path}"
    argv = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(script), address]
    hall.stage.warm(hall.service, asked)
    loads: dict[str, Callable[[], float]] = {
        "ours": lambda: hall.stage.round(hall.service, asked, SECONDS).server,
        "wrk": lambda: _by_wrk(hall, argv),
    }
    costs: dict[str, list[float]] = {load: [] for load in loads}
    for _ in range(ROUNDS):
        for load, measure in loads.items():
            costs[load].append(measure())
    ours, wrk = (statistics.median(costs[load]) for load in ("ours", "wrk"))
    result = Result(f"outside: {name}", wrk, UNIT, ours, max(ours, wrk) / min(ours, wrk))
    return Row(result, ratio=Mark(1.3, at_most=True))


def _script(tokens: Sequence[str], bodies: Sequence[str]) -> str:
    """What wrk sends: the next body by each caller in turn, as Lua."""
    lines = [f"local tokens, last = {{{', '.join(json.dumps(token) for token in tokens)}}}, -1"]
    if bodies:
        lines += ['wrk.method = "POST"', 'wrk.headers["Content-Type"] = "application/json"']
    lines += [
        f"local bodies = {{{', '.join(f'[[{body}]]' for body in bodies)}}}",
        "function request()",
        "  last = last + 1",
        '  wrk.headers["Authorization"] = "Bearer " .. tokens[last % #tokens + 1]',
        "  if #bodies > 0 then wrk.body = bodies[math.floor(last / #tokens) % #bodies + 1] end",
        "  return wrk.format()",
        "end",
    ]
    return "\n".join(lines)


def _by_wrk(hall: Hall, argv: Sequence[str]) -> float:
    """Microseconds of the server's processor time for one answer that wrk counted."""
    before = hall.stage.server_seconds(hall.service)
    told = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    spent = hall.stage.server_seconds(hall.service) - before
    counted = _COUNTED.search(told)
    if counted is None or "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(f"wrk did not get what it asked for:\n{told}")
    return spent * 1e6 / int(counted[1])
