"""Subscriptions and deliveries, with real receivers."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import cycle
from typing import Any

import anyio
import pytest
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from learning_service.worker.jobs.webhooks import number_all_events
from tests.kit.receiver import Receiver, answer
from tests.kit.running import Runner
from tests.kit.waiting import until
from tests.kit.webhooks import ALL_TYPES, age, complete, deliver, make_due, subscribe
from tests.kit.world import Caller, Json, World


async def test_a_delivery_is_a_signed_cloud_event(world: World, manager: Caller) -> None:
    async with Receiver() as receiver:
        made = await subscribe(manager, receiver)
        assert made["secret"].startswith("whsec_")
        await complete(world)
        await deliver(world)
        assert sorted(r.event["type"] for r in receiver.requests) == sorted(ALL_TYPES)
        for got in receiver.requests:
            assert got.headers["content-type"] == "application/cloudevents+json"
            assert got.headers["webhook-id"] == got.event["id"]
            Webhook(made["secret"]).verify(got.body, got.headers)
            with pytest.raises(WebhookVerificationError):
                Webhook(made["secret"]).verify(got.body + b" ", got.headers)
            assert b"Ana" not in got.body
            assert b"@" not in got.body
        listed = await manager.ok("GET", f"/api/webhooks/{made['id']}/deliveries/")
        assert {d["status"] for d in listed["items"]} == {"delivered"}
        assert "secret" not in json.dumps(await manager.ok("GET", "/api/webhooks/"))


async def test_the_jobs_of_webhooks_are_listed_in_the_order_of_their_making(
    world: World, manager: Caller
) -> None:
    """By id, as all jobs are."""
    async with Receiver() as receiver:
        for _ in range(6):
            await subscribe(manager, receiver)
            await complete(world)
            await number_all_events(world.worker)
        async with world.worker.transaction(world.id) as session:
            listed = await session.execute(text("SELECT id, created_at FROM outbox ORDER BY id"))
        rows = listed.all()
    assert {row.id.version for row in rows} == {7}
    assert [row.created_at for row in rows] == sorted(row.created_at for row in rows)


async def test_a_failing_receiver_gets_everything_once_it_is_back(world: World, manager: Caller) -> None:
    async with Receiver(answers=[answer("500 No"), answer("503 No"), answer("200 OK")]) as receiver:
        made = await subscribe(manager, receiver, ["learning.course.completed"])
        await complete(world)
        await deliver(world)
        [waiting] = (await manager.ok("GET", f"/api/webhooks/{made['id']}/deliveries/"))["items"]
        assert (waiting["status"], waiting["attempts"], waiting["response_status"]) == ("pending", 1, 500)
        for _ in range(2):
            await make_due(world)
            await deliver(world)
        [done] = (await manager.ok("GET", f"/api/webhooks/{made['id']}/deliveries/"))["items"]
        assert (done["status"], done["attempts"], done["response_status"]) == ("delivered", 3, 200)
        assert len({r.headers["webhook-id"] for r in receiver.requests}) == 1


async def test_410_disables(world: World, manager: Caller) -> None:
    async with Receiver(answers=[answer("410 Gone")]) as gone:
        left = await subscribe(manager, gone)
        await complete(world)
        await deliver(world)
        [item] = (await manager.ok("GET", "/api/webhooks/"))["items"]
        assert item["disabled_at"] is not None
        states = await manager.ok("GET", f"/api/webhooks/{left['id']}/deliveries/")
        assert {d["status"] for d in states["items"]} == {"failed"}
        before = len(gone.requests)
        await complete(world, "bob")
        await deliver(world)
        assert len(gone.requests) == before


ELSEWHERE = (
    "{inner}",
    "{itself}",
    "/hook",
    "//{inner_host}/hook",
    "http://[::1]:1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/",
    "file:///etc/passwd",
    "",
)


async def test_redirects_are_not_followed(
    world: World, manager: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the status and wherever it leads: a try is one connection, to the receiver, and has failed."""
    called: list[tuple[str, int]] = []
    connect = anyio.connect_tcp

    async def noted(remote_host: str, remote_port: int, **options: Any) -> Any:
        called.append((remote_host, remote_port))
        return await connect(remote_host, remote_port, **options)

    monkeypatch.setattr(anyio, "connect_tcp", noted)
    async with Receiver() as inner, Receiver() as turning:
        inner_host = inner.url.split("/")[2]
        places = [one.format(inner=inner.url, itself=turning.url, inner_host=inner_host) for one in ELSEWHERE]
        statuses = [
            "301 Moved",
            "302 Go",
            "303 See",
            "307 Go",
            "308 Moved",
            "300 Choose",
            "304 Not",
            "399 Odd",
        ]
        turning.answers = [
            answer(status, f"Location: {place}")
            for status, place in zip(cycle(statuses), places, strict=False)
        ]
        tries = len(turning.answers)
        made = await subscribe(manager, turning, ["learning.course.completed"])
        await complete(world)
        for n in range(tries):
            await deliver(world)
            [delivery] = (await manager.ok("GET", f"/api/webhooks/{made['id']}/deliveries/"))["items"]
            assert (delivery["status"], len(turning.requests)) == ("pending", n + 1), turning.answers
            await make_due(world)
        assert inner.requests == []
        assert called == [("127.0.0.1", int(turning.url.split(":")[2].split("/")[0]))] * tries
        [item] = (await manager.ok("GET", "/api/webhooks/"))["items"]
        assert (item["url"], item["disabled_at"]) == (turning.url, None)


