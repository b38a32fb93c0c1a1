"""A webhook that is disabled is told to those who run the organization: by mail, once for each disabling."""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import text

from tests.kit.receiver import Receiver, answer
from tests.kit.webhooks import age, complete, deliver, make_due
from tests.kit.world import Caller, Json, World
from tests.reminders.conftest import post as post
from tests.reminders.post import Post, hurry

GONE = answer("410 Gone")
NATIONAL = [{"role": "national_admin"}]


@pytest.fixture
async def manager(post: Post) -> Caller:
    """A service that may manage webhooks; it is no member."""
    return post.world.call_as("platform", scopes=["webhooks:manage"])


@pytest.fixture
async def gone() -> AsyncIterator[Receiver]:
    """A receiver that wants no more."""
    async with Receiver(answers=[GONE]) as receiver:
        yield receiver


async def _appoint(post: Post, user: str, **facts: Any) -> None:
    facts = {"email": f"{user}@{post.inbox.domain}", "offices": NATIONAL, **facts}
    await post.world.add_member(user, **facts)


async def _subscribe(who: Caller, receiver: Receiver) -> Json:
    body = {"url": f"{receiver.url}?key=sesame", "event_types": ["learning.course.completed"]}
    made: Json = await who.ok("POST", "/api/webhooks/", body)
    return made


async def _disable(world: World, user: str = "cyd") -> None:
    await complete(world, user)
    await deliver(world)
    await world.run_jobs()


def _readers(post: Post) -> list[str]:
    return sorted(
        mail["To"].addresses[0].username for mail in post.inbox.messages if "ebhook" in mail["Subject"]
    )


def _said(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    said: str = body.get_content()
    return said


async def test_each_national_administrator_is_told_once(post: Post, manager: Caller, gone: Receiver) -> None:
    await _appoint(post, "ana")
    await _appoint(post, "bob", locale="es-MX", timezone="America/Mexico_City")
    await _appoint(post, "dan", offices=[{"role": "regional_admin", "scope_id": "north"}])
    made = await _subscribe(manager, gone)
    await _disable(post.world)
    assert _readers(post) == ["ana", "bob"]
    mails = {m["To"].addresses[0].username: m for m in post.inbox.messages if "ebhook" in m["Subject"]}
    assert mails["ana"]["Subject"] == "Webhook disabled: 127.0.0.1"
    assert mails["bob"]["Subject"] == "Webhook desactivado: 127.0.0.1"
    for kind in ("plain", "html"):
        said = _said(mails["ana"], kind)
        assert made["id"] in said
        assert "410 Gone" in said
        assert "(New York time)" in said
        assert not [secret for secret in ("sesame", "/hook", made["secret"]) if secret in said]
        assert "Ciudad de México" in _said(mails["bob"], kind)
    assert mails["ana"]["Auto-Submitted"] == "auto-generated"
    assert mails["ana"]["List-Unsubscribe"] is None
    await deliver(post.world)
    await post.world.run_jobs()
    assert _readers(post) == ["ana", "bob"]


async def test_a_receiver_that_failed_for_days_says_so(post: Post, manager: Caller) -> None:
    await _appoint(post, "ana", locale="fr")
    async with Receiver(answers=[answer("500 No")]) as receiver:
        await _subscribe(manager, receiver)
        await _disable(post.world)
        assert _readers(post) == []
        await age(post.world, days=5.1)
        await make_due(post.world)
        await deliver(post.world)
        await post.world.run_jobs()
    [mail] = [one for one in post.inbox.messages if "ebhook" in one["Subject"]]
    assert mail["Subject"] == "Webhook désactivé : 127.0.0.1"
    assert "depuis 5 jours" in _said(mail, "plain")


async def test_each_disabling_is_told(post: Post, manager: Caller, gone: Receiver) -> None:
    await _appoint(post, "ana")
    made = await _subscribe(manager, gone)
    await _disable(post.world)
    await manager.ok("POST", f"/api/webhooks/{made['id']}/enable/")
    await _disable(post.world, "dan")
    assert _readers(post) == ["ana", "ana"]


async def test_where_nobody_has_the_office_the_member_who_made_it_is_told(post: Post, gone: Receiver) -> None:
    await _subscribe(post.world.call_as("ana", "national_admin"), gone)
    await _disable(post.world)
    assert _readers(post) == ["ana"]


async def test_where_nobody_can_be_told_nothing_fails(post: Post, manager: Caller, gone: Receiver) -> None:
    await _subscribe(manager, gone)
    await _disable(post.world)
    assert _readers(post) == []
    async with post.world.worker.transaction(post.world.id) as session:
        dead = await session.scalar(
            text("SELECT count(*) FROM outbox WHERE organization_id = :o AND status <> 'done'"),
            {"o": post.world.id},
        )
    assert dead == 0


async def test_it_waits_while_the_server_takes_nothing(post: Post, manager: Caller, gone: Receiver) -> None:
    await _appoint(post, "ana")
    await _subscribe(manager, gone)
    post.inbox.refuse = {"*": "451 later"}
    await _disable(post.world)
    assert _readers(post) == []
    post.inbox.refuse = {}
    await hurry(post.world.worker)
    await post.world.run_jobs()
    assert _readers(post) == ["ana"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [("enable", "enabled"), ("delete", "enabled"), ("office", "no-office"), ("address", "no-address")],
)
async def test_what_is_no_longer_so_is_not_sent(
    post: Post, manager: Caller, gone: Receiver, change: str, reason: str
) -> None:
    await _appoint(post, "ana")
    made = await _subscribe(manager, gone)
    post.inbox.refuse = {"*": "451 later"}
    await _disable(post.world)
    post.inbox.refuse = {}
    path = f"/api/webhooks/{made['id']}/"
    if change == "enable":
        await manager.ok("POST", f"{path}enable/")
    elif change == "delete":
        assert (await manager("DELETE", path)).status_code == 204
    else:
        facts: Json = {"offices": []} if change == "office" else {"email": None}
        await _appoint(post, "ana", **facts)
    await hurry(post.world.worker)
    await post.world.run_jobs()
    assert _readers(post) == []
    async with post.world.worker.transaction(post.world.id) as session:
        row = await session.execute(
            text("SELECT status, reason FROM webhook_notices WHERE organization_id = :o"),
            {"o": post.world.id},
        )
        assert [tuple(one) for one in row] == [("skipped", reason)]


async def test_a_name_that_is_a_header_stays_a_name(post: Post, manager: Caller, gone: Receiver) -> None:
    await _appoint(post, "ana", display_name="=?utf-8?q?A=0D=0ABcc:_v=40e.example?= {organization} <b>")
    await _subscribe(manager, gone)
    await _disable(post.world)
    [mail] = [one for one in post.inbox.messages if "ebhook" in one["Subject"]]
    assert mail["Bcc"] is None
    assert "{organization} &lt;b&gt;" in _said(mail, "html")
