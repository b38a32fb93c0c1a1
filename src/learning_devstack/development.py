"""`learning-service dev`: one development copy from nothing to ready, and down again."""

import contextlib
import http.client
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from learning_devstack import copies
from learning_devstack.console import say, say_step
from learning_devstack.log_follower import LogFollower
from learning_devstack.parts import Parts, start_parts
from learning_devstack.ports import LOOPBACK, is_free
from learning_devstack.process import Process, StartError, describe_exit, tail
from learning_devstack.secret_files import write_private
from learning_devstack.signing_key import ISSUER, MakeKey, keep_signing_key
from learning_devstack.stopping import (
    UNDER_MAKE_VARIABLE,
    MakeWatch,
    StopRequested,
    ignore_stop_signals,
    raise_on_stop_signals,
)
from learning_devstack.supervisor import Supervisor, Watched

RUNNING_FILE = "running.json"
PEOPLE_FILE = "people.json"
RENEW_SECONDS = 3600
PREDECESSOR_SECONDS = 8
IMPATIENT_SECONDS = 20
NOT_FOR_CHILDREN = ("PG", "AWS_", "MAKE", "MFLAGS", UNDER_MAKE_VARIABLE)


@dataclass(frozen=True)
class Command:
    """A child's name, as the terminal shows it, and its argument list."""

    name: str
    argv: Sequence[str]


@dataclass(frozen=True)
class Plan:
    """What a copy runs: steps before, one after the other, then services that stay.

    `ready_path` is asked on the port until it answers 200; None when no service listens there. `welcome`
    gets the copy's settings and returns what a newcomer should read when everything is up. `renew` gets them
    before the services start and every hour after. `beside` runs once everything is up, each to its end or the
    copy's; whatever comes of it, the copy runs on.
    """

    preparations: Sequence[Command]
    services: Sequence[Command]
    ready_path: str | None
    make_key: MakeKey
    welcome: Callable[[Mapping[str, str]], str]
    renew: Callable[[Mapping[str, str]], None] = lambda environment: None
    beside: Sequence[Command] = ()


def run_development_copy(directory: Path, port: int, plan: Plan) -> int:
    """Run a copy until it is asked to stop.

    Returns the exit code: 0 when stopped, 1 when it could not start.
    """
    raise_on_stop_signals()
    # What a copy keeps, mails and keys among it, is its owner's alone, whichever of its processes writes it.
    os.umask(0o077)
    copy = _Copy(directory.absolute(), port, plan)
    try:
        copy.run()
    except StopRequested:
        say("\nstopping …")
        return 0
    except (StartError, OSError) as error:
        say(f"\nThe development copy could not start: {error}")
        return 1
    finally:
        copy.stop()
    return 0


def child_environment(parts: Parts, port: int, public_keys: Path) -> dict[str, str]:
    """The settings of a development copy.

    The caller may set others in the environment.
    """
    address = f"http://{LOOPBACK}:{port}"
    given = {
        "PUBLIC_URL": address,
        "MAIL_DIRECTORY": str(parts.directory / "mail"),
        "DEMONSTRATION_PEOPLE": str(parts.directory / PEOPLE_FILE),
    }
    settings = {name: os.environ.get(name) or value for name, value in given.items()}
    return {
        **settings,
        **parts.environment(),
        "ENVIRONMENT": "development",
        "HOST": LOOPBACK,
        "PORT": str(port),
        "AUTH_ISSUERS": json.dumps([{"issuer": ISSUER, "jwks_file": str(public_keys)}]),
        copies.DIRECTORY_VARIABLE: str(parts.directory),
    }