async def test_nothing_is_replayed_to_a_receiver_that_is_gone(world: World, manager: Caller) -> None:
    async with Receiver(answers=[answer("410 Gone")]) as gone:
        made = await subscribe(manager, gone, ["learning.course.completed"])
        await complete(world)
        await deliver(world)
        deliveries = f"/api/webhooks/{made['id']}/deliveries/"
        before = await manager.ok("GET", deliveries)
        [failed] = before["items"]
        assert failed["status"] == "failed"
        refused = await manager("POST", f"{deliveries}{failed['id']}/replay/")
        assert (refused.status_code, refused.json()["code"]) == (409, "webhook-disabled")
        assert "Enable it first" in refused.json()["detail"]
        assert await manager.ok("GET", deliveries) == before
        await deliver(world)
        assert len(gone.requests) == 1


async def test_429_is_honoured(world: World, manager: Caller) -> None:
    async with Receiver(answers=[answer("429 Slow", "Retry-After: 3000")]) as receiver:
        made = await subscribe(manager, receiver, ["learning.course.completed"])
        await complete(world)
        await deliver(world)
        [waiting] = (await manager.ok("GET", f"/api/webhooks/{made['id']}/deliveries/"))["items"]
        next_at = datetime.fromisoformat(waiting["next_attempt_at"])
        assert next_at > datetime.now(UTC) + timedelta(seconds=2900)


def asked_for(form: str, length: timedelta) -> str:
    """A Retry-After of this length, by seconds or by a date."""
    if form == "seconds":
        return str(int(length.total_seconds()))
    return format_datetime(datetime.now(UTC) + length, usegmt=True)


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("status", ["429 Slow", "503 Closed"])
async def test_what_a_receiver_asks_for_is_kept(
    world: World, manager: Caller, status: str, form: str
) -> None:
    """Longer than the service itself would wait, and at most a day."""
    for asked, least, most in ((2, 1.9, 2.1), (400, 23.9, 26.5)):
        until = asked_for(form, timedelta(hours=asked))
        async with Receiver(answers=[answer(status, f"Retry-After: {until}")]) as receiver:
            made = await subscribe(manager, receiver, ["learning.course.completed"])
            await complete(world)
            await deliver(world)
            [waiting] = (await manager.ok("GET", f"/api/webhooks/{made['id']}/deliveries/"))["items"]
            wait = datetime.fromisoformat(waiting["next_attempt_at"]) - datetime.now(UTC)
            assert timedelta(hours=least) < wait < timedelta(hours=most)
            await manager("DELETE", f"/api/webhooks/{made['id']}/")


async def test_a_receiver_that_fails_for_days_is_disabled_and_can_be_enabled(
    world: World, manager: Caller
) -> None:
    async with Receiver(answers=[answer("500 No")]) as receiver:
        made = await subscribe(manager, receiver, ["learning.course.completed"])

        async def seen() -> Json:
            [item] = (await manager.ok("GET", "/api/webhooks/"))["items"]
            return item  # type: ignore[no-any-return]

        assert ((await seen())["reason"], (await seen())["failing_since"]) == (None, None)
        await complete(world)
        await deliver(world)
        assert ((await seen())["disabled_at"], (await seen())["failing_since"] is None) == (None, False)
        for length in (4.9, 0.2):
            await age(world, days=length)
            await make_due(world)
            await deliver(world)
        disabled = await seen()
        assert (disabled["reason"], disabled["disabled_at"] is None) == ("failing", False)
        assert len(receiver.requests) == 3
        await complete(world, "bob")
        await make_due(world)
        await deliver(world)
        assert len(receiver.requests) == 3
        receiver.answers = [answer("204 Yes")]
        for _ in range(2):
            enabled = await manager.ok("POST", f"/api/webhooks/{made['id']}/enable/")
            assert [enabled[k] for k in ("disabled_at", "reason", "failing_since")] == [None] * 3
        await complete(world, "cyd")
        await deliver(world)
        assert [r.event["subject"] for r in receiver.requests] == ["ana"] * 3 + ["cyd"]
    async with world.worker.transaction(world.id) as session:
        told = await session.execute(
            text(
                "SELECT action, actor, details->>'reason' FROM audit_entries WHERE organization_id = :o"
                " AND action IN ('webhook.disabled', 'webhook.enabled') ORDER BY id"
            ),
            {"o": world.id},
        )
        assert [tuple(row) for row in told] == [
            ("webhook.disabled", "system", "failing"),
            ("webhook.enabled", "platform", None),
        ]


