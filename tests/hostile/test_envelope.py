"""Paths, methods, queries, headers and tokens that are wrong."""

import re
import uuid
from typing import Any

import httpx
from tests.kit.direct import Database
from tests.kit.fields import random_id, refused
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.malformed import SOME
from tests.kit.world import World

NIL = str(uuid.UUID(int=0))
NOT_IDS = [
    NIL,
    f"{{{SOME}}}",
    f"urn:uuid:{SOME}",
    SOME.replace("-", ""),
    f" {SOME}",
    f"{SOME}%20",
    f"{SOME}%00",
    "0",
    "-1",
    "null",
    "undefined",
    "%00",
    "%27%20OR%201%3D1",
    "%2e%2e",
    "..%2f..%2fetc",
    "%ff%fe",
    "%F0%9F%92%A9",
    "%D9%A1",
    "x" * 4000,
    SOME[:-1] + "%D9%A1",
]
WITH_ID = [
    ("GET", "/api/courses/{}/"),
    ("GET", "/api/courses/{}/modules/"),
    ("POST", "/api/courses/{}/enroll/"),
    ("GET", "/api/courses/{}/draft/"),
    ("POST", "/api/lessons/{}/complete/"),
    ("GET", "/api/quizzes/{}/"),
    ("POST", "/api/assessments/{}/attempts/"),
    ("GET", "/api/attempts/{}/"),
    ("GET", "/api/certificates/{}/pdf/"),
    ("GET", "/api/certificates/{}/verify/"),
]
LISTS = [
    "/api/courses/",
    "/api/users/enrollments/",
    "/api/users/enrollments/progress/",
    "/api/users/certificates/",
    "/api/users/compliance/",
    "/api/users/skills/",
]


async def test_what_is_no_id_names_nothing(world: World, database: Database) -> None:
    await world.course()
    before = await database.counts()
    ana = world.member()
    for method, path in WITH_ID:
        for text in NOT_IDS:
            answer = await ana(method, path.format(text))
            if answer.status_code == 307:
                answer = await ana(method, httpx.URL(answer.headers["location"]).raw_path.decode())
            assert answer.status_code in (404, 429), (method, path, text, answer.text)
            assert answer.json()["status"] == answer.status_code
    assert await database.counts() == before


async def test_an_id_may_be_written_in_capitals(world: World) -> None:
    course = await world.course()
    assert (await world.member()("GET", f"/api/courses/{course['id'].upper()}/")).status_code == 200


async def test_odd_paths_are_404_and_odd_methods_405(world: World) -> None:
    ana = world.member()
    for path in (
        "//",
        "//api/me/",
        "/api//me/",
        "/api/me//",
        "/api/%2e%2e/me/",
        "/api/me/x",
        "/API/ME/",
        "/api/",
        "/api",
        "/%00",
        "/" + "x" * 20_000,
        "/api/courses/x/y/z/",
        "/.env",
        "/metrics/x",
    ):
        answer = await ana("GET", path)
        if answer.status_code == 307:
            assert not answer.headers["location"].startswith("//"), "would lead away"
            continue
        assert answer.status_code == 404, (path, answer.status_code, answer.text[:300])
        assert answer.headers["content-type"] == "application/problem+json"
    for method in ("TRACE", "DELETE", "PROPFIND", "CONNECT", "X" * 500):
        answer = await ana(method, "/api/me/")
        refused(answer, 405, "method-not-allowed")
        assert "GET" in answer.headers["allow"]
    hidden = await ana("GET", "/api/me/", headers={"X-HTTP-Method-Override": "DELETE"})
    assert hidden.status_code == 200


async def test_lists_refuse_what_they_do_not_know(world: World) -> None:
    ana = world.member()
    for path in LISTS:
        for query in (
            "limit=0",
            "limit=201",
            "limit=-1",
            "limit=",
            "limit=x",
            "limit=1.5",
            "limit=1e2",
            "limit=%D9%A1",
            "limit=99999999999999999999",
            "limit=+5",
            "limit=5&limit=6",
            "cursor=",
            "cursor=x",
            "cursor=%00",
            "cursor=" + "A" * 5000,
            "cursor=bnVsbA",
            "cursor=%C3%A9",
            "offset=1",
            "page=2",
            "sort=id;drop",
            "fields=*",
            "include=answers",
            "user_id=bob",
            "limit[]=5",
            "=",
        ):
            refused(await ana("GET", f"{path}?{query}"), 422)


async def test_the_course_list_knows_one_status(world: World) -> None:
    for value in ("published", "", "Draft", "draft%00", "draft&status=draft"):
        refused(await world.admin("GET", f"/api/courses/?status={value}"), 422)


