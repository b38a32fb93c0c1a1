"""The rig: parts of its own behind proxies, databases, receivers of mails and webhooks, and services on them."""

import asyncio
import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

import asyncpg
from tests.faults.receivers import Inbox, smtp_server
from tests.faults.service import NAMES, PRODUCT, Service, settings_of
from tests.kit.migrating import migrate
from tests.kit.proxy import Proxy
from tests.kit.receiver import Receiver
from tests.kit.stack import TEMPLATE, create_database, create_database_from_template, database_url
from tests.kit.world import Signer

from learning_devstack.parts import Parts, start_parts

PARTS = ("postgres", "redis", "s3")
REDIS_DATABASES = 16
"""As many as Redis has unless it is told otherwise."""


@dataclass
class Rig:
    """Everything outside the service's own processes. `proxies`: postgres, redis, s3, smtp, hook."""

    parts: Parts
    signer: Signer
    proxies: dict[str, Proxy]
    inbox: Inbox
    hook: Receiver
    dead_port: int
    databases: list[str] = field(default_factory=list)
    """Those made so far."""

    @property
    def hook_url(self) -> str:
        """The good receiver, behind its proxy."""
        return f"http://127.0.0.1:{self.proxies['hook'].port}/hook"

    @property
    def dead_url(self) -> str:
        """A receiver that never answers: nobody listens."""
        return f"http://127.0.0.1:{self.dead_port}/hook"

    async def new_database(self) -> str:
        """The name of a fresh, migrated database."""
        name = f"rig_{uuid.uuid4().hex[:12]}"
        await create_database_from_template(self.parts, name)
        self.databases.append(name)
        return name

    def connect(self, database: str) -> "asyncpg.Pool[asyncpg.Record]":
        """Connections past the proxy, as the superuser: they see every row. Open and close it by `async with`."""
        address = database_url(self.parts, database).replace("+asyncpg", "")
        return asyncpg.create_pool(address, min_size=0, max_size=4)

    def environment(self, database: str, extra: Mapping[str, str]) -> dict[str, str]:
        """Settings of a service on this database, everything through the proxies.

        Each has a queue of its own: workers of another would take its jobs, find no such row, and drop them until the
        next sweep.
        """
        queue = self.databases.index(database) % REDIS_DATABASES
        addresses = {
            **self.parts.environment(),
            "DATABASE_URL": self._through("postgres", database_url(self.parts, database)),
            "REDIS_URL": f"{self._through('redis', self.parts.redis_url).removesuffix('/0')}/{queue}",
            "S3_ENDPOINT_URL": f"http://127.0.0.1:{self.proxies['s3'].port}",
            "SMTP_URL": f"smtp://127.0.0.1:{self.proxies['smtp'].port}",
            "MAIL_FROM": "Learn <learn@example.org>",
            **extra,
        }
        return settings_of(addresses, self.signer)

    def _through(self, part: str, url: str) -> str:
        port = urlsplit(url).port
        return url.replace(f":{port}/", f":{self.proxies[part].port}/")

    def service(
        self,
        database: str,
        *,
        program: Sequence[str] = PRODUCT,
        names: Sequence[str] = NAMES,
        extra: Mapping[str, str] = MappingProxyType({}),
    ) -> Service:
        """A service on this database, not started; `extra` settings for it."""
        logs = self.parts.directory / "logs" / database
        environment = self.environment(database, extra)
        return Service(environment, self.parts.guard, logs, program=program, names=names)

    def signal(self, part: str, number: int) -> None:
        """Send a signal to every process of a part."""
        pid = self.parts.own[part].process.pid
        assert pid is not None
        os.killpg(pid, number)

    def kill(self, part: str) -> None:
        """SIGKILL to every process of a part."""
        self.parts.own[part].process.kill()

    async def revive(self, part: str) -> None:
        """Start a part again with the data that it left, and wait until it serves."""
        own = self.parts.own[part]
        own.begin()
        await asyncio.to_thread(own.wait)


@asynccontextmanager
async def open_rig(signer: Signer) -> AsyncIterator[Rig]:
    """Start the parts as production runs them (a commit is on disk), with a migrated template, and stop them."""
    directory = Path(tempfile.mkdtemp(prefix="learning-rig-"))
    parts = start_parts(directory, throwaway=False)
    for path in filter(None, (directory, parts.outside)):
        parts.guard.remove(path)
    try:
        await migrate(await create_database(parts, TEMPLATE))
        async with AsyncExitStack() as stack:
            inbox, hook = Inbox(), await stack.enter_async_context(Receiver())
            targets = {name: parts.own[name].port for name in PARTS}
            targets["smtp"] = await stack.enter_async_context(smtp_server(inbox))
            targets["hook"] = urlsplit(hook.url).port or 0
            proxies = {name: Proxy(port) for name, port in targets.items()}
            for proxy in proxies.values():
                await proxy.start()
                stack.push_async_callback(proxy.stop)
            gone = Proxy(0)
            await gone.start()
            dead_port = gone.port
            await gone.stop()
            yield Rig(parts, signer, proxies, inbox, hook, dead_port)
    finally:
        _wake(parts)
        parts.stop()
        for path in filter(None, (directory, parts.outside)):
            shutil.rmtree(path, ignore_errors=True)


def _wake(parts: Parts) -> None:
    for part in parts.own.values():
        pid = part.process.pid
        if pid is not None and part.process.is_running():
            os.killpg(pid, signal.SIGCONT)
