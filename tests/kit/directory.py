"""Membership events, and how many came to what."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.kit.world import Json, World

PATH = "/api/directory/events/"
START = datetime(2026, 1, 1, tzinfo=UTC)


def event(n: int, *, user: str = "ana", hours: float | None = None, **data: Any) -> Json:
    """The nth event, by default at hour n."""
    moment = START + timedelta(hours=n if hours is None else hours)
    return {
        "specversion": "1.0",
        "type": "membership.status_changed",
        "id": f"event-{n}",
        "source": "/membership",
        "time": moment.isoformat().replace("+00:00", "Z"),
        "subject": user,
        "data": {"status": "active", **data},
    }


async def send(world: World, events: Any, content_type: str = "application/json") -> httpx.Response:
    return await world.directory("POST", PATH, events, headers={"Content-Type": content_type})


async def counts(world: World, events: Any) -> tuple[int, int, int, int]:
    answer = await send(world, events)
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert set(body) == {"accepted", "duplicates", "stale", "parked"}
    return body["accepted"], body["duplicates"], body["stale"], body["parked"]