async def test_pages_go_through_everything_once(world: World, other_world: World) -> None:
    made = []
    for n in range(5):
        body = {"title": f"C{n}", "scope": "national"}
        made.append((await world.admin.ok("POST", "/api/courses/", body))["id"])
    seen: list[str] = []
    cursor: str | None = ""
    cursors = []
    while cursor is not None:
        query = f"?limit=2&cursor={cursor}" if cursor else "?limit=2"
        page = await world.admin.ok("GET", f"/api/courses/{query}")
        seen += [course["id"] for course in page["items"]]
        assert len(page["items"]) <= 2
        cursor = page["next_cursor"]
        cursors += [cursor] if cursor else []
    assert sorted(seen) == sorted(made)
    assert len(cursors) == 2
    stolen = cursors[0]
    refused(await other_world.admin("GET", f"/api/courses/?cursor={stolen}"), 422)
    refused(await world.member()("GET", f"/api/users/enrollments/?cursor={stolen}"), 422)
    for n in range(0, len(stolen), 7):
        changed = stolen[:n] + ("A" if stolen[n] != "A" else "B") + stolen[n + 1 :]
        answer = await world.admin("GET", f"/api/courses/?cursor={changed}")
        assert answer.status_code == 422, changed


async def test_ids_made_elsewhere_have_their_form(world: World, database: Database) -> None:
    before = await database.counts()
    body = {"organization_id": world.id, "name": "R"}
    for text in ("a%20b", "%00", "x" * 129, "a%0Ab", "%C3%A9", "a,b", "a%0A", "<b>", "a'b"):
        refused(await world.directory("PUT", f"/api/directory/regions/{text}/", body), 422)
    assert await database.counts() == before
    for text in ("A.b_c:d@e-9", "x" * 128, "0"):
        assert (await world.directory("PUT", f"/api/directory/regions/{text}/", body)).status_code == 201


async def test_refusals_come_in_their_order(world: World) -> None:
    """Each request is wrong in all later ways too; the earliest refusal is told."""
    course = await world.course()
    draft = f"/api/courses/{course['id']}/draft/"
    ana, admin = world.member(), world.admin
    garbage: dict[str, Any] = {"content": b"{", "headers": {"Content-Type": "text/plain", "If-Match": '"x"'}}
    huge: dict[str, Any] = {
        "content": b"x" * (8 * 1024 * 1024 + 1),
        "headers": {"Content-Type": "text/plain"},
    }
    refused(await world.http.request("PUT", draft, **huge), 401)
    refused(await ana("PUT", draft, **huge), 403)
    refused(await admin("PUT", f"/api/courses/{random_id()}/draft/", **huge), 404)
    refused(await admin("PUT", draft, **huge), 413)
    refused(await admin("PUT", draft, **garbage), 415)
    bad: dict[str, Any] = {"content": b"{", "headers": {"Content-Type": "application/json"}}
    refused(await admin("PUT", draft, **bad), 422)
    refused(await admin("PUT", draft, tree()), 428)
    refused(await admin("PUT", draft, tree(), headers={"If-Match": '"x"'}), 412)
    unknown_key = tree(lesson(key="never-had"))
    refused(await admin("PUT", draft, unknown_key, headers={"If-Match": '"x"'}), 422)
    publish = f"/api/courses/{course['id']}/publish/"
    refused(await admin("POST", publish, {"x": 1}, headers={"If-Match": '"x"'}), 422)
    refused(await admin("POST", publish, headers={"If-Match": '"x"'}), 412, "precondition-failed")
    refused(await admin("POST", publish), 409, "nothing-to-publish")
    # A list, a path id and a body, each by somebody who may not call at all.
    nobody = world.call_as("nobody-here")
    for path in LISTS:
        refused(await nobody("GET", f"{path}?limit=x"), 403, "not-a-member")
    refused(await nobody("GET", "/api/courses/?status=x"), 403, "not-a-member")
    refused(await ana("PUT", "/api/directory/regions/a%20b/", {"x": 1}), 403, "forbidden")
    refused(await ana("POST", "/api/courses/", {"x": 1}), 403, "forbidden")
    for method in ("POST", "PATCH"):
        path = "/api/courses/" if method == "POST" else f"/api/courses/{course['id']}/"
        refused(await ana(method, path, **huge), 403, "forbidden")
    at = await Learner.join(ana, course["id"])
    await ana.ok("POST", at.path("What it is", "complete"))
    for _ in range(3):
        started = await ana.ok("POST", at.path("Check", "attempts"))
        await at.send("Check", attempt_id=started["attempt_id"])
    refused(await at.send("Check", [{"question_id": random_id(), "text": "x"}]), 422)
    refused(await at.send("Check", await at.responses("Check", 1)), 409)
    refused(await at.call("POST", at.path("Check", "attempts"), {"x": 1}), 422)


async def test_wrong_preconditions(world: World) -> None:
    course = await world.course(publish=False)
    path = f"/api/courses/{course['id']}/draft/"
    etag = (await world.admin("GET", path)).headers["etag"]
    for value in ("", '""', "W/" + etag, etag.strip('"'), etag.upper(), f"{etag[:-1]}", "x" * 5000, "\xff"):
        answer = await world.admin("PUT", path, tree(), headers={"If-Match": value.encode("latin-1")})
        refused(answer, 412, "precondition-failed")
    listed = await world.admin("PUT", path, tree(), headers={"If-Match": f'"x", {etag}'})
    assert listed.status_code == 200


