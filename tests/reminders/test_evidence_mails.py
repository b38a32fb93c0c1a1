"""Mails to members of what was decided of their evidence, and to those who decide of what waits."""

from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from tests.kit.evidence import decide, send_in
from tests.kit.mails import parts_of
from tests.reminders.post import Post, appoint, digests, send

SITE = "https://learn.example.org"


def about(post: Post, words: str) -> list[EmailMessage]:
    return [mail for mail in post.inbox.messages if mail["Subject"].startswith(words)]


@pytest.mark.parametrize(
    ("locale", "subject", "reason", "end"),
    [
        (
            "en",
            "Accepted: your evidence for Hazing",
            "The reason: Seen {x} the original",
            "It is valid until",
        ),
        ("es", "Aceptado: su comprobante de Hazing", "El motivo: Seen {x} the original", "Es válido hasta"),
        ("fr", "Accepté : votre justificatif pour Hazing", "Le motif : Seen {x} the original", "La validité"),
    ],
)
async def test_an_approval_is_told_once_in_the_members_language(
    post: Post, locale: str, subject: str, reason: str, end: str
) -> None:
    world = post.world
    await world.admin.ok("PATCH", "/api/organization/", {"frontend_url": SITE})
    await world.add_member("ana", email=f"ana@{post.inbox.domain}", locale=locale)
    sent = await send_in(world)
    await world.run_jobs()
    assert post.inbox.messages == [], "not before it is decided"
    await decide(world, sent, reason="Seen {x} the original", expires_on="2030-06-30")
    for _ in range(2):
        await world.run_jobs()
    [mail] = post.inbox.messages
    assert mail["Subject"] == subject
    assert mail["To"].addresses[0].username == "ana"
    said, html = parts_of(mail)
    assert reason in said
    assert end in said
    assert f"{SITE}/requirements" in said
    assert reason in html
    assert mail["List-Unsubscribe-Post"]


async def test_a_refusal_and_an_approval_that_is_taken_back_are_told_with_their_reasons(post: Post) -> None:
    world = post.world
    refused: dict[str, Any] = {"decision": "reject", "reason": "The <b>stamp</b> cannot be read"}
    await decide(world, await send_in(world), **refused)
    await world.run_jobs()
    [mail] = about(post, "Not accepted: your evidence for Hazing")
    said, html = parts_of(mail)
    assert "The reason: The <b>stamp</b> cannot be read" in said
    assert "&lt;b&gt;stamp" in html
    assert "You can send something else" in said
    sent = await send_in(world)
    await decide(world, sent)
    await world.run_jobs()
    await decide(world, sent, **refused)
    await world.run_jobs()
    assert len(about(post, "Accepted: ")) == 1
    assert len(about(post, "No longer accepted: your evidence for Hazing")) == 1


async def test_who_wants_no_results_or_was_decided_otherwise_gets_none(post: Post) -> None:
    world = post.world
    await world.member().ok("PATCH", "/api/users/preferences/", {"mail": {"results": False}})
    await decide(world, await send_in(world))
    sent = await send_in(world, "bob")
    await decide(world, sent)
    await decide(world, sent, decision="reject", reason="A mistake")
    await world.run_jobs()
    assert [mail["To"].addresses[0].username for mail in post.inbox.messages] == ["bob"]
    assert post.inbox.messages[0]["Subject"].startswith("No longer accepted")


async def test_the_erased_get_none(post: Post) -> None:
    world = post.world
    await decide(world, await send_in(world))
    await world.directory.ok("DELETE", "/api/directory/members/ana/")
    await world.run_jobs()
    assert post.inbox.messages == []


async def test_those_who_decide_learn_in_their_week_that_something_waits(post: Post) -> None:
    world = post.world
    await world.admin.ok("PATCH", "/api/organization/", {"officer_digest": "weekly", "frontend_url": SITE})
    offices: dict[str, tuple[str, Any, str | None]] = {
        "chief": ("n2", "chapter_admin", "n1"),
        "north": ("n2", "regional_admin", "north"),
        "south": ("s1", "regional_admin", "south"),
        "chair": ("s1", "national_admin", None),
    }
    for user, (chapter, role, scope) in offices.items():
        await appoint(post, user, chapter, role, scope)
    await send_in(world, "ana")
    await send_in(world, "bob")
    await send_in(world, "north")
    await decide(world, await send_in(world, "cyd"))
    await world.run_jobs()
    post.inbox.messages.clear()
    await send(post, datetime.now(UTC))
    told = digests(post)
    assert sorted(told) == ["chair", "north"], "chapters' officers decide none, and nobody their own"
    assert told["north"]["Subject"] == "This week: 2 pieces of evidence wait for you"
    assert told["chair"]["Subject"] == "This week: 3 pieces of evidence wait for you"
    said, html = parts_of(told["north"])
    assert "2 pieces of evidence wait for your decision." in said
    assert f"{SITE}/administer/evidence" in said
    assert "2 pieces of evidence" in html
