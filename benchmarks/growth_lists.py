"""Every list of the reference, and what else is of one organization: what it costs while all others grow.

Of an organization that is itself ten times as large, a page of a list costs the same as well.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Protocol

from benchmarks.http_rows import median_cost, request
from benchmarks.people import ORGANIZATION
from benchmarks.results import Mark, Result, Row
from benchmarks.stage import BadAnswers, Cost, Server, Stage

ROUNDS, SECONDS, CONNECTIONS = 3, 0.25, 4
"""Few and short, because lists are many; a first round is not counted."""
REFERENCE = Path(__file__).parents[1] / "docs" / "openapi.json"
"""The servers that are measured show none."""
UNIT = "µs CPU a request"
MOST = Mark(1.5, at_most=True)
SCOPES = ("directory:write", "reports:read", "webhooks:manage", "events:read")
ELSEWHERE = {"/api/reports/compliance/forecast/"}
"""Goes through all that lapses: a row of its own among those of the reports."""


OWN = "growth of own"
COUNTED = {"/api/learning/grading/groups/"}
"""The largest groups of what waits are found by counting all that waits in the organization."""


class Loaded(Protocol):
    """A database and the service on it."""

    @property
    def database(self) -> str: ...
    @property
    def server(self) -> Server: ...


def lists() -> Iterator[str]:
    """Paths of the lists of the reference that come by the page."""
    reference = json.loads(REFERENCE.read_text())
    for path, operations in reference["paths"].items():
        told = operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        name = told.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
        if "items" not in reference["components"]["schemas"].get(name, {}).get("properties", {}):
            continue
        if any(one.get("name") == "limit" for one in operations["get"].get("parameters", ())):
            yield path


def list_rows(
    stage: Stage, houses: Sequence[Loaded], ids: Sequence[dict[str, str]], *, of: str
) -> Iterator[Row]:
    """A row for each list: of the second house beside the first. `ids`: of things of each."""
    for path in lists():
        if path in ELSEWHERE:
            continue
        costs: list[list[Cost]] = [[] for _ in houses]
        files = []
        again: list[str] = []
        for house, named in zip(houses, ids, strict=True):
            asked = f"{path.format(**named)}?limit=50"
            token = _who_may(stage, house.server, asked)
            name = f"{of}-{len(path)}-{path.strip('/').replace('/', '-')}-{house.database}"
            files.append(stage.requests_file(name, [request(asked, token)]))
        for n in range(ROUNDS + 1):
            for house, file, found in zip(houses, files, costs, strict=True):
                cost = _round(stage, house.server, file, again)
                if n:
                    found.append(cost)
        before, after = (median_cost(found).both for found in costs)
        mark = None if path in COUNTED and of == OWN else MOST
        remark = f"rounds once more: {len(again)}" if again else ""
        yield Row(Result(f"{of}: {path}", after, UNIT, before, after / before), ratio=mark, remark=remark)


def _round(stage: Stage, server: Server, file: str, again: list[str]) -> Cost:
    """A round, and once more after a bad answer, which is told and noted: one of them is not worth all the others."""
    try:
        return stage.round(server, file, SECONDS, CONNECTIONS)
    except BadAnswers as bad:
        print(f"        once more, for {bad}", flush=True)
        again.append(str(bad))
        return stage.round(server, file, SECONDS, CONNECTIONS)


def _who_may(stage: Stage, server: Server, asked: str) -> str:
    """The token of whoever is answered: a director, a member, a service."""
    tokens = (
        stage.token(ORGANIZATION, "boss", "national_admin", "grader"),
        stage.token(ORGANIZATION, "user-1"),
        stage.token(ORGANIZATION, "bus", scopes=SCOPES),
    )
    tokens = (tokens[1], tokens[0], tokens[2]) if asked.startswith("/api/users/") else tokens
    told = []
    # Each twice: a 503 does not tell who may.
    for token in chain.from_iterable(zip(tokens, tokens, strict=True)):
        asks = urllib.request.Request(
            f"http://127.0.0.1:{server.port}{asked}", headers={"Authorization": f"Bearer {token}"}
        )
        try:
            with urllib.request.urlopen(asks, timeout=60):
                return token
        except urllib.error.HTTPError as refused:
            told.append(f"{refused.code} {refused.read()[:300]!r}")
    raise SystemExit(f"nobody is answered: {asked}\n" + "\n".join(told))
