"""One run: an organization under load, a fault in the middle of it, then everything is counted."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx
from tests.faults.client import cancel, new_http
from tests.faults.invariants import Database, Findings, Inspector, unfinished
from tests.faults.learners import Crowd, gather_crowd
from tests.faults.rig import Rig
from tests.faults.service import Service
from tests.kit.world import Signer

from learning_service.adapters.storage import ObjectStore

PDF_SECONDS = 90
"""How long whatever follows from an acknowledged pass may take after the fault."""
DUE = (
    "INSERT INTO outbox (id, organization_id, queue, job, arguments, as_of, status, attempt, run_at, created_at)"
    " SELECT gen_random_uuid(), '', 'jobs', 'send_course_reminders', '{}', clock_timestamp(), 'queued', 0,"
    " clock_timestamp(), clock_timestamp() FROM generate_series(1, $1::int)"
)
HURRY = (
    "UPDATE outbox SET run_at = clock_timestamp() WHERE organization_id = $1 AND status = 'queued'"
    " AND run_at > clock_timestamp() AND job IN ('send_mails', 'deliver_webhooks')",
    "UPDATE webhook_subscriptions SET paused_until = NULL WHERE organization_id = $1",
    "UPDATE webhook_deliveries SET next_attempt_at = clock_timestamp() WHERE organization_id = $1"
    " AND status = 'pending' AND next_attempt_at > clock_timestamp()",
)


@dataclass
class Scene:
    """What a fault may lay hands on."""

    rig: Rig
    service: Service
    database: Database
    """Past the proxy."""
    crowd: Crowd
    seconds: float
    """How long the fault lasts."""


Fault = Callable[[Scene], Awaitable[None]]


@dataclass
class Outcome:
    """What became of a run."""

    acknowledged: int
    findings: Findings
    serves_after: float
    """Seconds from the end of the fault until every API has answered a write."""
    settled_after: float
    """Seconds from the end of the fault until all that was acknowledged was done, PDFs included."""
    unanswered: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass
class Laboratory:
    """A running service on one database of the rig, for one run after the other."""

    rig: Rig
    service: Service
    database: Database
    store: ObjectStore
    signer: Signer

    async def run(
        self,
        fault: Fault,
        *,
        seconds: float,
        seats: int = 8,
        patience: float = PDF_SECONDS,
        hurry: bool = False,
        reminded: int = 8,
        think: float = 0,
    ) -> Outcome:
        """Put the service under load, do the fault to it, let the load end, and inspect.

        `think`: seconds that a learner takes before each call, at most. `hurry`: waits of minutes after a
        receiver's or a mail server's failure are cut short. `patience`: how many seconds all has to be done in
        after the fault.
        """
        hooks = {"good": self.rig.hook_url, "dead": self.rig.dead_url}
        async with new_http() as http:
            crowd = await gather_crowd(http, self.service.urls, self.signer, hooks)
            scene = Scene(self.rig, self.service, self.database, crowd, seconds)
            deaths = len(self.service.deaths)
            crowd.client.think = think
            load = asyncio.create_task(crowd.learn(seats=seats))
            try:
                await crowd.assign_soon_reminded(reminded)
                await asyncio.sleep(0.5)
                await fault(scene)
                ended_at = time.monotonic()
                serves_after = await self._until_served(http, crowd)
                crowd.stopping.set()
                await load
            finally:
                await cancel(load)
            await self.database.execute(DUE, 2)
            await self.settle(crowd, ended_at + patience - time.monotonic(), hurry=hurry)
            settled_after = time.monotonic() - ended_at
            await crowd.read_feed_on()
            inspector = Inspector(self.rig, self.database, self.store, crowd)
            findings = await inspector.inspect()
        findings.wrong += self.service.deaths[deaths:]
        ledger = crowd.ledger
        return Outcome(ledger.acknowledged, findings, serves_after, settled_after, ledger.unanswered)

    async def _until_served(self, http: httpx.AsyncClient, crowd: Crowd) -> float:
        """Seconds until each API has written something."""
        began = time.monotonic()
        token = crowd.world.admin.token
        for url in self.service.urls:
            while True:
                headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid.uuid4().hex}
                path = f"{url}/api/courses/{crowd.plain['id']}/assign/"
                try:
                    answer = await http.post(path, json={"user_ids": ["nobody"]}, headers=headers)
                    if answer.is_success:
                        break
                except httpx.HTTPError:
                    pass
                assert time.monotonic() - began < PDF_SECONDS, f"{url} does not serve again"
                await asyncio.sleep(0.05)
        return time.monotonic() - began

    async def settle(self, crowd: Crowd, seconds: float = PDF_SECONDS, *, hurry: bool = False) -> None:
        """Wait until nothing is left to do, at most so many seconds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            reminders = await self.database.fetchval(
                "SELECT count(*) FROM outbox WHERE job = 'send_course_reminders' AND status IN ('queued', 'leased')"
            )
            if not reminders and not await unfinished(self.database, crowd):
                return
            if hurry:
                for statement in HURRY:
                    await self.database.execute(statement, crowd.world.id)
            await asyncio.sleep(0.2)
