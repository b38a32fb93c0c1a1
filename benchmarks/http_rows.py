"""The rows that are measured over HTTP: verify, courses, modules, submit, overhead."""

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice, product

from benchmarks import floors
from benchmarks.drf.serving import serve_drf
from benchmarks.people import (
    ORGANIZATION,
    add_completions,
    add_learners,
    add_members,
    execute,
    rest_indexes,
    run,
    settle,
    values,
)
from benchmarks.results import Mark, Result, Row
from benchmarks.school import COURSES, Course, School, large_modules, quiz_modules, small_modules
from benchmarks.stage import Cost, Server, Stage

DATABASE = "learning"
ROUNDS, FEWER_ROUNDS = 5, 3
"""Of one run, and of each where several runs are made."""
MEMBERS, CERTIFICATES, LEARNERS, ASKED = 110_000, 100_000, 200, 5000
UNIT = "µs CPU a request"
VARIANTS = 50
"""Submissions of each caller before the first comes again."""


@dataclass
class Hall:
    """The loaded database and the servers on it."""

    stage: Stage
    service: Server
    floor: Server
    drf: Server
    large: Course
    quiz: Course
    rounds: int = ROUNDS
    details: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The database, for asyncpg."""
        return self.stage.plain_url(DATABASE)

    def measure(self, name: str, variants: Sequence[tuple[str, Server, str]]) -> dict[str, Cost]:
        """Interleaved rounds of all variants; of each figure its median."""
        costs: dict[str, list[Cost]] = {variant: [] for variant, _, _ in variants}
        for _, server, requests in variants:
            self.stage.warm(server, requests)
        for _ in range(self.rounds):
            for variant, server, requests in variants:
                costs[variant].append(self.stage.round(server, requests))
        found = {variant: median_cost(of) for variant, of in costs.items()}
        self.details += [
            f"{name:9} {variant:8} server {c.server:6.0f} µs, database {c.database:6.0f} µs,"
            f" {c.rate:6.0f}/s, p95 {c.p95_ms:5.1f} ms"
            for variant, c in found.items()
        ]
        return found


def median_cost(costs: Sequence[Cost]) -> Cost:
    """Of each figure its median."""
    return Cost(
        *(
            statistics.median(getattr(c, name) for c in costs)
            for name in ("server", "database", "rate", "p95_ms")
        )
    )


def open_hall(stage: Stage, rounds: int = ROUNDS) -> Hall:
    """Load what the rows need: about twenty seconds."""
    stage.migrate(DATABASE)
    url = stage.plain_url(DATABASE)
    service = stage.serve_service(DATABASE)
    school = School(stage, service)
    school.found()
    ids = [school.course("Large", large_modules()), school.course("Quiz", quiz_modules())]
    ids += [school.course(f"Course {n}", small_modules()) for n in range(2, COURSES)]
    found = run_values(url, "SELECT published_version_id FROM courses ORDER BY id")
    large, quiz, first = (Course(i, version) for i, version in zip(ids[:3], found[:3], strict=True))
    run(
        rest_indexes(url),
        add_members(url, MEMBERS),
        add_completions(url, first.id, first.version_id, CERTIFICATES),
        add_learners(url, large.id, large.version_id, LEARNERS),
        add_learners(url, quiz.id, quiz.version_id, LEARNERS),
        execute(url, floors.SUBMIT_FUNCTION, "DELETE FROM outbox"),
        settle(url),
    )
    floor = stage.serve_app("benchmarks.floors:app", {"FLOOR_DATABASE_URL": url})
    return Hall(stage, service, floor, serve_drf(stage, DATABASE), large, quiz, rounds)


def run_values(url: str, *statements: str) -> list[str]:
    """The first column of what the last of these statements finds."""
    found: list[str] = []

    async def find() -> None:
        for statement in statements:
            found[:] = await values(url, statement)

    run(find())
    return found


def request(
    path: str, token: str | None = None, body: str | None = None, *, method: str | None = None
) -> str:
    """A request as the load sends it; by default a GET, or with a body a POST."""
    method = method or ("GET" if body is None else "POST")
    lines = [f"{method} {path} HTTP/1.1", "Host: learn.example.org"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", body or ""])


def verify(hall: Hall) -> Row:
    """Public verification of one of 100,000 certificates."""
    ids = run_values(hall.url, f"SELECT id FROM certificates ORDER BY id LIMIT {ASKED}")
    paths = {
        "service": [request(f"/api/certificates/{i}/verify/") for i in ids],
        "floor": [request(f"/verify/{i}") for i in ids],
        "drf": [request(f"/api/certificates/{i}/verify/") for i in ids],
    }
    return compare(hall, "verify", paths, Mark(0.88), Mark(9))


def courses(hall: Hall) -> Row:
    """A logged-in member's list of 20 courses."""
    tokens = tokens_of(hall, LEARNERS)
    paths = {
        "service": [request("/api/courses/", token) for token in tokens],
        "floor": [request(f"/courses/{ORGANIZATION}/user-{n}", token) for n, token in enumerate(tokens)],
        "drf": [request("/api/courses/", token) for token in tokens],
    }
    return compare(hall, "courses", paths, Mark(0.80), Mark(12))


