"""Headers that every answer has, and redirects that name nobody's host."""

import uuid

import httpx
import pytest
from tests.contract.learner import Learner, lesson, quiz, tree
from tests.world import World


async def test_every_answer_says_that_its_type_is_meant(world: World) -> None:
    at = await Learner.enter(world, tree(lesson(), quiz(questions=1)))
    public = ["/healthz", "/readyz", "/metrics", "/openapi.json", "/nothing", "/api/courses", "/api/courses/",
              f"/api/certificates/{uuid.uuid4()}/verify/", f"/certificates/{uuid.uuid4()}/verify/"]  # fmt: skip
    for path in public:
        for method in ("GET", "HEAD", "OPTIONS", "DELETE"):
            answer = await world.http.request(method, path)
            assert answer.headers.get_list("x-content-type-options") == ["nosniff"], (method, path)
    for method, path in (
        ("GET", "/api/courses/"),
        ("GET", f"/api/courses/{at.course}/modules/"),
        ("POST", at.path("Q", "submit")),
    ):
        for caller in (at.call, world.admin):
            answer = await caller(method, path)
            assert answer.headers.get_list("x-content-type-options") == ["nosniff"], (method, path)


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
