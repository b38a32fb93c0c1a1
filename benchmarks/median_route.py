"""The row of an average call: every GET route of the application beside its own limit, and the median of all.

A route's limit runs the same statements by Starlette and asyncpg alone, see `walked`. Both are called over the
network and served by one process; what counts is processor time of this process and of PostgreSQL.
"""

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from benchmarks.http_rows import DATABASE, Hall, request, run_values
from benchmarks.people import ORGANIZATION
from benchmarks.results import Mark, Result, Row
from benchmarks.school import School
from benchmarks.stage import Server, Stage

from learning_service.api.routes import api_routes
from learning_service.core.settings import Settings
from learning_service.domain.certificates.rules.codes import printed_code
from learning_service.main import create_app

NAME, UNIT = "median route", "µs CPU a request"
ROUNDS, SECONDS, WARM_UP_SECONDS, CONNECTIONS, WORST = 3, 0.06, 0.25, 4, 10
SCOPES = ("directory:write", "reports:read", "webhooks:manage", "events:read")
IDS: Mapping[str, str] = {
    "attempt_id": "SELECT id FROM quiz_attempts WHERE user_id = 'user-0' LIMIT 1",
    "certificate_id": "SELECT id FROM certificates WHERE user_id = 'user-0' LIMIT 1",
    "code": "SELECT encode(code, 'hex') FROM certificate_organizations LIMIT 1",
    "course_id": "SELECT c.id FROM courses c JOIN quizzes q ON q.version_id = c.published_version_id LIMIT 1",
    "document_id": "SELECT id FROM documents LIMIT 1",
    "enrollment_id": "SELECT e.id FROM enrollments e JOIN quizzes q ON q.version_id = e.version_id"
    " WHERE e.user_id = 'user-0' LIMIT 1",
    "number": "SELECT 1",
    "quiz_id": "SELECT id FROM quizzes WHERE kind = 'quiz' LIMIT 1",
    "regrade_id": "SELECT id FROM regrades LIMIT 1",
    "requirement_id": "SELECT id FROM compliance_requirements LIMIT 1",
    "run_id": "SELECT id FROM assignment_runs LIMIT 1",
    "user_id": "SELECT 'user-0'",
}
"""What stands in a path, as the school has it."""
OTHER_IDS = {
    "/api/assessments/{quiz_id}/": {"quiz_id": "SELECT id FROM quizzes WHERE kind <> 'quiz' LIMIT 1"},
    "/api/runs/{run_id}/": {"run_id": "SELECT id FROM enrollment_runs LIMIT 1"},
    "/status/{number}/": {"number": "SELECT number FROM status_lists LIMIT 1"},
    "/achievements/{course_id}/{number}/": {"course_id": "SELECT course_id FROM achievements LIMIT 1"},
}
QUERIES = {
    "/api/courses/{course_id}/versions/{number}/diff/": "?against=1",
    "/api/courses/{course_id}/versions/{number}/export/": "?format=gift",
    "/api/question-banks/{bank_id}/export/": "?format=gift",
}


@dataclass(frozen=True, slots=True)
class Stop:
    """A route on the walk: how it is called, and its limit."""

    path: str
    asked: str
    limit: str


def row(hall: Hall) -> Row:
    """The median over all routes of what a call takes of its limit."""
    made = _furnish(hall)
    stage = hall.stage
    environment = {**stage.environment(DATABASE), "FLOOR_DATABASE_URL": hall.url}
    server = stage.serve_app("benchmarks.walked:make", environment, factory=True)
    stops, skipped = _stops(hall, server, made)
    costs = _costs(stage, server, stops)
    ratios = {path: ours / limit for path, (ours, limit) in costs.items()}
    hall.details += [
        f"{path}: {ratio:.1f} ({costs[path][0]:.0f} µs to {costs[path][1]:.0f})"
        for path, ratio in sorted(ratios.items(), key=lambda one: -one[1])[:WORST]
    ]
    hall.details += [f"not walked: {path}: {why}" for path, why in skipped.items()]
    ours, limit = (statistics.median(cost[side] for cost in costs.values()) for side in (0, 1))
    result = Result(NAME, ours, UNIT, limit, statistics.median(ratios.values()))
    of = f"{len(stops)} of {len(stops) + len(skipped)} routes"
    return Row(result, ratio=Mark(2.5, at_most=True), remark=of)


def _furnish(hall: Hall) -> dict[str, str]:
    """Make what the school lacks of the things that routes are about; its ids."""
    school, course = School(hall.stage, hall.service), hall.quiz.id
    body = {"course_id": course, "trigger": "manual", "audience_filter": {"status": ["nobody"]}}
    rule = school.make("/api/assignment-rules/", body)
    school.make(f"/api/assignment-rules/{rule['id']}/run/")
    own = {"scope": "national", "steps": [{"courses": [course]}]}
    program = school.make("/api/programs/", {"title": "Program", **own})
    school.make(f"/api/programs/{program['id']}/publish/")
    bank = school.make("/api/question-banks/", {"title": "Bank", "scope": "national"})
    school.make(f"/api/question-banks/{bank['id']}/questions/", {"type": "true_false", "correct": True})
    school.make("/api/exemptions/", {"user_id": "user-1", "requirement_id": "hazing", "reason": "Served"})
    quizzed = hall.stage.token(ORGANIZATION, "user-0")
    [quiz] = run_values(hall.url, f"SELECT id FROM quizzes WHERE version_id = '{hall.quiz.version_id}'")
    school.make(f"/api/quizzes/{quiz}/attempts/", token=quizzed)
    [key] = run_values(hall.url, f"SELECT key FROM questions WHERE quiz_id = '{quiz}' LIMIT 1")
    change = {
        "changes": [{"question_key": key, "points": 5}],
        "policy": "new_only",
        "note": "They were wrong",
    }
    school.make(f"/api/courses/{course}/versions/1/regrades/", change)
    service = hall.stage.token(ORGANIZATION, "hooks", scopes=SCOPES)
    receiver = {"url": "http://127.0.0.1:9/hook", "event_types": ["learning.certificate.issued"]}
    hook = school.make("/api/webhooks/", receiver, token=service)
    made = {"bank_id": bank, "program_id": program, "rule_id": rule, "webhook_id": hook}
    return {name: str(one["id"]) for name, one in made.items()}