def modules(hall: Hall) -> Row:
    """A logged-in member's modules: 10 of 8 lessons, half of them done."""
    tokens = tokens_of(hall, LEARNERS)
    course = hall.large.id
    paths = {
        "service": [request(f"/api/courses/{course}/modules/", token) for token in tokens],
        "floor": [
            request(f"/modules/{ORGANIZATION}/user-{n}/{course}", token) for n, token in enumerate(tokens)
        ],
    }
    return compare(hall, "modules", paths, Mark(1.5), None)


def submit(hall: Hall) -> Row:
    """A logged-in member's submission of a quiz of 20 questions."""
    tokens = tokens_of(hall, LEARNERS)
    [quiz] = run_values(hall.url, f"SELECT id FROM quizzes WHERE version_id = '{hall.quiz.version_id}'")
    asked = submissions(hall.url, hall.quiz.version_id, tokens)
    paths = {
        "service": asked,
        "floor": [
            request(f"/submit/{ORGANIZATION}/user-{n}/{quiz}", token, body)
            for body in submission_bodies(hall.url, quiz)
            for n, token in enumerate(tokens)
        ],
        "drf": asked,
    }
    return compare(hall, "submit", paths, Mark(0.75), Mark(7))


def submissions(url: str, version_id: str, tokens: Sequence[str]) -> list[str]:
    """Submissions of the version's quiz by each caller in turn, with five of its questions answered rightly.

    Never the same twice by one caller within a minute: that would be a repetition, which is only answered again.
    """
    [quiz] = run_values(url, f"SELECT id FROM quizzes WHERE version_id = '{version_id}'")
    bodies = submission_bodies(url, quiz)
    return [request(f"/api/quizzes/{quiz}/submit/", token, body) for body in bodies for token in tokens]


def submission_bodies(url: str, quiz: str, variants: int = VARIANTS) -> list[str]:
    """Bodies that differ in which wrong choices they have."""
    found = run_values(
        url,
        "SELECT (SELECT jsonb_build_array(q.id, jsonb_agg(a.id)) FROM quiz_answers a WHERE a.question_id = q.id"
        " AND a.is_correct = (q.position % 4 = 0))"
        f" FROM questions q WHERE q.quiz_id = '{quiz}' ORDER BY q.position",
    )
    questions = [json.loads(pair) for pair in found]
    bodies = []
    for chosen in islice(product(*(choices for _, choices in questions)), variants):
        answers = [{"question_id": q, "answer_ids": [a]} for (q, _), a in zip(questions, chosen, strict=True)]
        bodies.append(json.dumps({"responses": answers}))
    return bodies


def overhead(hall: Hall) -> Row:
    """A trivial route with everything around it, beside FastAPI's smallest application."""
    service = hall.stage.serve_app("benchmarks.trivial:make", hall.stage.environment(DATABASE), factory=True)
    hello = hall.stage.serve_app("benchmarks.floors:hello", {})
    tokens = tokens_of(hall, LEARNERS)
    asked = hall.stage.requests_file("hello", [request("/api/hello/", token) for token in tokens])
    of_hello = hall.stage.requests_file("hello-alone", [request("/hello", token) for token in tokens])
    found = hall.measure("overhead", [("service", service, asked), ("hello", hello, of_hello)])
    ours, limit = found["service"].server, found["hello"].server
    result = Result("overhead", ours, "µs CPU of the server a request", limit, ours / limit)
    return Row(result, ratio=Mark(1.4, at_most=True))


def tokens_of(hall: Hall, count: int) -> list[str]:
    """Tokens of the organization's first members."""
    return [hall.stage.token(ORGANIZATION, f"user-{n}") for n in range(count)]


def compare(hall: Hall, name: str, requests: dict[str, list[str]], ratio: Mark, times: Mark | None) -> Row:
    """The service beside its floor and the alternative, by the processor time of server and database together."""
    servers = {"service": hall.service, "floor": hall.floor, "drf": hall.drf}
    found = hall.measure(
        name,
        [
            (kind, servers[kind], hall.stage.requests_file(f"{name}-{kind}", of))
            for kind, of in requests.items()
        ],
    )
    ours, limit = found["service"].both, found["floor"].both
    drf = found["drf"].both if "drf" in found else None
    result = Result(name, ours, UNIT, limit, limit / ours, drf, drf / ours if drf else None)
    return Row(result, ratio=ratio, times=times)


ROWS: dict[str, Callable[[Hall], Row]] = {
    "verify": verify,
    "courses": courses,
    "modules": modules,
    "submit": submit,
    "overhead": overhead,
}
