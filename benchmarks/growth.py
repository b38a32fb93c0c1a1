"""One organization of 10,000 members while the others grow: what a call costs with few and with many others.

Two databases and two services stand side by side, so that rounds are interleaved here too. PostgreSQL's own counters
say whether a table larger than the organization was read from end to end meanwhile: what was executed, functions
included, where EXPLAIN would show a plan of today.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from benchmarks import digest
from benchmarks.growth_lists import OWN, list_rows
from benchmarks.http_rows import median_cost, request, run_values, submissions
from benchmarks.people import (
    CHAPTERS,
    ORGANIZATION,
    add_attempts,
    add_completions,
    add_learners,
    add_members,
    add_others,
    add_papers,
    load,
    rest_indexes,
    run,
    settle,
)
from benchmarks.regrade import database_seconds
from benchmarks.results import Mark, Result, Row
from benchmarks.school import Course, School, large_modules, quiz_modules, small_modules
from benchmarks.stage import Cost, Server, Stage

MEMBERS, FEW, MANY = 10_000, 1000, 1_000_000
WIDE = 100_000
"""Members of the organization that is ten times as large as the one that the others' growth is measured by."""
LATER = {"as of", "forecast", "dry run", "series"}
"""Calls that take a good part of a second: so few are in a round that one more or less would be a figure.

They are measured one at a time, and longer."""
# Everybody was in another chapter a month ago, and a completion would have expired later until ten days ago.
_PAST = (
    """
    INSERT INTO member_changes (organization_id, user_id, field, at, id, was, value)
    SELECT organization_id, user_id, 'chapter_id', now() - interval '30 days', md5(organization_id || user_id)::uuid,
        jsonb_build_array(chapter_id), jsonb_build_array(chapter_id) FROM members
    """,
    """
    INSERT INTO past_values (organization_id, kind, id, until, was)
    SELECT organization_id, 'completion', id::text, now() - interval '10 days',
        jsonb_build_object('requirement_id', requirement_id, 'expires_at', expires_at, 'voided_at', null)
    FROM course_completions
    """,
    "UPDATE organizations SET created_at = now() - interval '9 years'",
)
ROUNDS, ASKED = 3, 200
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
    moved: Course
    """It has a second version, at which nobody is."""

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
        "as of": _as_of,
        "forecast": _forecast,
        "series": _series,
        "dry run": _dry_run,
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
                costs[house.database].append(_round(stage, house, name, asked[name, house.database]))
        few, large = (median_cost(costs[house.database]).both for house in houses)
        result = Result(f"growth: {name}", large, UNIT, few, large / few)
        found.append(Row(result, ratio=Mark(1.5, at_most=True)))
    found += list_rows(stage, houses, [_ids(house) for house in houses], of="growth")
    found.append(_digest(stage, houses))
    scans = float(houses[1].scans() - before)
    found.append(
        Row(Result("growth: scans", scans, "sequential scans of large tables"), Mark(0, at_most=True))
    )
    return found


def own_rows(stage: Stage) -> list[Row]:
    """Each list of an organization of 10,000 members and of one that has ten times as many."""
    with stage.loading():
        houses = {}
        for database, members in (("narrow", MEMBERS), ("wide", WIDE)):
            large, quiz, moved = _organization(stage, database, members)
            url = stage.plain_url(database)
            run(add_others(url, FEW), load(url, *_PAST), settle(url))
            houses[database] = large, quiz, moved
    made = [
        House(stage, name, stage.serve_service(name, f"service-{name}"), *courses)
        for name, courses in houses.items()
    ]
    found = list(list_rows(stage, made, [_ids(house) for house in made], of=OWN))
    stage.stop_servers()
    return found


def _digest(stage: Stage, houses: list[House]) -> Row:
    """What a mail to a chapter's officer is made of."""
    few, many = (
        1e6
        / digest.TIMES
        * median(
            database_seconds(stage, lambda h=house: stage.printed("benchmarks.digest", h.database))  # type: ignore[misc]
            for _ in range(3)
        )
        for house in houses
    )
    result = Result("growth: digest", many, "µs CPU of the database a mail", few, many / few)
    return Row(result, ratio=Mark(1.5, at_most=True))


