"""Webhooks' secrets as they are stored: sealed, by the present key, and for their own row only."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from learning_service.context import Context, open_context
from learning_service.core.settings import Settings
from learning_service.domain.certificates.actions.keys import reseal_keys
from learning_service.domain.kernel.base import Base
from learning_service.domain.kernel.sealing import Seal, Unsealable
from learning_service.worker.jobs.webhooks import seal_secrets
from tests.kit.receiver import Receiver
from tests.kit.webhooks import complete, deliver, make_due, subscribe
from tests.kit.world import Caller, World

ONE, TWO = b"1" * 32, b"2" * 32
TYPES = ["learning.course.completed"]


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(max_size=20))
def test_what_is_sealed_opens_in_its_place_and_shows_nothing(secret: str, place: str) -> None:
    seal = Seal([ONE])
    stored = seal.seal(secret, place)
    assert seal.open(stored, place) == secret
    assert seal.seal(secret, place) != stored
    assert len(secret) < 8 or secret not in stored, "shorter ones may stand in its own words"
    assert Seal([TWO, ONE]).open(stored, place) == secret


@pytest.mark.parametrize(
    ("change", "keys", "place"),
    [
        (lambda s: s, [ONE], "webhook/b"),
        (lambda s: s, [TWO], "webhook/a"),
        (lambda s: s[:-6] + "AAAAAA", [ONE], "webhook/a"),
        (lambda s: s[:30], [ONE], "webhook/a"),
        (lambda s: s[:20] + "é", [ONE], "webhook/a"),
        (lambda s: "sealed:", [ONE], "webhook/a"),
    ],
)
def test_what_was_changed_or_moved_does_not_open(change: object, keys: list[bytes], place: str) -> None:
    stored = Seal([ONE]).seal("whsec_c2VjcmV0", "webhook/a")
    with pytest.raises(Unsealable) as error:
        Seal(keys).open(change(stored), place)  # type: ignore[operator]
    assert "whsec" not in str(error.value)
    assert "whsec" not in repr(Seal([ONE]))


def test_production_without_a_key_seals_nothing_by_a_known_one() -> None:
    """A command of an operator whose shell lacks the keys: it must not seal what was plain by the development key."""
    production = Settings(database_url="postgresql+asyncpg://a:b@db/c")
    assert production.keys_for("stored secrets") == ()
    with pytest.raises(Unsealable, match="SECRET_KEYS"):
        Seal(()).seal("whsec_c2VjcmV0", "webhook/a")
    assert Seal(()).open("whsec_c2VjcmV0", "webhook/a") == "whsec_c2VjcmV0"


@pytest.fixture
def manager(world: World) -> Caller:
    return world.call_as("platform", scopes=["webhooks:manage", "events:read"])


async def stored(world: World) -> list[str]:
    """Every secret of the organization as the database has it."""
    async with world.worker.transaction(None) as session:
        rows = await session.execute(
            text("SELECT secret, previous_secret FROM webhook_subscriptions WHERE organization_id = :o"),
            {"o": world.id},
        )
        return [secret for row in rows for secret in row if secret is not None]


async def test_no_secret_is_stored_plain(world: World, manager: Caller) -> None:
    async with Receiver() as receiver:
        made = await subscribe(manager, receiver, TYPES)
        rotated = await manager.ok("POST", f"/api/webhooks/{made['id']}/rotate-secret/")
        assert len(await stored(world)) == 2
        async with world.worker.transaction(None) as session:
            for table in Base.metadata.tables:
                for secret in (made["secret"], rotated["secret"]):
                    named = {"s": f"%{secret.removeprefix('whsec_')}%"}
                    found = await session.scalar(
                        text(f"SELECT count(*) FROM {table} t WHERE t::text LIKE :s"), named
                    )
                    assert found == 0, table
        await complete(world)
        await deliver(world)
        [got] = receiver.requests
        for secret in (made["secret"], rotated["secret"]):
            Webhook(secret).verify(got.body, got.headers)


async def test_secrets_of_before_are_sealed_by_the_job(world: World, manager: Caller) -> None:
    plain = "whsec_" + "c2VjcmV0" * 5
    async with Receiver() as receiver:
        await subscribe(manager, receiver, TYPES)
        async with world.worker.transaction(None) as session:
            await session.execute(
                text(
                    "UPDATE webhook_subscriptions SET secret = :s, previous_secret = :s, previous_secret_until ="
                    " now() + interval '1 day' WHERE organization_id = :o"
                ),
                {"o": world.id, "s": plain},
            )
        await complete(world)
        await deliver(world)
        for _ in range(2):
            await seal_secrets(world.worker, None)
            assert [one.startswith(world.worker.seal.prefix) for one in await stored(world)] == [True, True]
        await complete(world, "bob")
        await deliver(world)
        for got in receiver.requests:
            Webhook(plain).verify(got.body, got.headers)
        assert len(receiver.requests) == 2


@pytest.fixture
async def rotated(world: World, settings: Settings) -> AsyncIterator[Context]:
    """A worker with a new key before the one that the API seals by."""
    keys = [SecretStr("n" * 32), SecretStr("development")]
    async with open_context(settings.model_copy(update={"secret_keys": keys}), "learning_worker") as context:
        yield context
    # Other tests of this database sign by keys that are sealed as these secrets are.
    async with (
        open_context(settings.model_copy(update={"secret_keys": keys[::-1]}), "learning_worker") as back,
        back.transaction(None) as session,
    ):
        await reseal_keys(session, back.seal)


async def test_keys_change_one_after_the_other(
    world: World, manager: Caller, rotated: Context, settings: Settings
) -> None:
    async with Receiver() as receiver:
        made = await subscribe(manager, receiver, TYPES)
        newer = replace(world, worker=rotated)
        await complete(world)
        await deliver(newer)
        await seal_secrets(rotated, None)
        [secret] = await stored(world)
        assert secret.startswith(rotated.seal.prefix)
        alone = settings.model_copy(update={"secret_keys": [SecretStr("n" * 32)]})
        async with open_context(alone, "learning_worker") as context:
            await complete(world, "bob")
            await deliver(replace(world, worker=context))
        for got in receiver.requests:
            Webhook(made["secret"]).verify(got.body, got.headers)
        assert len(receiver.requests) == 2
        # A worker without the key sends nothing, loses nothing, and says why.
        await complete(world, "cyd")
        await deliver(world)
        assert len(receiver.requests) == 2
        async with world.worker.transaction(None) as session:
            error = await session.scalar(
                text("SELECT error FROM outbox WHERE organization_id = :o AND error IS NOT NULL"),
                {"o": world.id},
            )
        assert f"no key {rotated.seal.key_id} is given" in str(error)
        await seal_secrets_fails(world)
        await make_due(world)
        await deliver(newer)
        assert len(receiver.requests) == 3
        await manager("DELETE", f"/api/webhooks/{made['id']}/")


async def seal_secrets_fails(world: World) -> None:
    before = await stored(world)
    with pytest.raises(Unsealable):
        await seal_secrets(world.worker, None)
    assert await stored(world) == before


async def test_a_secret_of_another_row_signs_nothing(world: World, manager: Caller) -> None:
    """Whoever can write a row but has no key cannot make a receiver's secret their own."""
    async with Receiver() as mine, Receiver() as others:
        first = await subscribe(manager, mine, TYPES)
        await subscribe(manager, others, ["learning.course.failed"])
        async with world.worker.transaction(None) as session:
            await session.execute(
                text(
                    "UPDATE webhook_subscriptions SET secret = (SELECT secret FROM webhook_subscriptions WHERE"
                    " organization_id = :o AND id <> :id) WHERE id = :id"
                ),
                {"o": world.id, "id": uuid.UUID(first["id"])},
            )
        await complete(world)
        await deliver(world)
        assert mine.requests == []


async def test_two_rotations_at_once_leave_both_secrets_signing(world: World, manager: Caller) -> None:
    async with Receiver() as receiver:
        made = await subscribe(manager, receiver, TYPES)
        path = f"/api/webhooks/{made['id']}/rotate-secret/"
        answers = await asyncio.gather(*(manager.ok("POST", path) for _ in range(2)))
        await complete(world)
        await deliver(world)
        [got] = receiver.requests
        for answer in answers:
            Webhook(answer["secret"]).verify(got.body, got.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(made["secret"]).verify(got.body, got.headers)
        headers = {"Idempotency-Key": "rotate once"}
        first = await manager("POST", path, headers=headers)
        again = await manager("POST", path, headers=headers)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert ("secret" in first.json(), "secret" in again.json()) == (True, False)
