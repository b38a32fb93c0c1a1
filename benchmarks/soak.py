"""`make soak MINUTES=30`: two APIs and two workers under mixed load, and what becomes of them minute by minute.

People go by the clock: so many calls a second, whatever becomes of those before. Of each minute it notes the p50 and
p99 of all calls, what was refused, the memory of each process with those below it, and the database's connections.
The end is a picture, and 1 where memory grew, anything failed, a connection was left or a minute was slow.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.http_rows import request, run_values
from benchmarks.people import (
    ORGANIZATION,
    add_completions,
    add_learners,
    add_members,
    rest_indexes,
    run,
    settle,
)
from benchmarks.picture import Panel, draw
from benchmarks.results import ROOT as HOME
from benchmarks.school import School, large_modules, quiz_modules, small_modules
from benchmarks.stage import ROOT, Stage, open_stage
from benchmarks.wire import Tally, Wire, sleep_until

DATABASE, MEMBERS, CERTIFICATES, LEARNERS = "soak", 20_000, 100, 400
"""Certificates of before are few, since the workers sign each of them while the load runs."""
WARM_SECONDS, MINUTE = 30.0, 60.0
RATE = 10.0
"""Calls a second: a quarter of what two cores bear, so that the service is seen and not its queue."""
GROWTH, SLACK_MB, SLOWER = 1.10, 12.0, 1.5
"""Memory at the end beside that after the first minute, and slack; the slowest minute's p99 beside the first's."""
PICTURE = HOME / "docs" / "pictures" / "soak.png"


@dataclass
class Minute:
    """What was seen in one minute."""

    p50: float
    p99: float
    calls: int
    refused: int
    megabytes: dict[str, float]
    connections: int
    waiting: int
    """Jobs that are still to be done."""


@dataclass
class Scene:
    """The servers, and who calls them."""

    stage: Stage
    ports: tuple[int, int]
    processes: dict[str, int]
    certificates: list[str]
    large: str
    quiz: str
    small: str
    lesson: str
    wires: list[Wire] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(30))
    attempts: dict[int, dict[str, Any]] = field(default_factory=dict)
    newcomer: int = CERTIFICATES
    event: int = 0

    def __post_init__(self) -> None:
        """Open the wires, and mint the tokens that all calls need."""
        self.wires = [Wire(port) for port in self.ports]
        self.boss = self.stage.token(ORGANIZATION, "boss", "national_admin")
        self.directory = self.stage.token(ORGANIZATION, "members", scopes=["directory:write"])
        self.members = {n: self.stage.token(ORGANIZATION, f"user-{n}") for n in range(LEARNERS)}

    @property
    def wire(self) -> Wire:
        """To either of the two."""
        return self.chance.choice(self.wires)

    async def read(self, tally: Tally) -> None:
        """What is looked at most."""
        n = self.chance.randrange(LEARNERS)
        paths = {
            f"/api/certificates/{self.chance.choice(self.certificates)}/verify/": None,
            "/api/courses/": self.members[n],
            f"/api/courses/{self.large}/modules/": self.members[n],
            "/api/users/enrollments/progress/": self.members[n],
            "/api/users/certificates/": self.members[n],
            "/api/users/notifications/": self.members[n],
        }
        path, token = self.chance.choice(list(paths.items()))
        await tally.ask(self.wire, request(path, token))

    async def administer(self, tally: Tally) -> None:
        """Lists and reports of an administrator."""
        path = self.chance.choice(
            (
                "/api/enrollments/?status=completed&sort=-assigned_at",
                "/api/compliance/statuses/?status=complete",
                "/api/directory/members/?q=7",
                "/api/reports/compliance/?requirement_id=hazing",
                "/api/audit/",
            )
        )
        await tally.ask(self.wire, request(path, self.boss))

    async def learn(self, tally: Tally) -> None:
        """A step of a learner at the quiz: start, save, save, submit."""
        n = self.chance.randrange(LEARNERS)
        token, paper = self.members[n], self.attempts.pop(n, None)
        if paper is None:
            told = await tally.ask(self.wire, request(f"/api/quizzes/{self.quiz}/attempts/", token, ""))
            if told.startswith(b'{"attempt_id"'):
                self.attempts[n] = {**json.loads(told), "saved": 0}
            return
        question = paper["questions"][paper["saved"]]
        given = {"question_id": question["id"], "answer_ids": [self.chance.choice(question["answers"])["id"]]}
        if paper["saved"] < 2:
            saved = json.dumps({"responses": [given]})
            path = f"/api/attempts/{paper['attempt_id']}/"
            await tally.ask(self.wire, request(path, token, saved, method="PATCH"))
            self.attempts[n] = paper | {"saved": paper["saved"] + 1}
            return
        body = json.dumps({"attempt_id": paper["attempt_id"], "responses": [given]})
        await tally.ask(self.wire, request(f"/api/quizzes/{self.quiz}/submit/", token, body))

    async def complete(self, tally: Tally) -> None:
        """A newcomer takes the small course: enrollment, completion, certificate, and the worker's PDF of it."""
        self.newcomer = (self.newcomer + 1 - CERTIFICATES) % (MEMBERS - CERTIFICATES) + CERTIFICATES
        token = self.stage.token(ORGANIZATION, f"user-{self.newcomer}")
        refused = len(tally.bad)
        await tally.ask(self.wire, request(f"/api/courses/{self.small}/enroll/", token, ""))
        if len(tally.bad) == refused:
            await tally.ask(self.wire, request(f"/api/lessons/{self.lesson}/complete/", token, ""))

    async def tell(self, tally: Tally) -> None:
        """The membership service sends twenty events."""
        events = []
        for _ in range(20):
            self.event += 1
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            events.append(
                {
                    "specversion": "1.0",
                    "type": "membership.status_changed",
                    "id": f"soak-{self.event}",
                    "source": "//members.example.org",
                    "time": at,
                    "subject": f"user-{self.event * 7 % MEMBERS}",
                    "data": {"status": ("pledge", "active")[self.event // MEMBERS % 2]},
                }
            )
        await tally.ask(self.wire, request("/api/directory/events/", self.directory, json.dumps(events)))


def soak(minutes: int, rate: float, picture: Path) -> int:
    """Run it; 1 where something was not as it should be."""
    with open_stage() as stage, open_scene(stage) as scene:
        seen, bad = asyncio.run(live(scene, minutes, rate))
        left = run_values(
            stage.plain_url(DATABASE),
            "SELECT json_build_array(count(*) FILTER (WHERE status = 'dead'), count(*))::text FROM outbox",
        )
    _tell(seen)
    faults = list(_faults(seen, bad, dead=json.loads(left[0])[0]))
    draw(picture, _panels(seen), f"Soak of {minutes} minutes, {rate:g} calls a second")
    print(f"wrote {picture}")
    print("\n".join(faults) or "flat: no error, no growth, no connection left, no slow minute")
    return 1 if faults else 0


@contextmanager
def open_scene(stage: Stage) -> Iterator[Scene]:
    """Two APIs and two workers on a database of 20,000 members."""
    stage.create(DATABASE)
    url = stage.plain_url(DATABASE)
    servers = [stage.serve_service(DATABASE, name) for name in ("api-1", "api-2")]
    school = School(stage, servers[0])
    school.found()
    large, quiz, small = (
        school.course(title, modules)
        for title, modules in (
            ("Large", large_modules()),
            ("Quiz", quiz_modules()),
            ("Small", small_modules()),
        )
    )
    version = {course: run_values(url, _VERSION.format(course))[0] for course in (large, quiz, small)}
    run(
        rest_indexes(url),
        add_members(url, MEMBERS),
        add_completions(url, small, version[small], CERTIFICATES),
        add_learners(url, large, version[large], LEARNERS),
        add_learners(url, quiz, version[quiz], LEARNERS),
        settle(url),
    )
    command = str(Path(sys.executable).with_name("learning-service"))
    environment = {**os.environ, **stage.environment(DATABASE)}
    workers = []
    for n in (1, 2):
        log = (stage.directory / f"worker-{n}.log").open("ab")
        workers.append(
            subprocess.Popen([command, "worker"], cwd=ROOT, env=environment, stdout=log, stderr=log)
        )
    processes = {
        "API 1": servers[0].process.pid,
        "API 2": servers[1].process.pid,
        "worker 1": workers[0].pid,
        "worker 2": workers[1].pid,
    }
    try:
        yield Scene(
            stage,
            (servers[0].port, servers[1].port),
            processes,
            run_values(url, "SELECT id FROM certificates LIMIT 2000"),
            large,
            run_values(url, f"SELECT id FROM quizzes WHERE version_id = '{version[quiz]}'")[0],
            small,
            run_values(url, f"SELECT id FROM lessons WHERE version_id = '{version[small]}'")[0],
        )
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        for worker in workers:
            worker.wait(60)


_VERSION = "SELECT published_version_id FROM courses WHERE id = '{}'"
# One connection asks; what the parts hold themselves is not counted.
_STANDING = """
SELECT json_build_array(
    (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()),
    (SELECT count(*) FROM outbox WHERE status NOT IN ('done', 'dead')))::text
"""


async def live(scene: Scene, minutes: int, rate: float) -> tuple[list[Minute], list[str]]:
    """So many minutes of the load; what was seen in each, and what was refused."""
    doings: list[tuple[int, Callable[[Tally], Awaitable[None]]]] = [
        (60, scene.read),
        (25, scene.learn),
        (8, scene.administer),
        (5, scene.complete),
        (2, scene.tell),
    ]
    weights, steps = [weight for weight, _ in doings], [step for _, step in doings]
    seen: list[Minute] = []
    bad: list[str] = []
    for turn in range(minutes + 1):
        tally, begun = Tally(), time.perf_counter()
        until = begun + (MINUTE if turn else WARM_SECONDS)
        under_way: set[asyncio.Task[None]] = set()
        due = begun
        while due < until:
            await sleep_until(due)
            [step] = scene.chance.choices(steps, weights)
            task: asyncio.Task[None] = asyncio.ensure_future(step(tally))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            due += scene.chance.expovariate(rate)
        await asyncio.gather(*under_way)
        found = await asyncio.to_thread(run_values, scene.stage.plain_url(DATABASE), _STANDING)
        connections, waiting = json.loads(found[0])
        megabytes = {name: _megabytes(pid) for name, pid in scene.processes.items()}
        if turn == 0:
            continue  # caches fill, connections open
        bad += tally.bad
        seen.append(
            Minute(
                tally.part(0.5),
                tally.part(0.99),
                len(tally.took),
                len(tally.bad),
                megabytes,
                connections,
                waiting,
            )
        )
        print(f"minute {turn}: {_line(seen[-1])}", flush=True)
    for wire in scene.wires:
        wire.close()
    return seen, bad


def _megabytes(pid: int) -> float:
    """Memory that a process and all below it have to themselves, and their share of what several have together."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    family, found = set[int](), {pid}
    while found:
        family |= found
        found = {child for child, parent in parents.items() if parent in found} - family
    total = 0.0
    for one in family:
        with suppress(OSError, ValueError, IndexError):
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return total


def _line(minute: Minute) -> str:
    memory = ", ".join(f"{name} {size:.0f}" for name, size in minute.megabytes.items())
    return (
        f"{minute.calls} calls, p50 {minute.p50:.0f} ms, p99 {minute.p99:.0f} ms, refused {minute.refused},"
        f" {minute.connections} connections, {minute.waiting} jobs waiting, MB: {memory}"
    )


def _tell(seen: list[Minute]) -> None:
    print(f"{len(seen)} minutes, load of the machine at the end: {os.getloadavg()[0]:.0f}")


def _faults(seen: list[Minute], bad: list[str], *, dead: int) -> Iterator[str]:
    """What was not as it should be."""
    yield from bad[:5]
    if dead:
        yield f"{dead} jobs were given up"
    first, last = seen[0], seen[-1]
    for name, size in first.megabytes.items():
        if last.megabytes[name] > size * GROWTH + SLACK_MB:
            yield f"{name} grew from {size:.0f} to {last.megabytes[name]:.0f} MB"
    if last.connections > max(minute.connections for minute in seen[:2]) + 4:
        yield f"connections grew from {first.connections} to {last.connections}"
    slowest = max(minute.p99 for minute in seen)
    if slowest > first.p99 * SLOWER:
        yield f"the slowest minute's p99 was {slowest:.0f} ms, the first's {first.p99:.0f} ms"


def _panels(seen: list[Minute]) -> list[Panel]:
    names = list(seen[0].megabytes)
    return [
        Panel(
            "Milliseconds of a call",
            {"p99": [one.p99 for one in seen], "p50": [one.p50 for one in seen]},
        ),
        Panel("Memory, MB", {name: [one.megabytes[name] for one in seen] for name in names}),
        Panel("Connections of the database", {"connections": [float(one.connections) for one in seen]}),
        Panel(
            "Refused calls, jobs waiting",
            {
                "refused": [float(one.refused) for one in seen],
                "waiting": [float(one.waiting) for one in seen],
            },
        ),
    ]


def main() -> int:
    """Read what was asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--rate", type=float, default=RATE, help="calls a second")
    parser.add_argument("--picture", type=Path, default=PICTURE)
    given = parser.parse_args()
    return soak(given.minutes, given.rate, given.picture)


if __name__ == "__main__":
    sys.exit(main())