async def test_one_success_ends_a_time_of_failing(world: World, manager: Caller) -> None:
    async with Receiver(answers=[answer("500 No"), answer("204 Yes"), answer("500 No")]) as receiver:
        await subscribe(manager, receiver, ["learning.course.completed"])
        await complete(world)
        await deliver(world)
        await age(world, days=4.9)
        await make_due(world)
        await deliver(world)
        await complete(world, "bob")
        await age(world, days=1)
        await deliver(world)
        [item] = (await manager.ok("GET", "/api/webhooks/"))["items"]
        assert item["disabled_at"] is None
        assert datetime.now(UTC) - datetime.fromisoformat(item["failing_since"]) < timedelta(minutes=5)


async def test_one_that_is_gone_can_be_enabled_and_sent_again(world: World, manager: Caller) -> None:
    async with Receiver(answers=[answer("410 Gone"), answer("204 Back")]) as receiver:
        made = await subscribe(manager, receiver, ["learning.course.completed"])
        await complete(world)
        await deliver(world)
        assert (await manager.ok("GET", "/api/webhooks/"))["items"][0]["reason"] == "gone"
        await manager.ok("POST", f"/api/webhooks/{made['id']}/enable/")
        path = f"/api/webhooks/{made['id']}/deliveries/"
        [missed] = (await manager.ok("GET", path))["items"]
        await manager.ok("POST", f"{path}{missed['id']}/replay/")
        await deliver(world)
        assert len(receiver.requests) == 2


async def test_rotation_overlaps_and_replay_sends_again(world: World, manager: Caller) -> None:
    async with Receiver() as receiver:
        made = await subscribe(manager, receiver, ["learning.course.completed"])
        rotated = await manager.ok("POST", f"/api/webhooks/{made['id']}/rotate-secret/")
        assert rotated["secret"] != made["secret"]
        await complete(world)
        await deliver(world)
        [got] = receiver.requests
        for secret in (made["secret"], rotated["secret"]):
            Webhook(secret).verify(got.body, got.headers)
        [done] = (await manager.ok("GET", f"/api/webhooks/{made['id']}/deliveries/?status=delivered"))[
            "items"
        ]
        again = await manager("POST", f"/api/webhooks/{made['id']}/deliveries/{done['id']}/replay/")
        assert (again.status_code, again.json()["status"]) == (202, "pending")
        await deliver(world)
        assert [r.event["id"] for r in receiver.requests] == [got.event["id"]] * 2


async def test_a_dead_receiver_delays_nobody_else(world: World, manager: Caller) -> None:
    async with Receiver(answers=[b"hang"]) as dead, Receiver() as alive:
        await subscribe(manager, dead, ["learning.course.completed"])
        await subscribe(manager, alive, ["learning.course.completed"])
        await complete(world)
        await number_all_events(world.worker)
        runner = Runner(world.worker, "webhooks")
        await runner.drain()

        async def got_it() -> object:
            return alive.requests

        await until(got_it)
        assert len(alive.requests) == 1
        await runner.cancel()


async def test_who_may(world: World, other_world: World, manager: Caller) -> None:
    async with Receiver() as receiver:
        made = await subscribe(manager, receiver)
        assert (await world.member("ana")("GET", "/api/webhooks/")).status_code == 403
        assert (await world.admin("GET", "/api/webhooks/")).status_code == 200
        stranger = other_world.call_as("platform", scopes=["webhooks:manage"])
        for method, path in (
            ("DELETE", f"/api/webhooks/{made['id']}/"),
            ("GET", f"/api/webhooks/{made['id']}/deliveries/"),
            ("POST", f"/api/webhooks/{made['id']}/rotate-secret/"),
        ):
            assert (await stranger(method, path)).status_code == 404
        assert (await manager("DELETE", f"/api/webhooks/{made['id']}/")).status_code == 204
        assert (await manager("DELETE", f"/api/webhooks/{made['id']}/")).status_code == 404


BAD_SUBSCRIPTIONS: list[tuple[Any, str]] = [
    ({"url": "https://10.0.0.1/", "event_types": ALL_TYPES}, "/url"),
    ({"url": "http://example.org/", "event_types": ALL_TYPES}, "/url"),
    ({"url": "https://example.org/", "event_types": []}, "/event_types"),
    ({"url": "https://example.org/", "event_types": ["learning.nothing"]}, "/event_types/0"),
    ({"url": "https://example.org/", "event_types": ALL_TYPES, "secret": "x"}, "/secret"),
]


async def test_bad_subscriptions_are_refused(world: World, manager: Caller) -> None:
    for body, pointer in BAD_SUBSCRIPTIONS:
        refused = await manager("POST", "/api/webhooks/", body)
        assert refused.status_code == 422, body
        assert refused.json()["errors"][0]["pointer"] == pointer, body
