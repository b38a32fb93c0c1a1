"""The service through PgBouncer, set up as docs/scaling.md says, beside the service without it.

Not among the rows of every run, for it has to be installed: `make bench ROW=pooler`. Every answer has to be right,
and what the pooler itself takes is part of the cost.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.http_rows import (
    ASKED,
    DATABASE,
    LEARNERS,
    ROUNDS,
    Hall,
    request,
    run_values,
    submissions,
    tokens_of,
)
from benchmarks.people import execute, run
from benchmarks.results import Mark, Result, Row
from benchmarks.stage import Server, Stage
from sqlalchemy import make_url

from learning_devstack.ports import choose

UNIT = "µs CPU a request, through PgBouncer"
OLDEST = (1, 21)
"""The first version that keeps prepared statements in transaction mode."""
CONNECTIONS = 8
LOGIN, PASSWORD = "service", "bench"
SETTINGS = (
    "role = 'learning_api'",
    "statement_timeout = '5s'",
    "lock_timeout = '2s'",
    "idle_in_transaction_session_timeout = '60s'",
    "timezone = 'UTC'",
)
"""What connections ask for when they start, and a pooler does not pass on: here the login's own."""
INI = """
[databases]
{database} = host=127.0.0.1 port={server} user={login} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {connections}
max_prepared_statements = 200
ignore_startup_parameters = role,statement_timeout,lock_timeout,timezone,idle_in_transaction_session_timeout
{user}
"""


def rows(hall: Hall) -> list[Row]:
    """The hot calls by both services in turns: what each costs together, and how many times more with a pooler."""
    pooled = _serve(hall.stage)
    tokens = tokens_of(hall, LEARNERS)
    ids = run_values(hall.url, f"SELECT id FROM certificates ORDER BY id LIMIT {ASKED}")
    calls = {
        "verify": [request(f"/api/certificates/{i}/verify/") for i in ids],
        "courses": [request("/api/courses/", token) for token in tokens],
        "modules": [request(f"/api/courses/{hall.large.id}/modules/", token) for token in tokens],
        "submit": submissions(hall.url, hall.quiz.version_id, tokens),
        # No hot path: by the session, with transactions of several statements.
        "enrollments": [request("/api/users/enrollments/", token) for token in tokens],
    }
    return [_row(hall, pooled, name, asked) for name, asked in calls.items()]


def _row(hall: Hall, pooled: Server, name: str, requests: list[str]) -> Row:
    stage = hall.stage
    asked = stage.requests_file(f"pooler-{name}", requests)
    costs: dict[str, list[float]] = {server.name: [] for server in (hall.service, pooled)}
    for server in (hall.service, pooled):
        stage.warm(server, asked)
    for _ in range(ROUNDS):
        for server in (hall.service, pooled):
            costs[server.name].append(stage.round(server, asked).both)
    limit, ours = (statistics.median(found) for found in costs.values())
    return Row(Result(f"pooler: {name}", ours, UNIT, limit, ours / limit), ratio=Mark(1.5, at_most=True))


def _serve(stage: Stage) -> Server:
    program = shutil.which("pgbouncer")
    if program is None or _version(program) < OLDEST:
        raise SystemExit(f"PgBouncer {OLDEST[0]}.{OLDEST[1]} or newer is not on the PATH")
    run(
        execute(
            stage.plain_url(DATABASE),
            f"CREATE ROLE {LOGIN} LOGIN PASSWORD '{PASSWORD}'",
            f"GRANT learning_api, learning_worker TO {LOGIN}",
            *(f"ALTER ROLE {LOGIN} SET {setting}" for setting in SETTINGS),
        )
    )
    pooler = _serve_pooler(stage, program)
    url = make_url(stage.url(DATABASE)).set(port=pooler.port, username=LOGIN, password=PASSWORD)
    port = choose()
    environment = {
        **stage.environment(DATABASE),
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "PORT": str(port),
    }
    argv = [str(Path(sys.executable).with_name("learning-service")), "api"]
    served = stage.serve("service-pooled", argv, environment, port=port)
    return replace(served, helper=pooler)


def _serve_pooler(stage: Stage, program: str) -> Server:
    port = choose()
    ini = stage.directory / "pgbouncer.ini"
    # It refuses to be root.
    user = "user = nobody" if os.geteuid() == 0 else ""
    ini.write_text(
        INI.format(
            database=DATABASE,
            server=make_url(stage.url(DATABASE)).port,
            login=LOGIN,
            password=PASSWORD,
            port=port,
            connections=CONNECTIONS,
            user=user,
        )
    )
    return stage.serve("pgbouncer", [program, str(ini)], {}, port=port)


def _version(program: str) -> tuple[int, ...]:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+)\.(\d+)", told)
    return tuple(map(int, found.groups())) if found else (0,)
