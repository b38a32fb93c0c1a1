"""The stage of a run: parts of its own, migrated databases, servers, the load, and what each costs in processor time.

PostgreSQL runs as `make run` runs it, with commits that reach the disk, but with checkpoints an hour apart. Every
server is one process with one event loop (the alternative: one worker with threads), so that figures are per core.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from benchmarks.people import create, execute, run

from learning_devstack.parts import Parts, start_parts
from learning_devstack.ports import choose
from learning_devstack.tokens import make_development_key, mint_token

ROOT = Path(__file__).resolve().parents[1]
ISSUER, AUDIENCE = "https://id.example.org", "learning-service"
CONNECTIONS = 16
TICKS = os.sysconf("SC_CLK_TCK")
RARELY = ("max_wal_size = '16GB'", "checkpoint_timeout = '1h'")
LOADING = ("wal_level = minimal", "max_wal_senders = 0", "fsync = off", "full_page_writes = off")


@dataclass(frozen=True, slots=True)
class Cost:
    """One round of load: microseconds of processor time for one request, and answers a second."""

    server: float
    database: float
    rate: float
    p95_ms: float

    @property
    def both(self) -> float:
        """Server and database together."""
        return self.server + self.database


class BadAnswers(SystemExit):
    """Something else than 200 or 201 was answered in a round."""


@dataclass
class Server:
    """A server under load."""

    name: str
    port: int
    process: "subprocess.Popen[bytes]"
    helper: "Server | None" = None
    """Works for this one alone: its processor time is counted with it."""


@dataclass
class Stage:
    """Parts, keys and servers of one run."""

    directory: Path
    parts: Parts
    private_key: str
    key_id: str
    servers: list[Server] = field(default_factory=list)
    load: "subprocess.Popen[str] | None" = None

    def environment(self, database: str) -> dict[str, str]:
        """The service's settings as in production; only the limits of one caller are raised, by their settings."""
        issuers = [{"issuer": ISSUER, "jwks_file": str(self.directory / "jwks.json")}]
        return {
            **self.parts.environment(),
            "DATABASE_URL": self.url(database),
            # The development key is a file; production wants https for that. The rest is as it is there.
            "ENVIRONMENT": "development",
            "REFERENCE_ENABLED": "false",
            "WEB_ENABLED": "false",
            "AUTH_ISSUERS": json.dumps(issuers),
            "AUTH_AUDIENCE": AUDIENCE,
            "PUBLIC_URL": "https://learn.example.org",
            "PRINCIPAL_REQUESTS_PER_SECOND": "1000000",
            "PRINCIPAL_BURST": "1000000",
            "CERTIFICATE_PROCESSES": "1",
        }

    def url(self, database: str) -> str:
        """The address of a database on this stage's server."""
        return self.parts.database_url.rpartition("/")[0] + "/" + database

    def plain_url(self, database: str) -> str:
        """The same for asyncpg and psycopg."""
        return self.url(database).replace("postgresql+asyncpg://", "postgresql://")

    def token(self, organization: str, user: str, *roles: str, scopes: Sequence[str] = ()) -> str:
        """A token that holds for the run."""
        return mint_token(
            self.private_key,
            issuer=ISSUER,
            audience=AUDIENCE,
            key_id=self.key_id,
            organization_id=organization,
            user_id=user,
            roles=roles,
            scopes=scopes,
            ttl=6 * 3600,
            now=datetime.now(UTC),
        )

    def migrate(self, database: str) -> None:
        """Bring a database to the newest revision."""
        run_to_end([sys.executable, "-m", "alembic", "upgrade", "head"], self.environment(database))

    def create(self, database: str) -> None:
        """Make a database beside the first one, and bring it to the newest revision."""
        run(create(self.plain_url("postgres"), database))
        self.migrate(database)

    def copy(self, database: str, template: str) -> None:
        """Make a database like another one, which nobody is connected to."""
        run(create(self.plain_url("postgres"), database, template))

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Meanwhile PostgreSQL writes no more than it must to end with the same database, if nothing breaks."""
        self._restart_with(*(f"SET {setting}" for setting in LOADING))
        yield
        self._restart_with(*(f"RESET {setting.split()[0]}" for setting in LOADING))

    def _restart_with(self, *steps: str) -> None:
        run(execute(self.plain_url("postgres"), *(f"ALTER SYSTEM {step}" for step in steps)))
        self.parts.stop()
        self.parts = start_parts(self.parts.directory, throwaway=False)

    def figures(self, module: str, database: str) -> dict[str, float]:
        """What a module prints that measures in a process of its own, on a database of its own."""
        self.create(database)
        return self.printed(module, database)

    def printed(self, module: str, database: str, *arguments: str) -> dict[str, float]:
        """What a module prints that measures in a process of its own."""
        environment = {**os.environ, **self.environment(database), "LOG_LEVEL": "error"}
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return found

    def serve(self, name: str, argv: Sequence[str], environment: Mapping[str, str], *, port: int) -> Server:
        """Start a server and wait until it listens. Its log is a file beside the parts' logs."""
        log = (self.directory / f"{name}.log").open("ab")
        process = subprocess.Popen(
            argv,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
        server = Server(name, port, process)
        self.servers.append(server)
        deadline = time.monotonic() + 180
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(
                    f"{name} did not start:\n{(self.directory / f'{name}.log').read_text()[-4000:]}"
                )
            time.sleep(0.05)
        return server

    def serve_service(self, database: str, name: str = "service") -> Server:
        """The service itself, by its own command."""
        port = choose()
        environment = {**self.environment(database), "PORT": str(port)}
        argv = [str(Path(sys.executable).with_name("learning-service")), "api"]
        return self.serve(name, argv, environment, port=port)

    def serve_app(self, app: str, environment: Mapping[str, str], *, factory: bool = False) -> Server:
        """Any ASGI application, under uvicorn as the service runs it."""
        port = choose()
        options = ["--loop", "uvloop", "--http", "httptools", "--ws", "none", "--no-proxy-headers"]
        options += ["--no-access-log", "--no-server-header", "--log-level", "warning", "--port", str(port)]
        options += ["--factory"] if factory else []
        return self.serve(app, [sys.executable, "-m", "uvicorn", app, *options], environment, port=port)

    def requests_file(self, name: str, requests: Sequence[str]) -> str:
        """Keep requests for the load."""
        path = self.directory / f"{name}.json"
        path.write_text(json.dumps(requests))
        return str(path)

    def round(
        self, server: Server, requests: str, seconds: float = 0.6, connections: int = CONNECTIONS
    ) -> Cost:
        """One round of load on a server. Raises BadAnswers, which ends the run."""
        servers, databases = self._busy(server)
        order = {"port": server.port, "requests": requests, "connections": connections, "seconds": seconds}
        answer = self.order(order)
        if answer["bad"] or not answer["answers"]:
            raise BadAnswers(f"{server.name} gave {answer['bad']} bad answers, such as:\n{answer['example']}")
        after, databases_after = self._busy(server)
        each = 1e6 / answer["answers"]
        rate = answer["answers"] / answer["seconds"]
        return Cost((after - servers) * each, (databases_after - databases) * each, rate, answer["p95_ms"])

    def warm(self, server: Server, requests: str) -> None:
        """Let a server fill its caches and open its connections. What it refuses meanwhile is its own affair."""
        order = {"port": server.port, "requests": requests, "connections": CONNECTIONS, "seconds": 1}
        self.order(order)

    def server_seconds(self, server: Server) -> float:
        """Processor seconds that a server has taken so far, its helper included."""
        helped = 0 if server.helper is None else self.server_seconds(server.helper)
        return helped + family_seconds(server.process.pid)

    def _busy(self, server: Server) -> tuple[float, float]:
        postgres = self.parts.own["postgres"].process.pid
        assert postgres is not None
        # PostgreSQL adds up what its ended children took; their processes are its only ones.
        return self.server_seconds(server), family_seconds(postgres)

    def order(self, order: dict[str, Any]) -> dict[str, Any]:
        """What the load answers to an order."""
        if self.load is None:
            self.load = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.load"],
                cwd=ROOT,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        stdin, stdout = _pipes(self.load)
        stdin.write(json.dumps(order) + "\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(stdout.readline())
        return answer

    def stop_servers(self) -> None:
        """Stop every server that runs."""
        for server in self.servers:
            server.process.send_signal(signal.SIGTERM)
        for server in self.servers:
            try:
                server.process.wait(15)
            except subprocess.TimeoutExpired:
                server.process.kill()
                server.process.wait()
        self.servers.clear()


def _pipes(process: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run_to_end(argv: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run a command that must succeed."""
    done = subprocess.run(
        argv, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(argv)} failed:\n{done.stdout}{done.stderr}")


def family_seconds(pid: int) -> float:
    """Processor seconds of a process, its children, and those of them that have ended."""
    total = 0.0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(entry.name) == pid:
            total += sum(map(int, words[11:15])) / TICKS
        elif int(words[1]) == pid:
            total += sum(map(int, words[11:13])) / TICKS
    return total


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Start the parts, and leave nothing behind at the end."""
    directory = Path(tempfile.mkdtemp(prefix="learning-bench-"))
    private_key, jwks, key_id = make_development_key()
    (directory / "jwks.json").write_text(jwks)
    stage = Stage(directory, start_parts(directory / "parts", throwaway=False), private_key, key_id)
    try:
        # A checkpoint in the round of one variant and not of the other would be a figure of neither.
        steps = [f"ALTER SYSTEM SET {setting}" for setting in RARELY]
        run(execute(stage.plain_url("postgres"), *steps, "SELECT pg_reload_conf()"))
        yield stage
    finally:
        stage.stop_servers()
        if stage.load is not None:
            _pipes(stage.load)[0].close()
            stage.load.wait(10)
        stage.parts.stop()
        for place in filter(None, (directory, stage.parts.outside)):
            shutil.rmtree(place, ignore_errors=True)
