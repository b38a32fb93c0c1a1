"""The Python client: each of its calls and shapes is the reference's, and it goes the whole path."""

import inspect
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, get_type_hints, is_typeddict
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from tests.kit.browser import address
from tests.kit.source import ROOT
from tests.kit.world import World

from learning_service_client import LearningClient, Problem, shapes
from learning_service_client.shapes import MultipleChoice, QuizOut, Response

__all__ = ["address"]
COURSE = UUID("0190d5a0-0000-7000-8000-000000000001")
EXAMPLES = {
    "from_versions": [1],
    "enrollment_ids": [str(COURSE)],
    "responses": [Response(question_id=str(COURSE), value=True)],
    "tree": {"title": "Hazing"},
    "user_ids": ["ana"],
    "due_at": datetime(2027, 1, 1, tzinfo=UTC),
    "scope": "national",
    "scope_id": "n1",
    "withdrawn": True,
    "self_enrollment": True,
    "limit": 2,
    "sequence": 1,
    "status": "draft",
    "expand": "mine",
    "as_of": datetime(2026, 1, 1, tzinfo=UTC),
    "since": datetime(2026, 1, 1, tzinfo=UTC).date(),
    "until": datetime(2027, 1, 1, tzinfo=UTC).date(),
    "after": datetime(2026, 1, 1, tzinfo=UTC),
    "before": datetime(2027, 1, 1, tzinfo=UTC),
    "number": 2,
    "content": b"user_id,course_id,due_at",
    "operations": [{"op": "remove", "path": "/modules/0"}],
    "ids": [str(COURSE)],
    **dict.fromkeys(("organization_id", "region_id", "chapter_id", "user_id", "requirement_id"), "x"),
}
# Pages and links for people in a browser. This may only shrink.
LEFT_OUT = {
    "endMails",
    "showCertificateOfCode",
    "showLookupPage",
    "showUnsubscribePage",
    "showVerificationPage",
}
WHOLE_BODIES = ("changes", "facts", "wanted")
"""Arguments that are what is sent, as it stands."""
REQUESTS: dict[str, Any] = {
    name: example["request"]
    for name, example in json.loads(
        (ROOT / "src/learning_service/assets/reference/examples.json").read_text()
    ).items()
}
CHOICE = MultipleChoice(
    type="multiple_choice",
    prompt_html="<p>Which?</p>",
    answers=[{"text": "right", "is_correct": True}, {"text": "wrong", "is_correct": False}],
)


def camel(name: str) -> str:
    return re.sub("_(.)", lambda found: found[1].upper(), name)


CALLS = {
    camel(name): name
    for name, _ in inspect.getmembers(LearningClient, inspect.isfunction)
    if not name.startswith("_") and name != "aclose"
}


def example(name: str, parameter: str) -> Any:
    """Something that the method of this name takes for this parameter."""
    if name == "create_regrade" and parameter == "changes":
        return REQUESTS[camel(name)][parameter]
    if parameter in WHOLE_BODIES:
        return REQUESTS[camel(name)]
    if name == "receive_events":
        return [REQUESTS["receiveEvents"]]
    return EXAMPLES.get(parameter, COURSE if parameter.endswith("_id") else "x")


