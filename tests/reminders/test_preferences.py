"""What members choose, and the mails that obey."""

import base64
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.kit.world import Json, World
from tests.reminders.post import Post, assigned, remind, soon

PATH = "/api/users/preferences/"
EVERY = {"assigned": True, "reminders": True, "results": True, "digest": True}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_what_is_not_chosen_is_the_default(world: World) -> None:
    ana = world.member()
    assert await ana.ok("GET", PATH) == {"locale": None, "mail": EVERY, "required_mails": []}
    changed = await ana.ok("PATCH", PATH, {"mail": {"digest": False}})
    assert changed == {"locale": None, "mail": EVERY | {"digest": False}, "required_mails": []}
    changed = await ana.ok("PATCH", PATH, {"locale": "fr-CA"})
    assert (changed["locale"], changed["mail"]["digest"]) == ("fr-CA", False), "what is not sent stays"
    changed = await ana.ok("PATCH", PATH, {"locale": None, "mail": {"digest": True, "assigned": False}})
    assert changed == await ana.ok("GET", PATH)
    assert (changed["locale"], changed["mail"]) == (None, EVERY | {"assigned": False})
    assert (await world.member("bob").ok("GET", PATH))["mail"] == EVERY, "nobody else's"
    await world.admin.ok("PATCH", "/api/organization/", {"required_mails": ["results", "assigned"]})
    assert (await ana.ok("GET", PATH))["required_mails"] == ["results", "assigned"]


NO_PREFERENCES: list[tuple[Json, str]] = [
    ({"locale": "Spanish please"}, "/locale"),
    ({"mail": {"assigned": "no"}}, "/mail/assigned"),
    ({"mail": {"odd": True}}, "/mail/odd"),
    ({"mail": None}, "/mail"),
    ({"odd": 1}, "/odd"),
]


async def test_other_preferences_are_refused(world: World) -> None:
    for body, pointer in NO_PREFERENCES:
        answer = await world.member()("PATCH", PATH, body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), body


@pytest.mark.parametrize("kinds", [["odd"], ["digest", "digest"], "digest"])
async def test_other_kinds_cannot_be_required(world: World, kinds: Any) -> None:
    assert (await world.admin("PATCH", "/api/organization/", {"required_mails": kinds})).status_code == 422


async def test_the_language_is_the_preference_the_directory_s_the_organization_s_english(post: Post) -> None:
    world, subjects = post.world, {"en": "Assigned to you", "es": "Se le ha asignado", "fr": "Cours attribué"}
    await world.admin.ok("PATCH", "/api/organization/", {"locale": "es"})
    await world.add_member("bob", email=f"bob@{post.inbox.domain}", locale="en")
    for user in ("cyd", "bob"):
        await world.member(user).ok("PATCH", PATH, {"locale": "fr"})
    await world.member("bob").ok("PATCH", PATH, {"locale": None})
    await assigned(world, None, "ana", "bob", "cyd")
    await world.run_jobs()
    spoken = {m["To"].addresses[0].username: m["Content-Language"] for m in post.inbox.messages}
    assert spoken == {"ana": "es", "bob": "en", "cyd": "fr"}
    assert {m["Subject"].partition(":")[0].strip() for m in post.inbox.messages} >= {
        subjects["en"],
        subjects["es"],
    }


async def test_mails_that_are_not_wanted_do_not_leave_unless_required(post: Post) -> None:
    world, due = post.world, soon(days=9.5)
    await world.member("ana").ok("PATCH", PATH, {"mail": {"assigned": False}})
    await world.member("bob").ok("PATCH", PATH, {"mail": {"reminders": False}})
    await assigned(world, due, "ana", "bob")
    await world.run_jobs()
    assert [subject.partition("@")[0] for subject in post.inbox.subjects()] == ["bob"]
    post.inbox.messages.clear()
    assert await remind(post, due - timedelta(days=6.9)) == 1
    assert [subject.partition("@")[0] for subject in post.inbox.subjects()] == ["ana"]
    await world.admin.ok("PATCH", "/api/organization/", {"required_mails": ["reminders"]})
    assert await remind(post, due - timedelta(days=2.9)) == 2
    for mail in post.inbox.messages[1:]:
        assert mail["List-Unsubscribe"] is None, "nobody can end what is required"


def address_in(mail: EmailMessage) -> str:
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    listed = mail["List-Unsubscribe"].strip()
    assert listed.startswith("<http")
    assert listed.endswith("/>")
    return str(urlsplit(listed.strip("<>").replace(" ", "")).path)


async def one_mail(post: Post) -> EmailMessage:
    await assigned(post.world, None, "ana")
    await post.world.run_jobs()
    [mail] = post.inbox.messages
    return mail


async def test_one_post_ends_that_kind_of_mail(post: Post) -> None:
    world = post.world
    path = address_in(await one_mail(post))
    page = await world.http.get(path)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.text.count("<button") == 1
    assert "ana" not in page.text
    assert (await world.member().ok("GET", PATH))["mail"] == EVERY, "looking changes nothing"
    spanish = await world.http.get(path, headers={"Accept-Language": "es"})
    assert (spanish.headers["content-language"], "correos" in spanish.text) == ("es", True)
    for _ in range(2):
        done = await world.http.post(path, content="List-Unsubscribe=One-Click", headers=FORM)
        assert done.status_code == 200, done.text
        assert "<button" not in done.text
    assert (await world.member().ok("GET", PATH))["mail"] == EVERY | {"assigned": False}
    await assigned(world, None, "ana")
    await world.run_jobs()
    assert len(post.inbox.messages) == 1


async def test_tokens_of_others_end_nothing(post: Post) -> None:
    world = post.world
    path = address_in(await one_mail(post))
    token = path.split("/")[2]
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    forged = raw[:16] + raw[16:].replace(b'"ana"', b'"bob"')
    assert forged != raw
    tokens = [
        token[:-2],
        token + "AA",
        token.swapcase(),
        "x",
        "%00",
        "A" * 22,
        "é",
        "a" * 3000,
        base64.urlsafe_b64encode(forged).decode().rstrip("="),
        base64.urlsafe_b64encode(raw[:16]).decode().rstrip("="),
    ]
    for other in tokens:
        for method in ("GET", "POST"):
            answer: httpx.Response = await world.http.request(method, f"/unsubscribe/{other}/")
            assert answer.status_code == 404, (other, answer.status_code)
            assert "<button" not in answer.text
    for user in ("ana", "bob"):
        assert (await world.member(user).ok("GET", PATH))["mail"] == EVERY
    await world.directory.ok("DELETE", "/api/directory/members/ana/")
    assert (await world.http.post(path)).status_code == 404, "of whom nothing is known any more"
