"""JSON over 1 KiB is compressed for clients that take gzip, and nothing else is."""

import gzip

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from tests.kit.learner import lesson, tree
from tests.kit.world import World

from learning_service.api.compression import Compressed

GZIP = {"Accept-Encoding": "gzip, br"}
PLAIN = {"Accept-Encoding": "identity"}


async def raw(world: World, path: str, headers: dict[str, str]) -> tuple[httpx.Response, bytes]:
    """The answer, and its bytes as they travel."""
    token = {"Authorization": f"Bearer {world.admin.token}"}
    async with world.http.stream("GET", path, headers=headers | token) as answer:
        return answer, b"".join([piece async for piece in answer.aiter_raw()])


async def test_a_long_list_is_compressed_and_says_the_same(world: World) -> None:
    for _ in range(4):
        await world.course()
    packed, travelled = await raw(world, "/api/courses/", GZIP)
    plain, body = await raw(world, "/api/courses/", PLAIN)
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) == len(travelled) < len(body) / 2
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert gzip.decompress(travelled) == body
    assert "content-encoding" not in plain.headers
    assert packed.headers["cache-control"] == plain.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("refused", ["gzip;q=0", "br", "", "identity, gzip;q=0.0"])
async def test_who_does_not_take_it_does_not_get_it(world: World, refused: str) -> None:
    for _ in range(4):
        await world.course()
    answer, body = await raw(world, "/api/courses/", {"Accept-Encoding": refused})
    assert "content-encoding" not in answer.headers
    assert len(body) > 1024


async def test_a_short_answer_is_sent_as_it_is(world: World) -> None:
    answer, body = await raw(world, "/healthz", GZIP)
    assert "content-encoding" not in answer.headers
    assert body == b'{"status":"ok"}'


async def test_the_tag_of_a_compressed_draft_goes_back_as_it_came(world: World) -> None:
    course = await world.course(tree(lesson(body_html=f"<p>{'word ' * 500}</p>")))
    path = f"/api/courses/{course['id']}/draft/"
    packed, _ = await raw(world, path, GZIP)
    plain, body = await raw(world, path, PLAIN)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["etag"] == plain.headers["etag"]
    assert len(body) > 1024
    patch = [{"op": "replace", "path": "/title", "value": "New"}]
    kind = {"Content-Type": "application/json-patch+json", "If-Match": packed.headers["etag"]}
    assert (await world.admin("PATCH", path, patch, headers=kind)).status_code == 200


@pytest.mark.parametrize(
    "media_type",
    [
        "application/pdf",
        "text/event-stream",
        "text/html",
        "text/csv; charset=utf-8",
        "image/png",
        "font/woff2",
    ],
)
async def test_other_kinds_are_left_alone(media_type: str) -> None:
    app = FastAPI()
    app.add_middleware(Compressed)

    @app.get("/file/")
    async def _file() -> Response:
        return Response(b"x" * 5000, media_type=media_type)

    @app.get("/packed/")
    async def _packed() -> Response:
        return Response(gzip.compress(b"x" * 5000), headers={"Content-Encoding": "gzip"})

    @app.get("/json/")
    async def _json() -> Response:
        return JSONResponse(["x"] * 5000)

    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://x.example.org", headers=GZIP) as http:
        assert "content-encoding" not in (await http.get("/file/")).headers
        assert (await http.get("/packed/")).content == b"x" * 5000
        assert (await http.get("/json/")).headers["content-encoding"] == "gzip"
