"""Load by another program: wrk, where it is installed, must find the same processor time for a request as ours.

Not among the rows of every run: `make bench ROW=outside`.
"""

import re
import shutil
import statistics
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.http_rows import LEARNERS, ROUNDS, Hall, request, run_values, submission_bodies, tokens_of
from benchmarks.people import ORGANIZATION
from benchmarks.results import Mark, Result, Row
from benchmarks.screen_rows import enrollments_requests, learning_requests, save_requests
from benchmarks.stage import CONNECTIONS
from benchmarks.start_rows import FIRST, STARTERS, drawn_quiz, take_back

UNIT = "µs CPU of the server a request, by wrk"
SECONDS = 1
_COUNTED = re.compile(r"(\d+) requests in")
_END = "\x1e"
# wrk sends what the script gives it, from its beginning in each round.
_SCRIPT = r"""
local file, all, last = assert(io.open("{path}", "rb")), {{}}, 0
for one in file:read("*a"):gmatch("([^\30]+)\30") do all[#all + 1] = one end
function request()
  last = last + 1
  return all[(last - 1) % #all + 1]
end
"""


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent, and what comes before each round."""

    name: str
    requests: list[str]
    before: Callable[[], None] = lambda: None


def rows(hall: Hall) -> list[Row]:
    """The same requests by both loads: the larger of both costs over the smaller."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed; on Debian or Ubuntu: apt-get install wrk")
    return [_row(hall, call) for call in _calls(hall)]


def _calls(hall: Hall) -> Sequence[Call]:
    [certificate] = run_values(hall.url, "SELECT id FROM certificates ORDER BY id LIMIT 1")
    [quiz] = run_values(hall.url, f"SELECT id FROM quizzes WHERE version_id = '{hall.quiz.version_id}'")
    tokens = tokens_of(hall, LEARNERS)
    submitted = [
        request(f"/api/quizzes/{quiz}/submit/", token, body)
        for body in submission_bodies(hall.url, quiz)
        for token in tokens
    ]
    drawn, version = drawn_quiz(hall)
    starters = [hall.stage.token(ORGANIZATION, f"user-{n}") for n in range(FIRST, FIRST + STARTERS)]
    return (
        Call("verify", [request(f"/api/certificates/{certificate}/verify/")]),
        Call("courses", [request("/api/courses/", token) for token in tokens]),
        Call("submit", submitted),
        Call("learning", learning_requests(hall)["service"]),
        Call("enrollments", enrollments_requests(hall)["service"]),
        Call("save", save_requests(hall)["service"]),
        Call(
            "start",
            [request(f"/api/quizzes/{drawn}/attempts/", token, "") for token in starters],
            partial(take_back, hall, drawn, version),
        ),
    )


def _row(hall: Hall, call: Call) -> Row:
    asked = hall.stage.requests_file(f"outside-{call.name}", call.requests)
    sent, script = (hall.stage.directory / f"{call.name}.{kind}" for kind in ("requests", "lua"))
    sent.write_text("".join(one + _END for one in call.requests), newline="")
    script.write_text(_SCRIPT.format(path=sent))
    address = f"http://127.0.0.1:{hall.service.port}/"
    argv = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(script), address]
    hall.stage.warm(hall.service, asked)
    loads: dict[str, Callable[[], float]] = {
        "ours": lambda: hall.stage.round(hall.service, asked, SECONDS).server,
        "wrk": lambda: _by_wrk(hall, argv),
    }
    costs: dict[str, list[float]] = {load: [] for load in loads}
    for _ in range(ROUNDS):
        for load, measure in loads.items():
            call.before()
            costs[load].append(measure())
    ours, wrk = (statistics.median(costs[load]) for load in ("ours", "wrk"))
    result = Result(f"outside: {call.name}", wrk, UNIT, ours, max(ours, wrk) / min(ours, wrk))
    return Row(result, ratio=Mark(1.3, at_most=True))


def _by_wrk(hall: Hall, argv: Sequence[str]) -> float:
    """Microseconds of the server's processor time for one answer that wrk counted."""
    before = hall.stage.server_seconds(hall.service)
    told = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    spent = hall.stage.server_seconds(hall.service) - before
    counted = _COUNTED.search(told)
    if counted is None or "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(f"wrk did not get what it asked for:\n{told}")
    return spent * 1e6 / int(counted[1])