def _stops(hall: Hall, server: Server, made: Mapping[str, str]) -> tuple[list[Stop], dict[str, str]]:
    """The routes that can be called here, and why the others cannot."""
    stage = hall.stage
    tokens = [
        stage.token(ORGANIZATION, "user-0"),
        stage.token(ORGANIZATION, "boss", "national_admin"),
        stage.token(ORGANIZATION, "platform", scopes=SCOPES),
    ]
    stops, skipped = [], {}
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as http:
        for path in _paths():
            names = re.findall(r"{(\w+)}", path)
            wanted = {**IDS, **OTHER_IDS.get(path, {})}
            found = {name: made.get(name) or _first(hall, wanted.get(name)) for name in names}
            if found.get("code"):
                found["code"] = printed_code(bytes.fromhex(found["code"]))
            if lacking := [name for name in names if not found[name]]:
                skipped[path] = f"the school has no {' or '.join(lacking)}"
                continue
            called = path.format(**found) + QUERIES.get(path, "")
            reasons = []
            for token in tokens:
                if reason := _obstacle(http, called, token):
                    reasons.append(reason)
                else:
                    stops.append(_stop(hall, http, called, token, path))
                    break
            else:
                skipped[path] = f"a member, an administrator and a service get {', '.join(reasons)}"
    return stops, skipped


def _first(hall: Hall, statement: str | None) -> str:
    """What a statement finds first; empty where it finds nothing, or where nobody has written one."""
    return "".join(run_values(hall.url, statement)[:1]) if statement else ""


def _paths() -> list[str]:
    """The application's own GET routes, each once."""
    settings = Settings(database_url="postgresql+asyncpg://nobody@localhost/none")
    return [route.path for route in api_routes(create_app(settings)) if "GET" in (route.methods or ())]


def _obstacle(http: httpx.Client, called: str, token: str) -> str:
    """Why this caller cannot walk it; empty where it can be."""
    answer = http.get(called, headers=_headers(token))
    if answer.status_code != 200:
        return str(answer.status_code)
    return "" if "content-length" in answer.headers else "an answer in pieces"


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}


def _stop(hall: Hall, http: httpx.Client, called: str, token: str, path: str) -> Stop:
    """Call it until it is warm, and note what it asks then."""
    for _ in range(3):
        http.get(called, headers=_headers(token))
    http.get("/-/begin").raise_for_status()
    http.get(called, headers=_headers(token))
    kept = http.get("/-/keep").raise_for_status().json()
    hall.details += [f"not in the limit of {path}: {why}" for why in kept["left_out"]]
    return Stop(path, request(called, token), request(f"/-/limits/{kept['number']}", token))


def _costs(stage: Stage, server: Server, stops: Sequence[Stop]) -> dict[str, tuple[float, float]]:
    """Microseconds of each route and of its limit, by rounds in turns; of each the median.

    Both are called before that until every connection has prepared and planned what they ask.
    """
    costs = {}
    for n, stop in enumerate(stops):
        asked = [
            {
                "port": server.port,
                "requests": stage.requests_file(f"walk-{n}-{side}", [one]),
                "connections": CONNECTIONS,
            }
            for side, one in enumerate((stop.asked, stop.limit))
        ]
        for one in asked:
            stage.order({**one, "seconds": WARM_UP_SECONDS})
        rounds = [[_cost(stage, server, one) for one in asked] for _ in range(ROUNDS)]
        ours, limit = (statistics.median(of) for of in zip(*rounds, strict=True))
        costs[stop.path] = ours, limit
    return costs


def _cost(stage: Stage, server: Server, asked: Mapping[str, object]) -> float:
    """One short round: too short for the system's clock of ticks, so its scheduler's is read."""
    before = _busy(stage, server)
    answer = stage.order({**asked, "seconds": SECONDS})
    if answer["bad"]:
        raise SystemExit(f"the walk was given bad answers, such as:\n{answer['example']}")
    answers: int = answer["answers"]
    return (_busy(stage, server) - before) / answers


def _busy(stage: Stage, server: Server) -> float:
    """Microseconds of processor time that the server and PostgreSQL's processes have taken so far."""
    postgres = stage.parts.own["postgres"].process.pid
    total = sum(_scheduled(task) for task in Path(f"/proc/{server.process.pid}/task").glob("*"))
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if int(parent) == postgres:
            total += _scheduled(entry)
    return total / 1000


def _scheduled(entry: Path) -> int:
    """Nanoseconds that a thread has run."""
    try:
        return int((entry / "schedstat").read_text().split()[0])
    except OSError:
        return 0  # it has just ended


ROWS = {NAME: row}
