"""`/openapi.json` is made when the package is built, compressed, and not sent to a caller who has it."""

import gzip
import json
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from pydantic_core import to_json

from learning_service.api.openapi import built


async def test_it_is_compressed_for_those_who_take_that(client: httpx.AsyncClient, app: FastAPI) -> None:
    packed = await client.get("/openapi.json", headers={"Accept-Encoding": "br, gzip;q=0.8"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < 150_000
    for refused in ("identity", "gzip;q=0", "gzip; q=0.0", "br", ""):
        plain = await client.get("/openapi.json", headers={"Accept-Encoding": refused})
        assert "content-encoding" not in plain.headers, refused
        assert plain.content == packed.content == to_json(app.openapi())
        assert plain.headers["vary"] == "Accept-Encoding"


async def test_a_caller_who_has_it_gets_304(client: httpx.AsyncClient) -> None:
    etag = (await client.get("/openapi.json")).headers["etag"]
    for condition in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        answer = await client.get("/openapi.json", headers={"If-None-Match": condition})
        assert (answer.status_code, answer.content) == (304, b""), condition
        assert answer.headers["etag"] == etag
    assert (await client.get("/openapi.json", headers={"If-None-Match": '"other"'})).status_code == 200


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    file = tmp_path / "openapi.json"
    monkeypatch.setattr(built, "FILE", file)
    monkeypatch.setattr(built, "STAMP", file.with_suffix(".stamp"))
    return file


def test_what_the_build_wrote_is_served_at_once(
    kept: Path, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert built.write(app.openapi) == kept

    def fail() -> dict[str, object]:
        raise AssertionError("it was made anew")

    def compress(*_: object, **__: object) -> bytes:
        raise AssertionError("it was compressed anew")

    monkeypatch.setattr(gzip, "compress", compress)
    found = built.written(fail)
    assert json.loads(gzip.decompress(found.gzipped)) == app.openapi()


def test_what_was_written_for_other_code_is_not(kept: Path, app: FastAPI) -> None:
    built.write(app.openapi)
    kept.write_text('{"openapi": "old"}')
    kept.with_suffix(".stamp").write_text("of other code")
    assert built.written(app.openapi).plain == to_json(app.openapi())
