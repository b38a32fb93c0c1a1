"""Rows of starting an attempt: a shuffled quiz with a pool beside one function, and what pools add to a start.

An attempt that is under way is only shown again, so each start of a round is another learner's. Before the next round
what was begun is taken back.
"""

import statistics
from collections.abc import Sequence

from benchmarks.http_rows import UNIT, Hall, median_cost, request, run_values
from benchmarks.people import ORGANIZATION, execute, run
from benchmarks.results import Mark, Result, Row
from benchmarks.school import Json, School
from benchmarks.screen_floors import START_FUNCTION
from benchmarks.stage import Cost, Server

STARTERS, FIRST, SECONDS = 4000, 60_000, 0.6
"""Learners for one round, from this member on."""
_ENROLLED = """
INSERT INTO enrollments (id, organization_id, user_id, course_id, version_id, status, source, assigned_at, cause_kind,
    cause_id)
SELECT gen_random_uuid(), organization_id, 'user-' || g, course_id, version_id, 'assigned', 'self', now(), 'person',
    'user-' || g
FROM (SELECT organization_id, course_id, id AS version_id FROM course_versions WHERE id = '{version}') v,
    generate_series({first}, {first} + {count} - 1) g
"""
_TAKEN_BACK = (
    "DELETE FROM quiz_progress WHERE quiz_id = '{quiz}'",
    "DELETE FROM quiz_attempts WHERE quiz_id = '{quiz}'",
    "UPDATE enrollments SET status = 'assigned', started_at = NULL WHERE version_id = '{version}'"
    " AND status <> 'assigned'",
    "VACUUM quiz_progress, quiz_attempts, enrollments",
)


def start(hall: Hall) -> Row:
    """An attempt of twenty questions in any order, ten of which are drawn from a pool of thirty."""
    run(execute(hall.url, START_FUNCTION))
    quiz, version = drawn_quiz(hall)
    tokens = [hall.stage.token(ORGANIZATION, f"user-{n}") for n in range(FIRST, FIRST + STARTERS)]
    service = [request(f"/api/quizzes/{quiz}/attempts/", token, "") for token in tokens]
    floor = [
        request(f"/start/{ORGANIZATION}/user-{FIRST + n}/{quiz}", token, "") for n, token in enumerate(tokens)
    ]
    found = _measure(
        hall,
        [
            ("service", hall.service, service, quiz, version),
            ("floor", hall.floor, floor, quiz, version),
        ],
    )
    ours, limit = found["service"].both, found["floor"].both
    return Row(Result("start", ours, UNIT, limit, limit / ours), ratio=Mark(0.60))


def drawn_quiz(hall: Hall) -> tuple[str, str]:
    """Such a quiz and its version, with learners who have not begun."""
    return _quiz(hall, "Drawn", [*_questions(10), _pool(30, draw=10)])


def take_back(hall: Hall, quiz: str, version: str) -> None:
    """Nobody has begun the quiz."""
    run(execute(hall.url, *(step.format(quiz=quiz, version=version) for step in _TAKEN_BACK)))


def pools(hall: Hall) -> Row:
    """An attempt of ten questions drawn from five pools of 200, beside one of ten that were written there."""
    drawn = _quiz(hall, "Five pools", [_pool(200, draw=2) for _ in range(5)])
    written = _quiz(hall, "No pool", _questions(10))
    tokens = [hall.stage.token(ORGANIZATION, f"user-{n}") for n in range(FIRST, FIRST + STARTERS)]
    variants = []
    for name, (quiz, version) in (("pools", drawn), ("none", written)):
        asked = [request(f"/api/quizzes/{quiz}/attempts/", token, "") for token in tokens]
        variants.append((name, hall.service, asked, quiz, version))
    found = _measure(hall, variants)
    ours, limit = found["pools"].both, found["none"].both
    return Row(Result("start: pools", ours, UNIT, limit, ours / limit), ratio=Mark(1.5, at_most=True))


def _measure(hall: Hall, variants: Sequence[tuple[str, Server, list[str], str, str]]) -> dict[str, Cost]:
    """Interleaved rounds of both, each on enrollments of which nothing was begun."""
    costs: dict[str, list[Cost]] = {name: [] for name, *_ in variants}
    files = {
        name: hall.stage.requests_file(f"start-{quiz}-{name}", asked) for name, _, asked, quiz, _ in variants
    }
    for name, server, _, _, _ in variants:
        hall.stage.warm(server, files[name])
    for _ in range(hall.rounds):
        for name, server, _, quiz, version in variants:
            take_back(hall, quiz, version)
            cost = hall.stage.round(server, files[name], SECONDS)
            if cost.rate * SECONDS * 1.2 > STARTERS:
                raise SystemExit("a round has more starts than learners: raise STARTERS")
            costs[name].append(cost)
    found = {name: median_cost(of) for name, of in costs.items()}
    hall.details += [
        f"start     {name:8} server {c.server:6.0f} µs, database {c.database:6.0f} µs, p95 {c.p95_ms:5.1f} ms,"
        f" least {min(one.both for one in costs[name]):6.0f} µs, spread"
        f" {statistics.pstdev(one.both for one in costs[name]):5.0f}"
        for name, c in found.items()
    ]
    return found


def _quiz(hall: Hall, title: str, questions: list[Json]) -> tuple[str, str]:
    """A published course with this quiz, in which the learners are enrolled: the quiz and its version."""
    item = {"kind": "quiz", "title": title, "pass_score": 70, "shuffle": True, "questions": questions}
    course = School(hall.stage, hall.service).course(title, [{"title": "All", "items": [item]}])
    [version] = run_values(hall.url, f"SELECT published_version_id FROM courses WHERE id = '{course}'")
    [quiz] = run_values(hall.url, f"SELECT id FROM quizzes WHERE version_id = '{version}'")
    enrolled = _ENROLLED.format(version=version, first=FIRST, count=STARTERS)
    run(execute(hall.url, enrolled, "ANALYZE enrollments"))
    return quiz, version


def _pool(count: int, *, draw: int) -> Json:
    return {"type": "pool", "draw": draw, "questions": _questions(count)}


def _questions(count: int) -> list[Json]:
    answers = [{"text": text, "is_correct": text == "right"} for text in ("right", "wrong", "odd", "none")]
    return [
        {"type": "multiple_choice", "prompt_html": f"<p>Which? {n}</p>", "points": 1, "answers": answers}
        for n in range(count)
    ]


ROWS = {"start": start, "start: pools": pools}
