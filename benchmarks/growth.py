"""One organization of 10,000 members while the others grow: what a call costs with few and with many others.

Two databases and two services stand side by side, so that rounds are interleaved here too. PostgreSQL's own counters
say whether a table larger than the organization was read from end to end meanwhile: what was executed, functions
included, where EXPLAIN would show a plan of today.
"""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.http_rows import median_cost, request, run_values, submissions
from benchmarks.people import (
    ORGANIZATION,
    add_attempts,
    add_completions,
    add_learners,
    add_members,
    add_others,
    rest_indexes,
    run,
    settle,
)
from benchmarks.results import Mark, Result, Row
from benchmarks.school import Course, School, large_modules, quiz_modules, small_modules
from benchmarks.stage import Cost, Server, Stage

MEMBERS, FEW, MANY = 10_000, 1000, 1_000_000
ROUNDS, ASKED = 5, 200
UNIT = "µs CPU a request"
_SCANS = f"""
SELECT coalesce(sum(s.seq_scan), 0) FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
WHERE c.reltuples > {MEMBERS}
"""


@dataclass
class House:
    """A database with some others in it, and the service on it."""

    stage: Stage
    database: str
    server: Server
    large: Course
    quiz: Course

    @property
    def url(self) -> str:
        """The database, for asyncpg."""
        return self.stage.plain_url(self.database)

    def scans(self) -> int:
        """How often tables larger than the organization were read from end to end so far."""
        # The server's processes write down what they counted when they idle, at most once a second.
        return int(run_values(self.url, "SELECT pg_sleep(1.5)", _SCANS)[0])


def rows(stage: Stage, many: int = MANY) -> list[Row]:
    """Each call with few and with many others."""
    houses = _build(stage, {"few": FEW, "many": many})
    calls: dict[str, Callable[[House], list[str]]] = {
        "verify": _verify,
        "modules": _modules,
        "submit": _submit,
        "review queue": _queue,
        "roll-up": _roll_up,
    }
    found = []
    asked = {
        (name, house.database): stage.requests_file(f"growth-{name}-{house.database}", make(house))
        for name, make in calls.items()
        for house in houses
    }
    for name in calls:
        for house in houses:
            stage.warm(house.server, asked[name, house.database])
    before = houses[1].scans()
    for name in calls:
        costs: dict[str, list[Cost]] = {house.database: [] for house in houses}
        for _ in range(ROUNDS):
            for house in houses:
                costs[house.database].append(stage.round(house.server, asked[name, house.database]))
        few, large = (median_cost(costs[house.database]).both for house in houses)
        result = Result(f"growth: {name}", large, UNIT, few, large / few)
        found.append(Row(result, ratio=Mark(1.5, at_most=True)))
    scans = float(houses[1].scans() - before)
    found.append(
        Row(Result("growth: scans", scans, "sequential scans of large tables"), Mark(0, at_most=True))
    )
    return found


def _build(stage: Stage, others: dict[str, int]) -> list[House]:
    """A house for each database: the same organization in all of them, and so many others' members."""
    with stage.loading():
        first, *more = others
        large, quiz = _organization(stage, first)
        for database in more:
            stage.copy(database, first)
        for database, members in others.items():
            url = stage.plain_url(database)
            run(add_others(url, members), settle(url))
    servers = {database: stage.serve_service(database, f"service-{database}") for database in others}
    return [House(stage, database, server, large, quiz) for database, server in servers.items()]


def _organization(stage: Stage, database: str) -> tuple[Course, Course]:
    stage.create(database)
    url = stage.plain_url(database)
    school = School(stage, stage.serve_service(database))
    school.found()
    ids = [school.course("Large", large_modules()), school.course("Quiz", quiz_modules())]
    ids.append(school.course("Small", small_modules()))
    stage.stop_servers()
    versions = run_values(url, "SELECT published_version_id FROM courses ORDER BY id")
    large, quiz, small = (Course(i, version) for i, version in zip(ids, versions, strict=True))
    run(
        rest_indexes(url),
        add_members(url, MEMBERS),
        add_completions(url, small.id, small.version_id, MEMBERS),
        add_learners(url, large.id, large.version_id, ASKED),
        add_learners(url, quiz.id, quiz.version_id, MEMBERS),
        add_attempts(url, [ORGANIZATION]),
    )
    return large, quiz


def _tokens(house: House) -> list[str]:
    return [house.stage.token(ORGANIZATION, f"user-{n}") for n in range(ASKED)]


def _verify(house: House) -> list[str]:
    ids = run_values(
        house.url,
        f"SELECT id FROM certificates WHERE organization_id = '{ORGANIZATION}' ORDER BY id LIMIT 5000",
    )
    return [request(f"/api/certificates/{i}/verify/") for i in ids]


def _modules(house: House) -> list[str]:
    return [request(f"/api/courses/{house.large.id}/modules/", token) for token in _tokens(house)]


def _submit(house: House) -> list[str]:
    return submissions(house.url, house.quiz.version_id, _tokens(house))


def _queue(house: House) -> list[str]:
    grader = house.stage.token(ORGANIZATION, "grader", "grader")
    return [request("/api/learning/grading/pending/", grader)]


def _roll_up(house: House) -> list[str]:
    boss = house.stage.token(ORGANIZATION, "boss", "national_admin")
    return [request("/api/reports/compliance/?requirement_id=hazing", boss)]
