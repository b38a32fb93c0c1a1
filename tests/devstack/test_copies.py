"""Development copies as met at a terminal: started as programs, stopped, killed, side by side."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from learning_devstack import copies
from learning_devstack.ports import choose

LITTLE_COPY = Path(__file__).with_name("little_copy.py")


class Copy:
    """A copy running as a program; its output is read line by line."""

    def __init__(self, directory: Path, port: int, **environment: str) -> None:
        self.directory = directory
        self.port = port
        kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        self.process = subprocess.Popen(
            [sys.executable, str(LITTLE_COPY), str(directory), str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**kept, **environment},
        )
        self.output = ""

    def read_until(self, text: str) -> str:
        """The output up to the line with `text`."""
        assert self.process.stdout is not None
        while text not in self.output:
            line = self.process.stdout.readline()
            assert line, f"ended without {text!r}:\n{self.output}"
            self.output += line
        return self.output

    def end(self) -> tuple[int, str]:
        """Its exit code and the rest of its output."""
        rest, _ = self.process.communicate(timeout=30)
        self.output += rest
        return self.process.returncode, self.output

    def environment(self) -> dict[str, str]:
        """The settings that it wrote."""
        found: dict[str, str] = json.loads((self.directory / "env.json").read_text())
        return found

    def answers(self) -> bool:
        """Whether its API answers."""
        address = f"http://127.0.0.1:{self.port}/"
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
        return False


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Copy]]:
    started: list[Copy] = []

    def start_copy(name: str = "copy", port: int | None = None, **environment: str) -> Copy:
        started.append(Copy(tmp_path / name, port or choose(), **environment))
        return started[-1]

    yield start_copy
    for copy in started:
        if copy.process.poll() is None:
            copy.process.terminate()
            copy.end()
        if copy.process.stdout:
            copy.process.stdout.close()


def processes_of(copy: Copy) -> dict[int, str]:
    """Every living process of a copy, whatever started it: by its directory in arguments or environment."""
    wanted = os.fsencode(copy.directory)
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command, environ = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
            cwd = os.readlink(entry / "cwd")
            if command and (
                wanted in command or wanted in environ or cwd.startswith(str(copy.directory) + "/")
            ):
                found[int(entry.name)] = command.replace(b"\0", b" ").decode()
    return found


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def query(copy: Copy, statement: str) -> object:
    async def run() -> object:
        url = copy.environment()["DATABASE_URL"].replace("+asyncpg", "")
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.mark.long
def test_what_a_copy_keeps_is_its_owners_alone(start: Callable[..., Copy], tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir(mode=0o755)
    copy = start()
    copy.read_until("WELCOME")
    found = [copy.directory, *copy.directory.rglob("*")]
    assert len(found) > 1000, "PostgreSQL's files, logs, mails, keys"
    modes = {path: path.lstat().st_mode for path in found if not path.is_symlink()}
    assert [path for path, mode in modes.items() if mode & 0o077] == []
    assert stat.S_IMODE(modes[copy.directory]) == 0o700


@pytest.mark.long
def test_a_copy_starts_keeps_its_data_and_stops(start: Callable[..., Copy]) -> None:
    copy = start()
    output = copy.read_until("WELCOME")
    assert f"WELCOME http://127.0.0.1:{copy.port}" in output
    assert copy.answers()
    for private in ("env.json", "secrets.json", "auth/private.pem"):
        assert stat.S_IMODE((copy.directory / private).stat().st_mode) == 0o600
    settings = copy.environment()
    assert settings["ENVIRONMENT"] == "development"
    assert json.loads(settings["AUTH_ISSUERS"])[0]["jwks_file"] == str(copy.directory / "auth" / "jwks.json")
    query(copy, "CREATE TABLE kept AS SELECT 7 AS number")
    wait_for(lambda: "sleep 600 " in processes_of(copy).values(), "the grandchild is part of the test")
    copy.process.send_signal(signal.SIGINT)
    assert copy.end()[0] == 0
    assert processes_of(copy) == {}

    again = start(port=copy.port)
    again.read_until("WELCOME")
    assert again.environment() == settings
    assert query(again, "SELECT number FROM kept") == 7


@pytest.mark.long
def test_a_killed_supervisor_leaves_nothing_and_can_start_again(start: Callable[..., Copy]) -> None:
    copy = start()
    copy.read_until("WELCOME")
    wait_for(lambda: "sleep 600 " in processes_of(copy).values(), "the grandchild is part of the test")
    running = processes_of(copy)
    for part in ("postgres", "-server 127.0.0.1", "s3_app"):
        assert any(part in command for command in running.values()), running
    copy.process.kill()
    again = start(port=copy.port)
    again.read_until("WELCOME")
    wait_for(lambda: not set(running) & set(processes_of(again)), "processes outlived their supervisor")
    assert query(again, "SELECT 7") == 7


@pytest.mark.long
def test_what_dies_is_started_again_and_said_so(start: Callable[..., Copy]) -> None:
    copy = start()
    copy.read_until("WELCOME")
    settings = copy.environment()
    for name, in_command in (
        ("postgres", "/postgres "),
        ("worker", "time.sleep(600)"),
        ("api", "http.server"),
    ):
        pid = next(p for p, command in processes_of(copy).items() if in_command in command)
        os.kill(pid, signal.SIGKILL)
        copy.read_until(f"{name} was killed by SIGKILL; starting it again")
        copy.read_until(f"{name} runs again")
    assert copy.environment() == settings
    assert query(copy, "SELECT 7") == 7
    assert copy.answers()


@pytest.mark.long
def test_two_copies_side_by_side(start: Callable[..., Copy]) -> None:
    one, two = start("one"), start("two")
    one.read_until("WELCOME")
    two.read_until("WELCOME")
    query(one, "CREATE TABLE only_in_one ()")
    assert query(two, "SELECT to_regclass('only_in_one')") is None
    code, output = start("one").end()
    assert code == 1
    assert f"already runs in {one.directory} (process {one.process.pid})" in output
    one.process.send_signal(signal.SIGTERM)
    assert one.end()[0] == 0
    assert two.answers()
    assert query(two, "SELECT 7") == 7


def test_a_busy_port_is_said_before_anything_starts(start: Callable[..., Copy]) -> None:
    with socket.create_server(("127.0.0.1", choose())) as busy:
        port = busy.getsockname()[1]
        copy = start(port=port)
        code, output = copy.end()
    assert code == 1
    assert f"port {port} is in use by another program" in output
    assert not (copy.directory / "logs").exists()


@pytest.mark.long
def test_a_failed_preparation_is_shown_and_stops_everything(start: Callable[..., Copy]) -> None:
    copy = start(PREPARATION_FAILS="3")
    code, output = copy.end()
    assert code == 1
    assert "preparation exited with code 3" in output
    assert "prepared for postgresql+asyncpg://" in output
    assert processes_of(copy) == {}


def make_copy(directory: Path, name: str) -> Path:
    directory.mkdir(parents=True)
    (directory / "env.json").write_text(json.dumps({"NAME": name}))
    (directory / "lock").touch()
    return directory


def test_commands_find_the_copy_that_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = tmp_path / "checkout" / ".venv"
    monkeypatch.setattr(sys, "prefix", str(prefix))
    monkeypatch.delenv(copies.DIRECTORY_VARIABLE, raising=False)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(copies.NoDevelopmentCopyError, match="make run"):
        copies.find_development_copy()

    old, new = make_copy(tmp_path / "old", "old"), make_copy(tmp_path / "new", "new")
    copies.register(old)
    copies.register(new)
    assert copies.find_development_copy() == {"NAME": "new"}
    with copies.lock(old):
        assert copies.find_development_copy() == {"NAME": "old"}, "one that runs is preferred"
        make_copy(tmp_path / "checkout" / ".dev", "beside the environment")
        assert copies.find_development_copy() == {"NAME": "old"}
    assert copies.find_development_copy() == {"NAME": "beside the environment"}
    here = make_copy(tmp_path / "elsewhere" / ".dev", "here")
    with copies.lock(new), copies.lock(here):
        assert copies.find_development_copy() == {"NAME": "here"}
        monkeypatch.setenv(copies.DIRECTORY_VARIABLE, str(old))
        assert copies.find_development_copy() == {"NAME": "old"}, "the named one, running or not"
