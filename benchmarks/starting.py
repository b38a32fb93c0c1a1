"""How soon an API process answers after its start: processor time, since others' load is part of every second.

As in production: modules are compiled, and it serves neither reference nor web application.
"""

import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from benchmarks.results import Mark, Result, Row
from benchmarks.stage import ROOT, Stage, family_seconds

from learning_devstack.ports import choose

DATABASE, ROUNDS, PATIENCE_SECONDS = "starting", 5, 60
ASKED = b"GET /healthz HTTP/1.1\r\nHost: learn.example.org\r\nConnection: close\r\n\r\n"
COMMAND = str(Path(sys.executable).with_name("learning-service"))


def rows(stage: Stage) -> list[Row]:
    """Seconds from exec to the first answer, of the processor and of the clock; the first start is not counted."""
    stage.create(DATABASE)
    starts = [_start(stage) for _ in range(ROUNDS + 1)][1:]
    spent, waited = (statistics.median(figures) for figures in zip(*starts, strict=True))
    return [
        Row(Result("start: API", spent, "s CPU from exec to the first answer"), Mark(1.5, at_most=True)),
        Row(Result("start: API, clock", waited, "s from exec to the first answer, at the load of the run")),
    ]


def _start(stage: Stage) -> tuple[float, float]:
    port = choose()
    environment = {**os.environ, **stage.environment(DATABASE), "PORT": str(port)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    log = (stage.directory / "starting.log").open("ab")
    began = time.monotonic()
    process = subprocess.Popen([COMMAND, "api"], cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > began + PATIENCE_SECONDS:
                raise SystemExit(f"the API did not start: {(stage.directory / 'starting.log').read_text()}")
            time.sleep(0.01)
        return family_seconds(process.pid), time.monotonic() - began
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(ASKED)
        return connection.recv(12) == b"HTTP/1.1 200"
    return False
