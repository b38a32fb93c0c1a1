"""Load by another program: wrk, where it is installed, must find the same processor time for a request as ours.

Not among the rows of every run: `make bench ROW=outside`.
"""

import json
import re
import shutil
import statistics
import subprocess
from collections.abc import Callable, Sequence

from benchmarks.http_rows import LEARNERS, ROUNDS, Hall, request, run_values, submission, tokens_of
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
    quiz, body = submission(hall.url, hall.quiz.version_id)
    calls: dict[str, tuple[str, str | None]] = {
        "verify": (f"/api/certificates/{certificate}/verify/", None),
        "courses": ("/api/courses/", None),
        "submit": (f"/api/quizzes/{quiz}/submit/", body),
    }
    return [_row(hall, name, path, sent) for name, (path, sent) in calls.items()]


def _row(hall: Hall, name: str, path: str, body: str | None) -> Row:
    tokens = tokens_of(hall, LEARNERS)
    asked = hall.stage.requests_file(f"outside-{name}", [request(path, token, body) for token in tokens])
    script = hall.stage.directory / f"{name}.lua"
    script.write_text(_script(tokens, body))
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


def _script(tokens: Sequence[str], body: str | None) -> str:
    """What wrk sends: the same request by each caller in turn, as Lua."""
    lines = [f"local tokens, last = {{{', '.join(json.dumps(token) for token in tokens)}}}, 0"]
    if body is not None:
        lines += ['wrk.method = "POST"', 'wrk.headers["Content-Type"] = "application/json"']
        lines += [f"wrk.body = [[{body}]]"]
    lines += [
        "function request()",
        "  last = last % #tokens + 1",
        '  wrk.headers["Authorization"] = "Bearer " .. tokens[last]',
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
