"""Logs by allow-list: which words a line may have, and that nobody's name, address, token or answer gets into one."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from tests.kit import processes
from tests.kit.jobs import no_job_is_left
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.receiver import Receiver
from tests.kit.source import FILES, tree_of
from tests.kit.world import Json, World

from learning_service.core.settings import Settings

REQUEST = {"method", "route", "status", "ms", "request_id", "organization_id"}
LINE = {"event", "level", "timestamp"}
JOB = {"job", "job_id", "attempt"}
IDS = {
    "attempt_id",
    "certificate_id",
    "document_id",
    "documents",
    "organization_id",
    "mail_id",
    "trace_id",
    "webhook_id",
}
FACTS = {
    *("code", "drift", "drifted", "error", "hopeless", "issuer", "jobs", "looked_at", "objects"),
    *("path", "program", "queues", "reason", "removed", "rows", "sandbox", "sqlstate", "status"),
    *("arq_job_id", "before_position", "from_position", "number", "table", "uploads"),
}
"""Counts, kinds of errors, codes, names of our own things; `path` has ids in it and no query."""
TRACE = {"exc_info", "exception"}
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def logged_words(path: Path) -> set[str]:
    """The keywords of every call of a structlog logger in a file."""
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        is_log = isinstance(node.func.value, ast.Name) and node.func.value.id in ("log", "_log")
        is_bind = node.func.attr == "bind_contextvars"
        if is_bind or (is_log and node.func.attr in LEVELS):
            found |= {word.arg or "**" for word in node.keywords}
            assert is_bind or isinstance(node.args[0], ast.Constant), f"{path}:{node.lineno}: a word, no text"
    return found


def test_code_logs_only_what_is_on_the_list() -> None:
    allowed = REQUEST | JOB | IDS | FACTS | TRACE
    found = {path: logged_words(path) for path in FILES if "devstack" not in path.parts}
    assert sum(map(len, found.values())) > 30
    assert {str(path): words - allowed for path, words in found.items() if words - allowed} == {}
    assert allowed - set().union(*found.values()) <= REQUEST | TRACE, "the list has no word that nobody uses"


NAME, EMAIL = "Anabel Canaria", "anabel.canaria@secret-mail.example"
KEY = "kanarienschluessel"


async def lives(world: World, receivers: list[Receiver]) -> list[str]:
    """A learner from enrollment to certificate, and everything about it that no log may have."""
    hooks = world.call_as("hooks", scopes=["webhooks:manage"])
    secrets = [NAME, EMAIL, KEY]
    for receiver in receivers:
        body = {"url": receiver.url, "event_types": ["learning.course.completed"]}
        secrets.append((await hooks.ok("POST", "/api/webhooks/", body))["secret"])
    await world.add_member("ana", email=EMAIL, display_name=NAME, custom_fields={"note": KEY})
    asked = {
        "type": "short_answer",
        "prompt_html": "<p>Word?</p>",
        "accepted_answers": [KEY],
        "explanation_html": f"<p>{KEY}</p>",
    }
    oath: Json = {"kind": "attestation", "title": "Oath", "text_html": "<p>I will</p>"}
    content = tree(lesson(), oath, quiz(questions=0) | {"questions": [asked]}, assessment=None)
    ana = await Learner.enter(world, content)
    ana.call.token = world.call_as("ana", name=NAME, email=EMAIL).token
    await ana.read()
    for name in (NAME, f"{NAME}\n"):
        await ana.call("POST", ana.path("Oath", "sign"), {"typed_name": name})
    [question] = await ana.questions("Q")
    answer: Json = {"question_id": question["id"], "text": KEY}
    assert (await ana.send("Q", [{**answer, "value": KEY}])).status_code == 422
    passed = (await ana.send("Q", [answer])).json()
    assert passed["certificate"]["id"]
    await ana.call("GET", f"/api/certificates/{passed['certificate']['id']}/verify/?name={NAME}")
    await ana.call("PUT", f"/api/courses/{ana.course}/draft/", {"title": NAME, KEY: EMAIL})
    await world.http.post("/api/courses/", content=f'{{"title": "{KEY}'.encode())
    return [*secrets, ana.call.token, world.directory.token]


async def log_in_badly(world: World, token: str) -> None:
    """Logins that are refused, each with something in it that is nobody's business."""
    head, body, signature = token.split(".")
    bad = [f"{head}.{body}.{signature[::-1]}", f"{head}.{body}.", KEY, f"{EMAIL} {NAME}", token + "x"]
    for one in bad:
        refused = await world.http.get("/api/me/", headers={"Authorization": f"Bearer {one}"})
        assert refused.status_code == 401
    basic = await world.http.get("/api/me/", auth=(EMAIL, KEY))
    assert basic.status_code == 401


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_a_learner_from_enrollment_to_erasure_leaves_nothing_in_the_logs(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    talkative = settings.model_copy(update={"log_level": "debug"})
    logs = {name: tmp_path / name for name in ("api", "jobs")}
    async with (
        Receiver() as well,
        Receiver(answers=[b"HTTP/1.1 500 No\r\n\r\n"]) as badly,
        processes.api(talkative, logs["api"]) as (_, http),
        processes.worker(talkative, logs["jobs"]),
    ):
        world.http = http
        secrets = await lives(world, [well, badly])
        await log_in_badly(world, secrets[-2])
        await no_job_is_left(world)
        erased = await world.directory("DELETE", "/api/directory/members/ana/")
        assert erased.status_code == 204
        await no_job_is_left(world)
    allowed = LINE | REQUEST | JOB | IDS | FACTS | {"exception"}
    parts = [part for secret in secrets for part in (secret, *secret.split(".")[1:2])]
    for name, log in logs.items():
        told = log.read_text()
        for secret in parts:
            assert secret not in told, (name, secret)
        lines: list[dict[str, Any]] = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
        assert lines, name
        assert [line for line in lines if not set(line) <= allowed] == []
    requests = [json.loads(line) for line in logs["api"].read_text().splitlines() if '"request"' in line]
    assert {line["status"] for line in requests} >= {200, 201, 204, 401, 422}
