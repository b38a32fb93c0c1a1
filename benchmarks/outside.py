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

from benchmarks.http_rows import (
    LEARNERS,
    ROUNDS,
    VARIANTS,
    Hall,
    request,
    run_values,
    submission_bodies,
    tokens_of,
)
from benchmarks.people import ORGANIZATION
from benchmarks.results import Mark, Result, Row
from benchmarks.screen_rows import enrollments_requests, learning_requests, save_requests
from benchmarks.stage import CONNECTIONS
from benchmarks.start_rows import FIRST, STARTERS, drawn_quiz, take_back

UNIT = "µs CPU of the server a request, by wrk"
SECONDS = 1
SUBMISSIONS = 3 * VARIANTS
"""Of each caller, so that none that one load sends has been sent by the other in the minute before."""
_COUNTED = re.compile(r"(\d+) requests in")
_END = "\x1e"
# wrk sends what the script gives it.
_SCRIPT = r"""
local file, all, last = assert(io.open("{path}", "rb")), {{}}, {sent}
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
        for body in submission_bodies(hall.url, quiz, SUBMISSIONS)
        for token in tokens
    ]
    drawn, version = drawn_quiz(hall)
    starters = [hall.stage.token(ORGANIZATION, f"user-{n}") for n in range(FIRST, FIRST + STARTERS)]
    return (
        Call("verify", [request(f"/api/certificates/{certificate}/verify/")]),
        Call("courses", [request("/api/courses/", token) for token in tokens]),
        Call("learning", learning_requests(hall)["service"]),
        Call("enrollments", enrollments_requests(hall)["service"]),
        Call("save", save_requests(hall)["service"]),
        # It closes the attempts that answers are saved in.
        Call("submit", submitted),
        Call(
            "start",
            [request(f"/api/quizzes/{drawn}/attempts/", token, "") for token in starters],
            partial(take_back, hall, drawn, version),
        ),
    )


class _Wrk:
    """wrk with the requests of a call. It begins in their middle and goes on where it ended, as our load does.

    The same submission again within a minute would be another call.
    """

    def __init__(self, hall: Hall, call: Call) -> None:
        self.hall = hall
        self.requests, self.script = (
            hall.stage.directory / f"{call.name}.{kind}" for kind in ("requests", "lua")
        )
        self.requests.write_text("".join(one + _END for one in call.requests), newline="")
        self.sent = len(call.requests) // 2

    def round(self) -> float:
        """Microseconds of the server's processor time for one answer that wrk counted."""
        self.script.write_text(_SCRIPT.format(path=self.requests, sent=self.sent))
        address = f"http://127.0.0.1:{self.hall.service.port}/"
        argv = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(self.script), address]
        before = self.hall.stage.server_seconds(self.hall.service)
        told = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        spent = self.hall.stage.server_seconds(self.hall.service) - before
        counted = _COUNTED.search(told)
        if counted is None or "Non-2xx" in told or "Socket errors" in told:
            raise SystemExit(f"wrk did not get what it asked for:\n{told}")
        self.sent += int(counted[1]) + CONNECTIONS
        return spent * 1e6 / int(counted[1])


def _row(hall: Hall, call: Call) -> Row:
    asked, wrk = hall.stage.requests_file(f"outside-{call.name}", call.requests), _Wrk(hall, call)
    hall.stage.warm(hall.service, asked)
    ours: list[float] = []
    others: list[float] = []
    for _ in range(ROUNDS):
        call.before()
        ours.append(hall.stage.round(hall.service, asked, SECONDS).server)
        call.before()
        others.append(wrk.round())
    mine, theirs = statistics.median(ours), statistics.median(others)
    result = Result(f"outside: {call.name}", theirs, UNIT, mine, max(mine, theirs) / min(mine, theirs))
    return Row(result, ratio=Mark(1.3, at_most=True))
