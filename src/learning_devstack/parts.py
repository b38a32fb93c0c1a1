"""The parts of one copy together: started, described to the service, stopped."""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from learning_devstack.binaries import find_postgres
from learning_devstack.given import make_bucket_in_given_store, service_database_url
from learning_devstack.guard_client import Guard
from learning_devstack.identity import find_home
from learning_devstack.part import Part
from learning_devstack.ports import LOOPBACK, choose, is_free
from learning_devstack.postgres import DATABASE, USER, make_postgres
from learning_devstack.process import StartError
from learning_devstack.redis_server import make_redis
from learning_devstack.s3_server import ACCESS_KEY_ID, make_s3
from learning_devstack.secret_files import passwords_of

BUCKET = "learning"
PORT_TRIES = 3
Maker = Callable[[int], Part]


@dataclass
class Parts:
    """Where the parts are, and the processes of those that are ours (`own`, by name: postgres, redis, s3)."""

    directory: Path
    guard: Guard
    throwaway: bool
    database_url: str = ""
    redis_url: str = ""
    s3_endpoint_url: str = ""
    s3_access_key_id: str | None = None
    s3_secret_access_key: str | None = None
    s3_bucket: str = BUCKET
    own: dict[str, Part] = field(default_factory=dict)
    outside: Path | None = None

    def environment(self) -> dict[str, str]:
        """The service's settings for these parts."""
        environment = {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "S3_ENDPOINT_URL": self.s3_endpoint_url,
            "S3_BUCKET": self.s3_bucket,
        }
        if self.s3_access_key_id and self.s3_secret_access_key:
            environment["S3_ACCESS_KEY_ID"] = self.s3_access_key_id
            environment["S3_SECRET_ACCESS_KEY"] = self.s3_secret_access_key
        return environment

    def stop(self) -> None:
        """Stop what is ours; a throw-away copy leaves nothing behind."""
        processes = [part.process for part in reversed(self.own.values())]
        for process in processes:
            process.request_stop()
        for process in processes:
            process.stop()
        if self.throwaway:
            for directory in filter(None, (self.directory, self.outside)):
                shutil.rmtree(directory, ignore_errors=True)
        self.guard.dismiss()


def start_throwaway_parts() -> Parts:
    """Parts for tests in a directory of their own under the system's temporary one; gone after `stop()`."""
    return start_parts(Path(tempfile.mkdtemp(prefix="learning-service-")), throwaway=True)


def start_parts(
    directory: Path,
    *,
    throwaway: bool,
    given: Mapping[str, str] | None = None,
    say: Callable[[str, float], None] = lambda _text, _seconds: None,
) -> Parts:
    """Start PostgreSQL, Redis and the S3 server below `directory` and wait until they serve.

    A part whose address is in `given` (DATABASE_URL, REDIS_URL, S3_ENDPOINT_URL with S3_ACCESS_KEY_ID and
    S3_SECRET_ACCESS_KEY) is used instead and left alone. `throwaway` trades durability for speed, and
    `stop()` then removes the directory. `say` hears what has come up and after how many seconds. Call it
    from the main thread (see `process.die_with_parent`). Raises StartError.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    parts = Parts(directory, Guard(), throwaway)
    if throwaway:
        parts.guard.remove(directory)
    try:
        _Starter(parts, given or {}, say).start()
    except BaseException:
        parts.stop()
        raise
    return parts


class _Starter:
    def __init__(self, parts: Parts, given: Mapping[str, str], say: Callable[[str, float], None]) -> None:
        self._parts = parts
        self._given = given
        self._say = say
        self._passwords = passwords_of(parts.directory)
        self._logs = parts.directory / "logs"
        self._ports_file = parts.directory / "ports.json"
        self._ports: dict[str, int] = {}
        if self._ports_file.exists():
            self._ports = json.loads(self._ports_file.read_text())
        parts.s3_bucket = given.get("S3_BUCKET") or BUCKET

    def start(self) -> None:
        makers = self._makers()
        started = time.monotonic()
        for name, make in makers.items():
            self._parts.own[name] = make(self._port(name))
            self._parts.own[name].begin()
        for name, make in makers.items():
            self._wait(name, make)
            self._say(
                f"{self._parts.own[name].label} on {LOOPBACK}:{self._ports[name]}", time.monotonic() - started
            )
        self._ports_file.write_text(json.dumps(self._ports))
        self._describe()

    def _makers(self) -> dict[str, Maker]:
        directory, guard, throwaway = self._parts.directory, self._parts.guard, self._parts.throwaway
        makers: dict[str, Maker] = {}
        if not self._given.get("DATABASE_URL"):
            home = find_home(directory, find_postgres())
            self._parts.outside = home.outside
            if home.outside and throwaway:
                guard.remove(home.outside)
            makers["postgres"] = lambda port: make_postgres(
                home,
                port=port,
                password=self._passwords["postgres"],
                logs=self._logs,
                guard=guard,
                throwaway=throwaway,
            )
        if not self._given.get("REDIS_URL"):
            makers["redis"] = lambda port: make_redis(
                directory,
                port=port,
                password=self._passwords["redis"],
                logs=self._logs,
                guard=guard,
                throwaway=throwaway,
            )
        if not self._given.get("S3_ENDPOINT_URL"):
            makers["s3"] = lambda port: make_s3(
                directory,
                port=port,
                secret=self._passwords["s3"],
                bucket=self._parts.s3_bucket,
                origins=self._given.get("CORS_ORIGINS") or "[]",
                logs=self._logs,
                guard=guard,
            )
        return makers

    def _port(self, name: str) -> int:
        # The port of last time may belong for a moment longer to a predecessor that was killed.
        preferred = self._ports.get(name)
        self._ports[name] = choose(preferred, wait_seconds=3 if preferred else 0)
        return self._ports[name]

    def _wait(self, name: str, make: Maker) -> None:
        for tries in range(PORT_TRIES):
            try:
                return self._parts.own[name].wait()
            except StartError:
                # Another program may have taken the port between our look and the part's start.
                if is_free(self._ports[name]) or tries == PORT_TRIES - 1:
                    raise
                del self._ports[name]
                self._parts.own[name] = make(self._port(name))
                self._parts.own[name].begin()
        return None

    def _describe(self) -> None:
        parts, given = self._parts, self._given
        if "postgres" in parts.own:
            address = f"{LOOPBACK}:{self._ports['postgres']}/{DATABASE}"
            parts.database_url = f"postgresql+asyncpg://{USER}:{self._passwords['postgres']}@{address}"
        else:
            parts.database_url = service_database_url(given["DATABASE_URL"])
        if "redis" in parts.own:
            parts.redis_url = f"redis://:{self._passwords['redis']}@{LOOPBACK}:{self._ports['redis']}/0"
        else:
            parts.redis_url = given["REDIS_URL"]
        if "s3" in parts.own:
            parts.s3_endpoint_url = f"http://{LOOPBACK}:{self._ports['s3']}"
            parts.s3_access_key_id, parts.s3_secret_access_key = ACCESS_KEY_ID, self._passwords["s3"]
        else:
            parts.s3_endpoint_url = given["S3_ENDPOINT_URL"]
            parts.s3_access_key_id = given.get("S3_ACCESS_KEY_ID")
            parts.s3_secret_access_key = given.get("S3_SECRET_ACCESS_KEY")
            make_bucket_in_given_store(parts.s3_bucket, given)
