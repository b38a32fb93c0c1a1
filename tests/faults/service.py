"""The service as the rig runs it: two APIs and two workers, real processes, each started again when it ends."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
from tests.kit.proxy import Proxy
from tests.kit.world import Signer

from learning_devstack.guard_client import Guard
from learning_devstack.ports import choose
from learning_devstack.process import Process, clean_environment, describe_exit, tail

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("api-1", "api-2", "worker-1", "worker-2")
LEASE_SECONDS = 3
"""Short, so that what a dead worker held is taken over soon."""
PRODUCT = ("-m", "learning_service.cli.app")
START_SECONDS = 60


def settings_of(addresses: Mapping[str, str], signer: Signer) -> dict[str, str]:
    """The environment of a process of the service on these addresses."""
    issuers = [{"issuer": signer.issuer, "jwks_file": str(signer.jwks_file)}]
    return clean_environment(
        {
            **addresses,
            "PYTHONPATH": str(ROOT),
            "ENVIRONMENT": "development",
            "AUTH_ISSUERS": json.dumps(issuers),
            "DATABASE_POOL_SIZE": "8",
            "JOB_LEASE_SECONDS": str(LEASE_SECONDS),
            "MAILS_PER_SECOND": "200",
            "CERTIFICATE_PROCESSES": "1",
            "LOG_LEVEL": "warning",
        }
    )


class Service:
    """Runs `program` (the product's command by default) as api-1, api-2, worker-1, worker-2."""

    def __init__(
        self,
        environment: Mapping[str, str],
        guard: Guard,
        logs: Path,
        *,
        program: Sequence[str] = PRODUCT,
        names: Sequence[str] = NAMES,
    ) -> None:
        self.processes: dict[str, Process] = {}
        self.fronts: dict[str, Proxy] = {}
        """The proxies in front of the APIs."""
        self.deaths: list[str] = []
        """Processes that ended without being told to."""
        self._resting: set[str] = set()
        self._watch: asyncio.Task[None] | None = None
        for name in names:
            port = choose()
            if name.startswith("api"):
                self.fronts[name] = Proxy(port)
            self.processes[name] = Process(
                name,
                [sys.executable, *program, name.partition("-")[0]],
                environment={**environment, "PORT": str(port)},
                log=logs / f"{name}.log",
                guard=guard,
                grace_seconds=25,
            )

    @property
    def urls(self) -> list[str]:
        """Where clients reach the APIs."""
        return [f"http://127.0.0.1:{front.port}" for front in self.fronts.values()]

    async def start(self) -> None:
        """Start everything and wait until each API serves."""
        for front in self.fronts.values():
            await front.start()
        for process in self.processes.values():
            process.spawn()
        for name, front in self.fronts.items():
            await self._until_alive(name, front.target)
        self._watch = asyncio.create_task(self._keep_running())

    async def stop(self) -> None:
        """Stop everything; what was frozen is woken for it."""
        if self._watch is not None:
            self._watch.cancel()
        for name, process in self.processes.items():
            if process.is_running():
                self.signal(name, signal.SIGCONT)
        for process in self.processes.values():
            process.request_stop()
        for process in self.processes.values():
            await asyncio.to_thread(process.stop)
        for front in self.fronts.values():
            await front.stop()

    def signal(self, name: str, number: int) -> None:
        """Send a signal to one process."""
        pid = self.processes[name].pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self, name: str) -> None:
        """SIGKILL, in the middle of whatever it does; it is started again at once."""
        self.processes[name].kill()
        self.processes[name].spawn()

    def rest(self, name: str) -> None:
        """SIGKILL, and not started again until `wake`."""
        self._resting.add(name)
        self.processes[name].kill()

    def wake(self, name: str) -> None:
        """Start one that rests."""
        self.processes[name].spawn()
        self._resting.discard(name)

    async def roll(self, name: str) -> None:
        """SIGTERM, wait for the end, start again: as a deployment does."""
        self._resting.add(name)
        process = self.processes[name]
        process.request_stop()
        deadline = time.monotonic() + 30
        while process.is_running():
            assert time.monotonic() < deadline, f"{name} does not stop when told to"
            await asyncio.sleep(0.05)
        code = process.exit_code()
        if code not in (0, -signal.SIGTERM):
            self.deaths.append(f"{name} {describe_exit(code or 0)} when told to stop")
        self.wake(name)
        if name in self.fronts:
            await self._until_alive(name, self.fronts[name].target)

    async def _until_alive(self, name: str, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=2) as http:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await http.get("/healthz")).status_code == 200:
                        return
                process = self.processes[name]
                assert time.monotonic() < deadline, f"{name} does not start:\n{tail(process.log)}"
                await asyncio.sleep(0.1)

    async def _keep_running(self) -> None:
        """Start again what ends by itself, and remember it: nothing should."""
        while True:
            for name, process in self.processes.items():
                code = process.exit_code()
                if code is not None and name not in self._resting:
                    self.deaths.append(f"{name} {describe_exit(code)} by itself")
                    process.spawn()
            await asyncio.sleep(0.2)
