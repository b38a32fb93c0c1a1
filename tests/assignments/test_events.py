"""Membership events in any order, doubled and replayed: whoever ends in a matching state is enrolled."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from tests.kit.assignments import enrolled, rule
from tests.kit.drawn import rounds
from tests.kit.world import Json, World

STATES = ("pledge", "active", "alum")


@pytest.mark.parametrize("seed", rounds(6))
async def test_shuffled_doubled_and_replayed(world: World, seed: int) -> None:
    chance = random.Random(seed)
    course = await world.course()
    await rule(
        world,
        course,
        trigger="membership_status_change",
        audience_filter={"status": ["pledge"]},
        due_in_days=3,
    )
    users = [f"u{n}" for n in range(8)]
    late = set(users[:3])
    for user in users[3:]:
        await world.add_member(user, status="applicant")
    start = datetime.now(UTC) - timedelta(days=1)
    events: list[Json] = [
        {
            "specversion": "1.0",
            "type": "membership.status_changed",
            "id": f"{user}-{n}",
            "source": "/membership",
            "time": (start + timedelta(minutes=n)).isoformat(),
            "subject": user,
            "data": {"status": chance.choice(STATES)},
        }
        for user in users
        for n in range(chance.randrange(1, 5))
    ]
    last = {event["subject"]: event["data"]["status"] for event in events}
    ever = {event["subject"] for event in events if event["data"]["status"] == "pledge"}
    told = events + chance.sample(events, len(events) // 2)
    chance.shuffle(told)
    while told:
        size = chance.randrange(1, 9)
        await world.directory.ok("POST", "/api/directory/events/", told[:size])
        told = told[size:]
        if chance.random() < 0.5:
            await world.run_jobs()
    for user in sorted(late):
        await world.add_member(user, status="applicant")
    await world.run_jobs()
    found = set(await enrolled(world, course))
    assert {user for user, status in last.items() if status == "pledge"} <= found <= ever
    await world.directory.ok("POST", "/api/directory/events/", events)
    await world.run_jobs()
    assert set(await enrolled(world, course)) == found
