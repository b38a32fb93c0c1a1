"""What the API serves under `/app/`: the built files, or what to wait for."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from learning_devstack.web_build import STAMP, build_web, fingerprint
from learning_service.api.web_app import install_web_app
from learning_service.core.settings import Settings

PRODUCTION = {"database_url": "postgresql+asyncpg://x@db/learning"}


@asynccontextmanager
async def browser(files: Path, **changes: object) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the web application alone."""
    app = FastAPI()
    install_web_app(app, Settings(**{**PRODUCTION, **changes}), files)  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://learn") as client:
        yield client


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A build, and beside it a file that is nobody's business."""
    files = tmp_path / "web"
    (files / "assets").mkdir(parents=True)
    (files / "index.html").write_text("<title>Learning</title>")
    (files / "assets" / "index-Ab1_x.js").write_text("run()")
    (files / "assets" / "index-Ab1_x.js.gz").write_bytes(b"packed")
    (files / STAMP).write_text("stamp")
    (tmp_path / "secret.js").write_text("secret")
    return files


async def test_screens_are_the_page_and_files_are_kept_for_a_year(built: Path) -> None:
    async with browser(built) as client:
        for path in ("/app/", "/app/courses/1/lessons/2", "/app/stamp"):
            page = await client.get(path)
            assert (page.status_code, page.text) == (200, "<title>Learning</title>")
            assert page.headers["cache-control"] == "no-cache"
            policy = page.headers["content-security-policy"]
            assert "script-src 'self';" in policy
            assert "unsafe" not in policy
            assert "frame-src https: " in policy
        packed = await client.get("/app/assets/index-Ab1_x.js", headers={"Accept-Encoding": "identity"})
        assert packed.text == "run()"
        assert "immutable" in packed.headers["cache-control"]
        assert packed.headers["content-type"].startswith("text/javascript")
        async with client.stream("GET", "/app/assets/index-Ab1_x.js") as answer:
            assert answer.headers["content-encoding"] == "gzip"
            assert b"".join([part async for part in answer.aiter_raw()]) == b"packed"


@pytest.mark.parametrize(
    "path",
    ["assets/..%2F..%2Fsecret.js", "assets/%2e%2e/stamp", "assets/none-1.js", "assets/%00.js", "assets/"],
)
async def test_nothing_else_is_given_away(built: Path, path: str) -> None:
    async with browser(built) as client:
        answer = await client.get(f"/app/{path}")
        assert (answer.status_code, answer.text) == (404, "")


async def test_it_says_what_there_is_to_wait_for(tmp_path: Path) -> None:
    async with browser(tmp_path, environment="development") as client:
        waiting = await client.get("/app/")
        assert waiting.status_code == 503
        assert 'http-equiv="refresh"' in waiting.text
        (tmp_path / "failed.txt").write_text("npm <ended>")
        failed = await client.get("/app/")
        assert "npm &lt;ended&gt;" in failed.text
        assert 'http-equiv="refresh"' not in failed.text
    async with browser(tmp_path / "none") as client:
        assert (await client.get("/app/")).status_code == 404


async def test_people_are_offered_in_development_alone(built: Path, tmp_path: Path) -> None:
    people = tmp_path / "people.json"
    people.write_text('{"people": [1]}')
    async with browser(built, environment="development", demonstration_people=people) as client:
        assert (await client.get("/app/demonstration.json")).json() == {"people": [1]}
        people.unlink()
        assert (await client.get("/app/demonstration.json")).json() == {"people": []}
    async with browser(built) as client:
        assert (await client.get("/app/demonstration.json")).json() == {"people": []}
    with pytest.raises(ValidationError, match="DEMONSTRATION_PEOPLE is for development"):
        Settings(**PRODUCTION, demonstration_people=people)  # type: ignore[arg-type]


async def test_the_application_is_told_where_to_sign_in(built: Path) -> None:
    sign_in = {
        "issuer": "https://id.example.org/realm",
        "client_id": "web",
        "origins": ["https://token.example.org"],
    }
    issuers = [{"issuer": sign_in["issuer"], "jwks_url": "https://id.example.org/keys"}]
    async with browser(built, web_sign_in=sign_in, auth_issuers=issuers) as client:
        told = (await client.get("/app/config.json")).json()["sign_in"]
        assert told == {
            "issuer": "https://id.example.org/realm",
            "client_id": "web",
            "scope": "openid profile",
            "parameters": {},
        }
        policy = (await client.get("/app/")).headers["content-security-policy"]
        assert "connect-src 'self' https://id.example.org https://token.example.org;" in policy
    async with browser(built) as client:
        assert (await client.get("/app/config.json")).json() == {"sign_in": None}
        assert "connect-src 'self';" in (await client.get("/app/")).headers["content-security-policy"]
    make: Callable[..., Settings] = Settings
    with pytest.raises(ValidationError, match="none of AUTH_ISSUERS"):
        make(**PRODUCTION, web_sign_in=sign_in)
    insecure = {**sign_in, "issuer": "http://id.example.org"}
    believed = [{**issuers[0], "issuer": insecure["issuer"]}]
    with pytest.raises(ValidationError, match="https only"):
        make(**PRODUCTION, web_sign_in=insecure, auth_issuers=believed)


def test_it_is_served_in_production_only_when_asked_for() -> None:
    make: Callable[..., Settings] = Settings
    assert make(**PRODUCTION).web_enabled is False
    assert make(**PRODUCTION, web_enabled=True).web_enabled is True
    assert make(**PRODUCTION, environment="development").web_enabled is True


def test_what_is_built_is_not_built_again(tmp_path: Path) -> None:
    sources, out = tmp_path / "web", tmp_path / "out"
    (sources / "node_modules").mkdir(parents=True)
    out.mkdir()
    (sources / "package.json").write_text("{}")
    stamp = fingerprint(sources)
    (sources / "node_modules" / "other.js").write_text("of no account")
    (out / STAMP).write_text(stamp)
    # Without a lock file a build would fail.
    build_web(tmp_path, out)
    assert [file.name for file in out.iterdir()] == [STAMP]
    (sources / "package.json").write_text('{"other": 1}')
    assert fingerprint(sources) != stamp


def test_a_checkout_without_sources_is_left_alone(tmp_path: Path) -> None:
    build_web(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
