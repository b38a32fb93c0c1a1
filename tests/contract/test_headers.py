"""Headers that every answer has, and redirects that name nobody's host."""

import uuid

import httpx
import pytest
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.world import World


def has_what_every_answer_has(answer: httpx.Response, at: object = None) -> None:
    """Its type is meant, it tells no other site where one was, and it loads nothing and stands in no frame."""
    headers = answer.headers
    assert headers.get_list("x-content-type-options") == ["nosniff"], at
    assert headers.get_list("referrer-policy") == ["no-referrer"], at
    [policy] = headers.get_list("content-security-policy")
    assert "default-src 'none'" in policy, at
    assert "frame-ancestors 'none'" in policy, at
    if answer.content and answer.request.method != "HEAD":
        kind = headers["content-type"]
        assert kind.startswith(("application/json", "application/problem+json", "application/pdf")) or (
            kind.startswith("text/") and kind.endswith("charset=utf-8")
        ), (at, kind)


async def test_every_answer_says_what_a_browser_may_do_with_it(world: World) -> None:
    at = await Learner.enter(world, tree(lesson(), quiz(questions=1)))
    public = ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/nothing", "/api/courses",
              "/api/courses/", f"/api/certificates/{uuid.uuid4()}/verify/",
              f"/certificates/{uuid.uuid4()}/verify/"]  # fmt: skip
    for path in public:
        for method in ("GET", "HEAD", "OPTIONS", "DELETE"):
            has_what_every_answer_has(await world.http.request(method, path), (method, path))
    # Those with a route of their own and those with a short one before it.
    for method, path in (
        ("GET", "/api/courses/"),
        ("GET", f"/api/courses/{at.course}/modules/"),
        ("GET", f"/api/courses/{at.course}/draft/"),
        ("POST", at.path("Q", "submit")),
    ):
        for caller in (at.call, world.admin):
            has_what_every_answer_has(await caller(method, path), (method, path))


TITLES = {
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict",
    412: "Precondition Failed", 413: "Content Too Large", 415: "Unsupported Media Type",
    422: "Unprocessable Content", 428: "Precondition Required",
}  # fmt: skip


async def test_the_title_of_a_problem_is_the_reason_phrase_of_its_status(world: World) -> None:
    course = await world.course()
    draft = f"/api/courses/{course['id']}/draft/"
    answers = [
        await world.http.get("/api/courses/"),
        await world.member()("GET", draft),
        await world.admin("GET", "/api/nothing/"),
        await world.admin("TRACE", draft),
        await world.admin("POST", f"/api/courses/{course['id']}/publish/"),
        await world.admin("PUT", draft, {"title": "x"}, headers={"If-Match": '"other"'}),
        await world.http.post("/api/certificates/verify-batch/", content=b" " * 70_000),
        await world.admin("POST", "/api/courses/", content=b"x", headers={"Content-Type": "text/plain"}),
        await world.admin("POST", "/api/courses/", {}),
        await world.admin("PUT", draft, {"title": "x"}),
    ]
    told = {answer.status_code: answer.json()["title"] for answer in answers}
    assert {status: title for status, title in TITLES.items() if status in told} == told
    assert len(told) >= 8, told


async def test_no_method_gives_back_what_was_sent(world: World) -> None:
    """TRACE would show a script the headers that a browser keeps from it."""
    for path in ("/", "/healthz", "/docs", "/api/courses/", "/api/nothing/", f"/api/courses/{uuid.uuid4()}/"):
        for method in ("TRACE", "TRACK", "DEBUG", "PROPFIND", "CONNECT"):
            answer = await world.admin(method, path, headers={"X-Mine": "zebra", "Cookie": "zebra=1"})
            assert answer.status_code in (404, 405), (method, path)
            assert "zebra" not in answer.text
            assert "Bearer" not in answer.text
            assert "TRAC" not in answer.headers.get("allow", "")


async def test_no_folder_is_listed(world: World) -> None:
    for path in (
        "/",
        "/api/",
        "/docs/",
        "/docs/../",
        "/static/",
        "/assets/",
        "/certificates/",
        "/.git/",
        "/%2e%2e/",
    ):
        answer = await world.admin("GET", path)
        assert answer.status_code in (307, 404), path
        assert "href" not in answer.text


async def test_what_is_answered_to_a_token_is_stored_nowhere(world: World) -> None:
    at = await Learner.enter(world, tree(lesson(), quiz(questions=1)))
    calls = [
        ("GET", "/api/courses/"), ("GET", f"/api/courses/{at.course}/"), ("GET", "/api/users/export/"),
        ("GET", f"/api/courses/{at.course}/modules/"), ("GET", "/api/nothing/"), ("GET", "/api/me/"),
        ("POST", at.path("Q", "submit")), ("GET", f"/api/courses/{at.course}/draft/"), ("GET", "/healthz"),
        ("GET", "/api/courses"),
    ]  # fmt: skip
    for method, path in calls:
        for caller in (at.call, world.admin):
            answer = await caller(method, path)
            assert answer.headers.get_list("cache-control") == ["no-store"], (
                method,
                path,
                answer.status_code,
            )
    bad = await world.http.get("/api/courses/", headers={"Authorization": "Bearer nonsense"})
    assert (bad.status_code, bad.headers.get_list("cache-control")) == (401, ["no-store"])


@pytest.mark.parametrize("host", ["evil.example", "evil.example:99", "learn.example.org"])
async def test_the_redirect_to_the_slash_names_no_host(world: World, host: str) -> None:
    for path, to in (
        ("/api/courses", "/api/courses/"),
        ("/api/courses?limit=1&x=%2F%2Fevil", "/api/courses/?limit=1&x=%2F%2Fevil"),
        (f"/api/courses/{uuid.UUID(int=1)}/modules", f"/api/courses/{uuid.UUID(int=1)}/modules/"),
        ("/api/quizzes/%0d%0aa/submit", None),
        ("/api/courses/%5C%5Cevil.example", None),
        ("/docs/", "/docs"),
        ("/healthz/", "/healthz"),
        ("/openapi.json/?x=1", "/openapi.json?x=1"),
    ):
        answer = await world.http.request(
            "POST" if "quizzes" in path else "GET", path, headers={"Host": host, "X-Forwarded-Host": host}
        )
        assert answer.status_code == 307, path
        location = answer.headers["location"]
        assert location == to or to is None
        assert location.startswith("/")
        assert httpx.URL("https://here.example").join(location).host == "here.example"
    for path in ("//evil.example", "//evil.example/api/courses", "/%2Fevil.example", "/\\evil.example"):
        answer = await world.http.get(
            httpx.URL("https://learn.example.org").copy_with(raw_path=path.encode())
        )
        assert answer.status_code == 404, path
