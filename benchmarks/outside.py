"""Load by another program: wrk, where it is installed, must find the same processor time for a request as ours.

Not among the rows of every run: `make bench ROW=outside`.
"""

import re
import shutil
import statistics
import subprocess
from collections.abc import Callable

from benchmarks.http_rows import ROUNDS, Hall, request, run_values, submission
from benchmarks.people import ORGANIZATION
from benchmarks.results import Mark, Result, Row
from benchmarks.stage import CONNECTIONS

UNIT = "µs CPU of the server a request, by wrk"
SECONDS = 2
_COUNTED = re.compile(r"(\d+) requests in")


def rows(hall: Hall) -> list[Row]:
    """Each call by one member over and over: the larger of both costs over the smaller."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed; on Debian or Ubuntu: apt-get install wrk")
    [certificate] = run_values(hall.url, "SELECT id FROM certificates ORDER BY id LIMIT 1")
    token = hall.stage.token(ORGANIZATION, "user-0")
    quiz, body = submission(hall.url, hall.quiz.version_id)
    calls: dict[str, tuple[str, str | None]] = {
        "verify": (f"/api/certificates/{certificate}/verify/", None),
        "courses": ("/api/courses/", None),
        # One member's submissions wait for each other; that costs both loads the same.
        "submit": (f"/api/quizzes/{quiz}/submit/", body),
    }
    return [_row(hall, name, path, token, sent) for name, (path, sent) in calls.items()]


def _row(hall: Hall, name: str, path: str, token: str, body: str | None) -> Row:
    asked = hall.stage.requests_file(f"outside-{name}", [request(path, token, body)])
    hall.stage.warm(hall.service, asked)
    loads: dict[str, Callable[[], float]] = {
        "ours": lambda: hall.stage.round(hall.service, asked, SECONDS).server,
        "wrk": lambda: _by_wrk(hall, name, path, token, body),
    }
    costs: dict[str, list[float]] = {load: [] for load in loads}
    for _ in range(ROUNDS):
        for load, measure in loads.items():
            costs[load].append(measure())
    ours, wrk = (statistics.median(costs[load]) for load in ("ours", "wrk"))
    result = Result(f"outside: {name}", wrk, UNIT, ours, max(ours, wrk) / min(ours, wrk))
    return Row(result, ratio=Mark(1.3, at_most=True))


def _by_wrk(hall: Hall, name: str, path: str, token: str, body: str | None) -> float:
    """Microseconds of the server's processor time for one answer that wrk counted."""
    script = hall.stage.directory / f"{name}.lua"
    lines = [f'wrk.headers["Authorization"] = "Bearer {token}"']
    if body is not None:
        lines += ['wrk.method = "POST"', 'wrk.headers["Content-Type"] = "application/json"']
        lines += [f"wrk.body = [[{body}]]"]
    script.write_text("\n".join(lines))
    address = f"http://127.0.0.1:{hall.service.port}{path}"
    argv = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(script), address]
    before = hall.stage.server_seconds(hall.service)
    told = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    spent = hall.stage.server_seconds(hall.service) - before
    counted = _COUNTED.search(told)
    if counted is None or "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(f"wrk did not get what it asked for:\n{told}")
    return spent * 1e6 / int(counted[1])