def _ids(house: House) -> dict[str, str]:
    """What the lists of one thing are asked of."""
    asked = {
        "enrollment_id": f"enrollments WHERE course_id = '{house.large.id}' AND organization_id = '{ORGANIZATION}'",
        "rule_id": f"assignment_rules WHERE organization_id = '{ORGANIZATION}'",
        "webhook_id": f"webhook_subscriptions WHERE organization_id = '{ORGANIZATION}'",
        "bank_id": f"question_banks WHERE organization_id = '{ORGANIZATION}'",
    }
    found = {
        name: run_values(house.url, f"SELECT min(id::text) FROM {where}")[0] for name, where in asked.items()
    }
    return {"course_id": house.large.id, **found}


def _round(stage: Stage, house: House, name: str, asked: str) -> Cost:
    if name in LATER:
        return stage.round(house.server, asked, seconds=1, connections=1)
    return stage.round(house.server, asked)


def _build(stage: Stage, others: dict[str, int]) -> list[House]:
    """A house for each database: the same organization in all of them, and so many others' members."""
    with stage.loading():
        first, *more = others
        large, quiz, moved = _organization(stage, first, MEMBERS)
        for database in more:
            stage.copy(database, first)
        for database, members in others.items():
            url = stage.plain_url(database)
            run(add_others(url, members), load(url, *_PAST), settle(url))
    servers = {database: stage.serve_service(database, f"service-{database}") for database in others}
    return [House(stage, database, server, large, quiz, moved) for database, server in servers.items()]


def _organization(stage: Stage, database: str, members: int) -> tuple[Course, Course, Course]:
    stage.create(database)
    url = stage.plain_url(database)
    school = School(stage, stage.serve_service(database))
    school.found()
    ids = [school.course("Large", large_modules()), school.course("Quiz", quiz_modules())]
    ids.append(school.course("Small", small_modules()))
    ids.append(school.course("Moved", quiz_modules()))
    school.publish_again(ids[-1])
    school.furnish(ids[0])
    stage.stop_servers()
    versions = run_values(url, "SELECT id FROM course_versions WHERE number = 1 ORDER BY course_id")
    large, quiz, small, moved = (Course(i, version) for i, version in zip(ids, versions, strict=True))
    run(
        rest_indexes(url),
        add_members(url, members),
        add_completions(url, small.id, small.version_id, members),
        add_learners(url, large.id, large.version_id, ASKED),
        add_learners(url, quiz.id, quiz.version_id, members),
        add_learners(url, moved.id, moved.version_id, members),
        add_attempts(url, [ORGANIZATION]),
        add_papers(url, [ORGANIZATION]),
    )
    return large, quiz, moved


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


def _as_of(house: House) -> list[str]:
    """The report of a chapter 60 days ago."""
    boss = house.stage.token(ORGANIZATION, "boss", "national_admin")
    then = (datetime.now(UTC) - timedelta(days=60)).date()
    return [request(f"/api/reports/compliance/?as_of={then}&chapter_id=c{n}", boss) for n in range(CHAPTERS)]


def _forecast(house: House) -> list[str]:
    boss = house.stage.token(ORGANIZATION, "boss", "national_admin")
    return [request("/api/reports/compliance/forecast/?days=90", boss)]


def _series(house: House) -> list[str]:
    """A year of a chapter by months."""
    boss = house.stage.token(ORGANIZATION, "boss", "national_admin")
    since = (datetime.now(UTC) - timedelta(days=365)).date()
    path = f"/api/reports/compliance/history/?from={since}&chapter_id="
    return [request(f"{path}c{n}", boss) for n in range(CHAPTERS)]


def _dry_run(house: House) -> list[str]:
    """What moving all the organization's learners of a course would do."""
    boss = house.stage.token(ORGANIZATION, "boss", "national_admin")
    path = f"/api/courses/{house.moved.id}/versions/2/migrations/"
    return [request(path, boss, '{"dry_run": true}')]