async def sent(name: str) -> httpx.Request:
    """The request that a method makes when all of its arguments are given."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={"items": [], "next_cursor": None}, headers={"ETag": '"1"'})

    async with LearningClient("https://learning.example.org", transport=httpx.MockTransport(answer)) as api:
        method = getattr(api, name)
        given = {parameter: example(name, parameter) for parameter in inspect.signature(method).parameters}
        made = method(**given)
        if isinstance(made, AsyncIterator):
            assert [item async for item in made] == []
        else:
            await made
    (request,) = requests
    return request


@pytest.fixture(scope="module")
def reference(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def operations(reference: dict[str, Any]) -> dict[str, tuple[str, str, dict[str, Any]]]:
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in reference["paths"].items()
        for method, operation in methods.items()
    }


def test_what_it_lacks_is_listed(reference: dict[str, Any]) -> None:
    """Of the reference of the last release, whose calls clients know; its names are those of today."""
    released = json.loads((ROOT / "docs" / "openapi.json").read_text())
    assert set(CALLS) - set(operations(reference)) == set()
    assert set(operations(released)) - set(CALLS) == LEFT_OUT


@pytest.mark.parametrize("call", CALLS)
async def test_a_method_sends_what_the_reference_says(reference: dict[str, Any], call: str) -> None:
    method, path, operation = operations(reference)[call]
    request = await sent(CALLS[call])
    assert request.method == method
    assert re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.url.path)
    told = {(parameter["in"], parameter["name"]) for parameter in operation.get("parameters", [])}
    assert {("query", name) for name in request.url.params} <= told
    for header in ("Idempotency-Key", "If-Match"):
        assert (header in request.headers) == (("header", header) in told)
    if request.content:
        kind = request.headers["Content-Type"].partition(";")[0]
        schema = operation["requestBody"]["content"][kind]["schema"]
        if "$ref" in schema:
            schema = reference["components"]["schemas"][schema["$ref"].split("/")[-1]]
            body = json.loads(request.content)
            assert set(schema.get("required", [])) <= set(body) <= set(schema["properties"])
    else:
        assert not operation.get("requestBody", {}).get("required")


def shapes_of_all_subjects() -> list[type]:
    modules = [import_module(f"{shapes.__name__}.{found.name}") for found in iter_modules(shapes.__path__)]
    known = {shape for module in modules for shape in vars(module).values() if is_typeddict(shape)}
    return sorted(known, key=lambda shape: str(shape.__name__))


@pytest.mark.parametrize("shape", shapes_of_all_subjects(), ids=lambda shape: str(shape.__name__))
def test_a_shape_has_the_fields_of_its_schema(reference: dict[str, Any], shape: type) -> None:
    """Answers may have more, since they grow; what is sent must have all that is required."""
    schema = reference["components"]["schemas"][shape.__name__]
    required = set(schema.get("required", []))
    assert set(get_type_hints(shape)) <= set(schema["properties"])
    promised: frozenset[str] = shape.__required_keys__  # type: ignore[attr-defined]
    assert promised <= required if shape.__name__.endswith("Out") else promised == required


def right(quiz: QuizOut) -> list[Response]:
    return [
        Response(
            question_id=question["id"],
            answer_ids=[answer["id"] for answer in question.get("answers", []) if answer["text"] == "right"],
        )
        for question in quiz.get("questions") or []
    ]


async def test_it_goes_from_a_course_to_a_certificate(world: World, address: str) -> None:

    async def token() -> str:
        return world.member().token

    async with (
        LearningClient(address, token=world.admin.token) as admin,
        LearningClient(address, token=token) as member,
        LearningClient(address) as stranger,
    ):
        course = (await admin.create_course(title="Hazing", scope="national"))["id"]
        first = await admin.read_draft(course)
        lesson, quiz = (
            shapes.Lesson(kind="lesson", title="What it is", body_html="<p>Read.</p>"),
            shapes.Quiz(kind="quiz", title="Check", pass_score=70, questions=[CHOICE]),
        )
        tree = shapes.Tree(
            title="Hazing",
            pass_score=80,
            modules=[{"title": "Know the law", "items": [lesson, quiz]}],
            assessment={"title": "Final", "pass_score": 80, "questions": [CHOICE]},
        )
        saved = await admin.save_draft(course, tree, etag=first.etag)
        with pytest.raises(Problem) as late:
            await admin.save_draft(course, tree, etag=first.etag)
        assert (late.value.status, late.value.code) == (412, "precondition-failed")
        await admin.publish_course(course, etag=saved.etag)

        await member.enroll_in_course(course)
        modules = await member.read_modules(course)
        for item in (item for module in modules["items"] for item in module["items"]):
            if item["kind"] == "lesson":
                await member.complete_lesson(item["id"])
            else:
                done = await member.submit_quiz(item["id"], right(await member.read_quiz(item["id"])))
                assert done["passed"]
        assert modules["assessment"]
        final = modules["assessment"]["id"]
        last = await member.submit_assessment(final, right(await member.read_assessment(final)))
        assert last["enrollment"]["status"] == "completed"
        (certificate,) = [one["id"] async for one in member.list_my_certificates(limit=1)]
        assert (await stranger.verify_certificate(certificate))["status"] == "valid"


async def test_a_refusal_is_a_problem_with_its_code_and_errors(world: World, address: str) -> None:
    async with LearningClient(address, token=world.member().token) as member:
        with pytest.raises(Problem) as refused:
            await member.create_course(title="Mine", scope="national")
        assert (refused.value.code, refused.value.status) == ("forbidden", 403)
        with pytest.raises(Problem) as wrong:
            [course async for course in member.list_courses(limit=1000)]
        assert [(error.pointer, error.code) for error in wrong.value.errors] == [("?limit", "wrong-form")]


async def test_pages_follow_each_other(world: World, address: str) -> None:
    async with LearningClient(address, token=world.admin.token) as admin:
        for title in ("One", "Two", "Three"):
            await admin.create_course(title=title, scope="national")
        titles = [course["title"] async for course in admin.list_courses(limit=1, status="draft")]
        assert titles == ["Three", "Two", "One"]


class Busy(httpx.AsyncHTTPTransport):
    """The way to the service: it is too busy, then the connection breaks after the service did its work."""

    def __init__(self, retry_after: str = "0") -> None:
        super().__init__()
        self.keys: list[str] = []
        self.retry_after = retry_after

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.keys.append(request.headers["Idempotency-Key"])
        if len(self.keys) == 1:
            return httpx.Response(503, headers={"Retry-After": self.retry_after})
        response = await super().handle_async_request(request)
        if len(self.keys) == 2:
            await response.aread()
            raise httpx.ReadError("cut off")
        return response


async def test_a_call_is_sent_again_with_the_same_key_and_done_once(world: World, address: str) -> None:
    busy = Busy()
    async with LearningClient(address, token=world.admin.token, transport=busy) as admin:
        await admin.create_course(title="Once", scope="national")
    assert len(busy.keys) == 3
    assert len(set(busy.keys)) == 1
    async with LearningClient(address, token=world.admin.token) as admin:
        assert [course["title"] async for course in admin.list_courses(status="draft")] == ["Once"]


async def test_patience_has_an_end(world: World, address: str) -> None:
    busy = Busy(retry_after="61")
    async with LearningClient(address, token=world.admin.token, transport=busy) as admin:
        with pytest.raises(Problem) as refused:
            await admin.create_course(title="Never", scope="national")
    assert (refused.value.status, refused.value.code, len(busy.keys)) == (503, "unknown", 1)