async def test_tokens_that_do_not_hold(world: World) -> None:
    token = world.member().token
    head, payload, signature = token.split(".")
    for value in (
        "",
        "Bearer",
        "Bearer ",
        f"Basic {token}",
        f"Bearer {token}x",
        f"Bearer {head}.{payload}.",
        f"Bearer {head}.{payload}",
        f"Bearer {head}.{payload[:-4]}AAAA.{signature}",
        "Bearer eyJhbGciOiJub25lIn0.e30.",
        "Bearer " + "x" * 100_000,
        f"Bearer {token}, Bearer {token}",
        f"Bearer {token} {token}",
        token,
        "Bearer \xff",
    ):
        answer = await world.http.get("/api/me/", headers={b"Authorization": value.encode("latin-1")})
        refused(answer, 401, "unauthenticated")
    twice = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]
    refused(await world.http.get("/api/me/", headers=twice), 401)
    refused(await world.http.get(f"/api/me/?access_token={token}"), 401)
    assert (await world.http.get("/api/me/", headers={"Authorization": f"bearer {token}"})).is_success


async def test_odd_headers_do_no_harm(world: World) -> None:
    ana = world.member()
    for name, value in (
        ("Accept", "application/xml"),
        ("Accept", "x" * 10_000),
        ("Accept-Language", "x" * 5000),
        ("X-Forwarded-For", "1.2.3.4, evil"),
        ("X-Org-Id", "org-other"),
        ("Date", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("Host", "evil.example.com"),
        ("Range", "bytes=" + ",".join(f"{n}-{n}" for n in range(1000))),
    ):
        answer = await ana("GET", "/api/me/", headers={name: value})
        assert (answer.status_code, answer.json()["organization_id"]) == (200, world.id)
    at = await Learner.enter(world, tree(quiz()))
    won = await at.submit()
    link: str = won["certificate"]["verification_url"]
    assert link.startswith("https://learn.example.org/"), "from the configured base, not from a header"
    page = httpx.URL(link).path
    for language in ("x" * 5000, "de;q=abc", "\x7f", "*" * 100, "en-US,en;q=0.9,fr;q=NaN"):
        assert (await world.http.get(page, headers={"Accept-Language": language})).status_code == 200


async def test_request_ids_come_back(world: World) -> None:
    async def sent(value: str) -> str:
        answer = await world.http.get("/healthz", headers={b"X-Request-Id": value.encode("latin-1")})
        [given] = answer.headers.get_list("x-request-id")
        return str(given)

    assert await sent("caller-chose-1") == "caller-chose-1"
    for odd in ("", "short", "x" * 65, "a b c d e f", "a\tb-12345", "<script>alert", "\xe9" * 10):
        assert re.fullmatch(r"[0-9a-f]{32}", await sent(odd)), odd


async def test_head_is_answered_as_get_without_the_body(world: World) -> None:
    at = await Learner.enter(world, tree(quiz()))
    certificate = (await at.submit())["certificate"]["id"]
    for path, status in (
        (f"/certificates/{certificate}/verify/", 200),
        (f"/certificates/{random_id()}/verify/", 404),
        (f"/api/certificates/{certificate}/verify/", 200),
        ("/healthz", 200),
        ("/api/me/", 401),
    ):
        shown, head = await world.http.get(path), await world.http.head(path)
        assert (head.status_code, head.content) == (status, b""), path
        own = {"x-request-id", "content-length"} if status == 401 else {"x-request-id"}
        told = [{k: v for k, v in a.headers.items() if k not in own} for a in (shown, head)]
        assert told[0] == told[1], path
    refused(await world.http.get("/api/courses/", params={}), 401)
    assert (await world.admin("HEAD", "/api/courses/")).content == b""
    refused(await world.admin("PUT", "/api/courses/", {}), 405, "method-not-allowed")


async def test_a_405_names_every_method_of_the_path(world: World) -> None:
    for path, allowed in (
        ("/api/courses/", "GET, HEAD, POST"),
        (f"/api/courses/{random_id()}/draft/", "DELETE, GET, HEAD, PATCH, PUT"),
        ("/api/assignment-rules/x/", "DELETE, GET, HEAD, PATCH"),
        ("/api/lessons/x/complete/", "POST"),
    ):
        answer = await world.admin("TRACE", path)
        refused(answer, 405)
        assert answer.headers["allow"] == allowed


async def test_an_answer_to_options_tells_nothing(world: World) -> None:
    for path in ("/api/me/", "/api/courses/"):
        answer: Any = await world.http.request("OPTIONS", path, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 405
        assert "access-control-allow-origin" not in answer.headers