class _Copy:
    def __init__(self, directory: Path, port: int, plan: Plan) -> None:
        self._directory = directory
        self._port = port
        self._plan = plan
        self._make_watch = MakeWatch()
        self._supervisor = Supervisor(self._make_watch)
        self._parts: Parts | None = None
        self._beside: list[Process] = []
        self._lock: contextlib.AbstractContextManager[object] | None = None

    def run(self) -> None:
        started = time.monotonic()
        self._lock = copies.lock(self._directory)
        self._check_port()
        say(f"learning service: development copy in {self._directory}")
        self._parts = parts = start_parts(self._directory, throwaway=False, given=os.environ, say=say_step)
        (self._directory / RUNNING_FILE).write_text(json.dumps({"pid": os.getpid()}))
        public_keys = keep_signing_key(self._directory, self._plan.make_key)
        (self._directory / "mail").mkdir(exist_ok=True)
        environment = child_environment(parts, self._port, public_keys)
        write_private(self._directory / copies.ENVIRONMENT_FILE, json.dumps(environment, indent=1))
        copies.register(self._directory)
        for part in parts.own.values():
            self._supervisor.add_running(Watched(part.process, part.begin, part.is_ready))
        for command in self._plan.preparations:
            self._prepare(command, environment)
        self._plan.renew(environment)
        self._start_services(environment)
        say_step(f"ready on {environment['PUBLIC_URL']}, altogether", time.monotonic() - started)
        say(self._plan.welcome(environment))
        self._start_beside(environment)
        while True:
            renewed = time.monotonic()
            self._supervisor.wait_until(lambda: time.monotonic() - renewed > RENEW_SECONDS)  # noqa: B023
            self._plan.renew(environment)

    def stop(self) -> None:
        """Services first, so that they finish what they are doing on parts that still run."""
        ignore_stop_signals()
        self._supervisor.stop([command.name for command in self._plan.services])
        for process in self._beside:
            process.stop()
        if self._parts:
            self._parts.stop()
            (self._directory / RUNNING_FILE).unlink(missing_ok=True)
            say("stopped; the data is kept.")
        if self._lock:
            self._lock.__exit__(None, None, None)

    def _check_port(self) -> None:
        # After a copy that was killed, its API may need a moment to finish.
        patience = PREDECESSOR_SECONDS if (self._directory / RUNNING_FILE).exists() else 0
        deadline = time.monotonic() + patience
        while not is_free(self._port):
            if time.monotonic() >= deadline:
                raise StartError(
                    f"port {self._port} is in use by another program. "
                    f"Choose another one: PORT={self._port + 1} make run"
                )
            time.sleep(0.1)

    def _process(self, command: Command, environment: Mapping[str, str]) -> Process:
        assert self._parts is not None
        inherited = {n: v for n, v in os.environ.items() if not n.startswith(NOT_FOR_CHILDREN)}
        # Requests for what runs on this machine must not go through a proxy for the internet.
        no_proxy = ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1,localhost")))
        return Process(
            command.name,
            command.argv,
            environment={
                **inherited,
                **environment,
                "NO_PROXY": no_proxy,
                "no_proxy": no_proxy,
                "PYTHONUNBUFFERED": "1",
            },
            log=self._directory / "logs" / f"{command.name}.log",
            guard=self._parts.guard,
        )

    def _prepare(self, command: Command, environment: Mapping[str, str]) -> None:
        started = time.monotonic()
        process = self._process(command, environment)
        process.spawn()
        try:
            self._supervisor.wait_until(lambda: process.exit_code() is not None)
            code = process.exit_code()
        finally:
            process.stop()
        if code:
            raise StartError(f"{command.name} {describe_exit(code)}:\n{tail(process.log, 30)}")
        say_step(command.name, time.monotonic() - started)

    def _start_services(self, environment: Mapping[str, str]) -> None:
        for command in self._plan.services:
            process = self._process(command, environment)
            follower = LogFollower(command.name, process.log)
            is_ready = self._answers_ready if command.name == "api" else process.is_running
            process.spawn()
            self._supervisor.add_running(Watched(process, process.spawn, is_ready, follower))
        started = time.monotonic()
        said = False

        def ready() -> bool:
            nonlocal said
            if self._plan.ready_path is None or self._answers_ready():
                return True
            if not said and time.monotonic() - started > IMPATIENT_SECONDS:
                said = True
                say(f"still waiting for {self._plan.ready_path}; the logs are in {self._directory / 'logs'}")
            return False

        self._supervisor.wait_until(ready)
        names = ", ".join(command.name for command in self._plan.services)
        say_step(names, time.monotonic() - started)

    def _start_beside(self, environment: Mapping[str, str]) -> None:
        for command in self._plan.beside:
            process = self._process(command, environment)
            process.spawn()
            self._beside.append(process)

    def _answers_ready(self) -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=2)
        try:
            connection.request("GET", self._plan.ready_path or "/")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
