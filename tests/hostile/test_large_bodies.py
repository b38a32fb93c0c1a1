"""A body of 1 MiB, right or wrong, keeps nobody else waiting."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from learning_service.api.bodies import LARGE, MIB, SMALL, JsonBody, check_json, receive_body
from learning_service.api.openapi.document import dependencies_of
from learning_service.api.outlines import outline_of
from learning_service.api.routes import api_routes
from learning_service.domain.assignments.rules.policy import AssignmentIn
from learning_service.domain.directory.rules import MemberBatchIn, MembershipEvents
from learning_service.domain.kernel.errors import Invalid

LONGEST = 0.1


def filled(part: bytes, around: tuple[bytes, bytes] = (b"[", b"]")) -> bytes:
    """As many of these, between commas, as 1 MiB holds."""
    return around[0] + b",".join([part] * ((MIB - 100) // (len(part) + 1))) + around[1]


def keys(value: bytes) -> bytes:
    """An object of almost 1 MiB whose keys all differ."""
    pairs = (b'"%06x":%b' % (n, value) for n in range((MIB - 100) // (10 + len(value))))
    return b"{" + b",".join(pairs) + b"}"


BODIES: dict[str, bytes] = {
    "numbers": filled(b"1"),
    "fractions": filled(b"1e9"),
    "lists": filled(b"[]"),
    "lists in lists": filled(b"[[]]"),
    "objects": filled(b"{}"),
    "objects with a key": filled(b'{"a":1}'),
    "empty texts": filled(b'""'),
    "keys": keys(b"1"),
    "keys of lists": keys(b"[]"),
    "a key twice": keys(b"1")[:-1] + b',"000000":1}',
    "ids": filled(b"1", (b'{"user_ids":[', b"]}")),
    "ids of lists": filled(b"[[]]", (b'{"user_ids":[', b"]}")),
    "members of objects": filled(b'{"a":{}}', (b'{"members":[', b"]}")),
    "members that lack everything": filled(b"{       }", (b'{"members":[', b"]}")),
    "audiences": filled(b'{"any":[]}', (b'{"audience_filter":{"any":[', b"]}}")),
    "fields": b'{"audience_filter":{"custom_fields":' + keys(b'["a"]') + b"}}",
    "escapes": b'{"user_ids":["' + b"\\u0041" * (MIB // 6 - 20) + b'"]}',
    "brackets in a text": b'{"user_ids":["' + b"[," * (MIB // 2 - 20) + b'"]}',
    "quotes in a text": b'{"user_ids":["' + b'\\"' * (MIB // 2 - 20) + b'"]}',
}
CUT = {
    f"{name}, cut off": BODIES[name][:-1] for name in ("lists", "keys", "ids of lists", "members of objects")
}


def application() -> Starlette:
    """Two calls that read a body as the service does, and one that waits for its turn."""

    def reads(body: JsonBody) -> Any:
        async def answer(request: Request) -> JSONResponse:
            request.state.body = await receive_body(request)
            try:
                await body(request)
            except Invalid:
                return JSONResponse({}, 422)
            return JSONResponse({})

        return answer

    async def alive(request: Request) -> JSONResponse:
        return JSONResponse({})

    return Starlette(
        routes=[
            Route("/assign", reads(JsonBody(AssignmentIn)), methods=["POST"]),
            Route("/batch", reads(JsonBody(MemberBatchIn, limit=LARGE)), methods=["POST"]),
            Route("/events", reads(JsonBody(MembershipEvents, limit=LARGE)), methods=["POST"]),
            Route("/alive", alive),
        ]
    )


async def longest_wait(http: httpx.AsyncClient, path: str, body: bytes) -> float:
    """What this process did at most between two turns of a second client, while the body was judged.

    In processor time: other work on the machine does not count.
    """
    judging = asyncio.create_task(http.post(path, content=body, headers={"Content-Type": "application/json"}))
    longest, before = 0.0, time.process_time()
    while not judging.done():
        assert (await http.get("/alive")).status_code == 200
        await asyncio.sleep(0.001)
        now = time.process_time()
        longest, before = max(longest, now - before), now
    assert judging.result().status_code in (200, 422)
    return longest


@pytest.mark.parametrize("path", ["/assign", "/batch", "/events"])
async def test_nobody_waits_for_a_large_body(path: str) -> None:
    transport = httpx.ASGITransport(application())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        for name, body in {**BODIES, **CUT}.items():
            assert len(body) <= MIB, name
            for _ in range(3):
                waited = await longest_wait(http, path, body)
                if waited < LONGEST:
                    break
            else:
                # At the first: where the rule is broken, all of them together take minutes.
                pytest.fail(f"{name}: {waited * 1000:.0f} ms")


@pytest.mark.parametrize(
    ("document", "where", "expected"),
    [
        ([{"a": 1}], "", "object"),
        ({"members": {"a": 1}}, "/members", "array"),
        ({"members": []}, None, None),
    ],
)
def test_what_is_out_of_place_is_refused_before_the_validator_copies_it(
    document: Any, where: str | None, expected: str | None
) -> None:
    outline = outline_of(TypeAdapter(MemberBatchIn).json_schema())
    if where is None:
        outline.look_over(document)
        return
    with pytest.raises(Invalid) as refused:
        outline.look_over(document)
    [fault] = refused.value.faults
    assert (fault.pointer, fault.code, fault.params) == (where, "wrong-type", {"expected": expected})


@pytest.mark.parametrize("limit", [SMALL, LARGE])
def test_a_body_holds_one_value_for_eight_bytes_of_its_limit(limit: int) -> None:
    most = min(500_000, limit // 8)
    check_json(b"[" + b",".join([b"1"] * most) + b"]", limit)
    with pytest.raises(Invalid, match="values"):
        check_json(b"[" + b",".join([b"1"] * (most + 1)) + b"]", limit)


def test_an_object_has_so_many_keys() -> None:
    check_json(json.dumps(dict.fromkeys(map(str, range(20_000)))).encode())
    with pytest.raises(Invalid, match="more than 20000 keys"):
        check_json(json.dumps(dict.fromkeys(map(str, range(20_001)))).encode())


@pytest.mark.parametrize("text", [b"[,{" * 200_000, b'\\"[' * 200_000, rb"\\[" * 200_000, rb"[\\" * 200_000])
def test_what_stands_in_texts_is_not_counted(text: bytes) -> None:
    check_json(b'["' + text + b'"]')


@pytest.mark.parametrize(
    ("body", "where", "code"),
    [
        (BODIES["audiences"], "/audience_filter", "unknown-field"),
        (BODIES["members that lack everything"], "/members", "too-many"),
        (BODIES["fractions"], "", "wrong-type"),
    ],
)
async def test_the_top_of_a_large_body_is_judged_first(body: bytes, where: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        JsonBody(MemberBatchIn, limit=LARGE)._judged(body)
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [(where, code)]


def members(*wrong: int, of: int) -> bytes:
    """A batch in which these lack everything."""
    right = {
        "chapter_id": "n1",
        "status": "active",
        "display_name": "Ana",
        "email": None,
    }
    items = [{} if n in wrong else {**right, "user_id": f"u{n}"} for n in range(of)]
    return json.dumps({"members": items}).encode()


def refused(batch: bytes) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal:
        JsonBody(MemberBatchIn, limit=LARGE)._judged(batch)
    return [(fault.pointer, fault.code) for fault in refusal.value.faults]


@pytest.mark.parametrize("count", [1_000, 5_000])
def test_looking_for_faults_ends_after_a_hundred(count: int) -> None:
    batch = members(*range(count), of=count)
    took = []
    for _ in range(5):
        began = time.thread_time()
        found = refused(batch)
        took.append(time.thread_time() - began)
    assert len(found) == 100
    assert found[:2] == [("/members/0/chapter_id", "required"), ("/members/0/status", "required")]
    assert min(took) < 0.02


def test_wrong_elements_far_apart_are_all_told() -> None:
    wrong = (3, 64, 65, 2_000, 4_999)
    found = refused(members(*wrong, of=5_000))
    assert sorted({pointer.split("/")[2] for pointer, _ in found}, key=int) == [str(n) for n in wrong]
    assert len(found) == 5 * len(wrong)


def test_faults_beside_a_long_list_are_told_with_its_own() -> None:
    sent = json.dumps({"user_ids": ["a", "", "b", ""], "due_in_days": "soon"}).encode()
    with pytest.raises(Invalid) as refusal:
        JsonBody(AssignmentIn)._judged(sent)
    assert [fault.pointer for fault in refusal.value.faults] == ["/due_in_days", "/user_ids/1", "/user_ids/3"]


def long_lists(node: Any) -> Iterator[dict[str, Any]]:
    """Every list in a core schema that may have more than a hundred elements."""
    if isinstance(node, dict):
        if node.get("type") in ("list", "tuple", "set") and (node.get("max_length") or 0) > 100:
            yield node
        for value in node.values():
            yield from long_lists(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from long_lists(value)


async def test_every_long_list_of_a_body_ends_at_its_first_fault(app: FastAPI) -> None:
    bodies = {
        dependency.__self__ if hasattr(dependency, "__self__") else dependency
        for route in api_routes(app)
        for dependency in dependencies_of(route)
    }
    judged = [body for body in bodies if isinstance(body, JsonBody) and body.parse]
    assert len(judged) > 20
    for body in judged:
        body.adapter.rebuild()  # whatever no call has made yet
    found = [schema for body in judged for schema in long_lists(body.adapter.core_schema)]
    assert len(found) > 5
    assert all(schema.get("fail_fast") for schema in found)
