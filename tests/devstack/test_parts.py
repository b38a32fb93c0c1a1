"""The parts by themselves: what they serve, what they survive, what they leave."""

import asyncio
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import botocore.session
import pytest
import redis
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.kit.waiting import PATIENCE_SECONDS

from learning_devstack.binaries import find_postgres
from learning_devstack.guard_client import Guard
from learning_devstack.identity import PostgresHome, find_home
from learning_devstack.parts import Parts, start_parts, start_throwaway_parts
from learning_devstack.ports import choose
from learning_devstack.postgres import make_postgres
from learning_devstack.process import StartError


@pytest.fixture(scope="module")
def parts() -> Iterator[Parts]:
    started = start_throwaway_parts()
    yield started
    started.stop()


def plain(database_url: str) -> str:
    return database_url.replace("postgresql+asyncpg://", "postgresql://")


def s3(parts: Parts, secret: str | None = None) -> BaseClient:
    return botocore.session.get_session().create_client(
        "s3",
        endpoint_url=parts.s3_endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=parts.s3_access_key_id,
        aws_secret_access_key=secret or parts.s3_secret_access_key,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )


async def test_each_part_serves_with_its_password(parts: Parts) -> None:
    connection = await asyncpg.connect(plain(parts.database_url))
    assert await connection.fetchval("SHOW server_encoding") == "UTF8"
    assert await connection.fetchval("SHOW fsync") == "off"
    assert await connection.fetchval("SELECT current_database()") == "learning"
    await connection.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(plain(parts.database_url), password="wrong")
    with redis.Redis.from_url(parts.redis_url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    wrong = parts.redis_url.replace("redis://:", "redis://:wrong")
    with redis.Redis.from_url(wrong) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    s3(parts).put_object(Bucket=parts.s3_bucket, Key="a/b", Body=b"kept")
    assert (parts.directory / "s3" / parts.s3_bucket / "a" / "b").read_bytes() == b"kept"
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        s3(parts, secret="wrong").list_objects_v2(Bucket=parts.s3_bucket)


def test_the_object_store_writes_only_once_when_asked(parts: Parts) -> None:
    once = {"Bucket": parts.s3_bucket, "Key": "once", "IfNoneMatch": "*"}
    s3(parts).put_object(**once, Body=b"first")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3(parts).put_object(**once, Body=b"second")
    assert s3(parts).get_object(Bucket=parts.s3_bucket, Key="once")["Body"].read() == b"first"


def test_a_presigned_address_says_type_and_name(parts: Parts) -> None:
    s3(parts).put_object(Bucket=parts.s3_bucket, Key="page", Body=b"%PDF", ContentType="text/plain")
    answer = s3(parts).get_object(
        Bucket=parts.s3_bucket,
        Key="page",
        ResponseContentType="application/pdf",
        ResponseContentDisposition='attachment; filename="certificate.pdf"',
    )
    assert answer["ContentType"] == "application/pdf"
    assert answer["ContentDisposition"] == 'attachment; filename="certificate.pdf"'


def test_secrets_are_for_their_owner_only(parts: Parts) -> None:
    for name in ("secrets.json", "redis.conf"):
        assert stat.S_IMODE((parts.directory / name).stat().st_mode) == 0o600


@pytest.mark.long
async def test_killed_parts_come_back_on_their_ports_with_their_data(parts: Parts) -> None:
    connection = await asyncpg.connect(plain(parts.database_url))
    await connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    await connection.execute("CHECKPOINT")
    for part in parts.own.values():
        part.process.kill()
        assert not part.is_ready()
        part.start()
    with pytest.raises((asyncpg.PostgresError, OSError, asyncpg.InterfaceError)):
        await connection.fetchval("SELECT 1")
    connection.terminate()
    connection = await asyncpg.connect(plain(parts.database_url))
    assert await connection.fetchval("SELECT number FROM kept") == 7
    await connection.close()
    with redis.Redis.from_url(parts.redis_url) as client:
        assert client.ping()
    assert s3(parts).head_bucket(Bucket=parts.s3_bucket)


async def test_given_parts_are_used_and_left_alone(parts: Parts, tmp_path: Path) -> None:
    given = {**parts.environment(), "S3_BUCKET": "another-bucket"}
    given["DATABASE_URL"] = plain(given["DATABASE_URL"])
    borrowed = start_parts(tmp_path / "copy", throwaway=True, given=given)
    assert borrowed.own == {}
    assert borrowed.environment() == {**parts.environment(), "S3_BUCKET": "another-bucket"}
    assert s3(parts).head_bucket(Bucket="another-bucket")
    borrowed.stop()
    connection = await asyncpg.connect(plain(parts.database_url))
    await connection.close()


def test_a_given_database_must_be_postgresql(tmp_path: Path, parts: Parts) -> None:
    given = {**parts.environment(), "DATABASE_URL": "mysql://127.0.0.1/learning"}
    with pytest.raises(StartError, match="postgresql://"):
        start_parts(tmp_path / "copy", throwaway=True, given=given)


@pytest.mark.parametrize("reused_id", ["dead", "somebody else's"])
def test_a_stale_lock_file_does_not_keep_postgres_from_starting(parts: Parts, reused_id: str) -> None:
    part = parts.own["postgres"]
    part.process.kill()
    lock_file = next(parts.directory.glob("postgres-*/postmaster.pid"))
    with subprocess.Popen(["sleep", "60"]) as somebody:
        if reused_id == "dead":
            somebody.kill()
            somebody.wait()
        lock_file.write_text(f"{somebody.pid}\n" + lock_file.read_text().partition("\n")[2])
        part.start()
        somebody.kill()
    assert part.is_ready()


@pytest.mark.long
def test_throwaway_parts_leave_nothing_when_their_owner_is_killed() -> None:
    program = (
        "import signal, sys\n"
        "from learning_devstack.parts import start_throwaway_parts\n"
        "parts = start_throwaway_parts()\n"
        "print(parts.directory, *(part.process.pid for part in parts.own.values()), flush=True)\n"
        "signal.pause()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        directory, *pids = owner.stdout.readline().split()
        assert len(pids) == 3
        owner.kill()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(map(is_alive, map(int, pids))) or Path(directory).exists():
        assert time.monotonic() < deadline, "parts or their directory outlived their owner"
        time.sleep(0.05)


@pytest.mark.long
def test_root_without_user_namespaces_runs_postgres_as_nobody(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    home = find_home(tmp_path, find_postgres(), namespaces=False)
    if os.geteuid() != 0:
        assert home == PostgresHome(find_postgres(), tmp_path), "only root has to become somebody else"
        return
    guard = Guard()
    assert home.user is not None
    assert home.outside is not None
    guard.remove(home.outside)
    port = choose()
    part = make_postgres(
        home, port=port, password="secret", logs=tmp_path / "logs", guard=guard, throwaway=True
    )
    try:
        part.start()
        asyncio.run(select_one(f"postgresql://app:secret@127.0.0.1:{port}/learning"))
        assert Path(f"/proc/{part.process.pid}").stat().st_uid == home.user
    finally:
        part.process.stop()
        shutil.rmtree(home.outside)
        guard.dismiss()


async def select_one(address: str) -> None:
    connection = await asyncpg.connect(address)
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"
