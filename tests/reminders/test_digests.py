"""The week's mail to chapter and regional administrators: who is overdue and who lapses next, where they are."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from tests.kit.assignments import finish
from tests.kit.mails import parts_of
from tests.reminders.post import Post, appoint, assigned, digests, send, soon

from learning_service.domain.reminders.queries import digests as queries
from learning_service.worker.jobs.reminders import send_officer_digests

SITE = "https://learn.example.org"


async def test_officers_learn_who_is_overdue_and_who_lapses_where_they_are(post: Post) -> None:
    world, due = post.world, soon(days=2)
    await world.admin.ok(
        "PATCH", "/api/organization/", {"officer_digest": "weekly", "frontend_url": SITE, "overdue_days": []}
    )
    await appoint(post, "chief", "n2", "chapter_admin", "n1")
    await appoint(post, "north", "n2", "regional_admin", "north")
    await appoint(post, "south", "s1", "regional_admin", "south")
    course = await assigned(world, due, "ana", "bob", "cyd")
    await finish(world, "bob", course["id"])
    await world.run_jobs()
    at = due + timedelta(days=8)
    async with world.worker.transaction(world.id) as session:
        await session.execute(
            text("UPDATE course_completions SET expires_at = :at WHERE course_id = :course"),
            {"at": at + timedelta(days=10), "course": course["id"]},
        )
    await send(post, at)
    told = digests(post)
    assert sorted(told) == ["chief", "north"], "and nothing where there is nothing to tell"
    assert told["chief"]["Subject"] == "This week: 1 course is overdue, 1 completion lapses within 30 days"
    assert told["north"]["Subject"] == "This week: 2 courses are overdue, 1 completion lapses within 30 days"
    said, _ = parts_of(told["chief"])
    names = {user: user in said for user in ("Ana", "Bob", "Cyd")}
    assert names == {"Ana": True, "Bob": True, "Cyd": False}, "of their chapter only"
    assert "• Ana: Hazing prevention, was due on " in said
    assert "• Bob: Hazing prevention, valid until " in said
    assert f"{SITE}/" in said
    assert told["chief"]["List-Unsubscribe-Post"]
    await send(post, at)
    digests(post)
    await send(post, at + timedelta(days=7))
    found = [mail for mail in post.inbox.messages if mail["Subject"].startswith("This week: ")]
    assert len(found) == 4, "another week, another one"


async def test_each_chapter_has_its_list_and_its_link(post: Post) -> None:
    """As many names as can be read, and how many more there are; the chapter with the most that is overdue first."""
    world, due = post.world, soon(days=2)
    await world.admin.ok(
        "PATCH", "/api/organization/", {"officer_digest": "weekly", "frontend_url": SITE, "overdue_days": []}
    )
    await appoint(post, "chief", "n2", "chapter_admin", "n2")
    await appoint(post, "north", "s1", "regional_admin", "north")
    late = [f"late{n:02}" for n in range(11)]
    for user in late:
        await world.add_member(user, "n2", display_name=f"Member {user}")
    await assigned(world, due, "ana", *late)
    await world.run_jobs()
    await send(post, due + timedelta(days=8))
    told = digests(post)
    assert told["north"]["Subject"].startswith("This week: 12 courses are overdue")
    assert told["chief"]["Subject"].startswith("This week: 11 courses are overdue")
    said, page = parts_of(told["north"])
    chapters = await world.admin.ok("GET", "/api/directory/chapters/")
    names = {one["id"]: one["name"] for one in chapters["items"]}
    first, second = (
        said.index(f"{names['n2']}: 11 courses"),
        said.index(f"{names['n1']}: 1 course is overdue"),
    )
    assert first < second
    assert said[first:second].count("• Member late") == 8
    assert "• and 3 more" in said[first:second]
    assert "• Ana: " in said[second:]
    for chapter in ("n1", "n2"):
        address = f"{SITE}/administer/chapters/{chapter}"
        assert address in said
        assert f'href="{address}"' in page
    said, _ = parts_of(told["chief"])
    assert "Ana" not in said
    assert names["n1"] not in said
    assert f"{SITE}/administer/chapters/n1" not in said


async def test_only_the_chapters_that_are_shown_are_read(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    world, due = post.world, soon(days=2)
    monkeypatch.setattr("learning_service.domain.reminders.queries.digests.CHAPTERS", 1)
    await world.admin.ok("PATCH", "/api/organization/", {"officer_digest": "weekly", "overdue_days": []})
    await appoint(post, "north", "s1", "regional_admin", "north")
    await appoint(post, "chair", "s1", "national_admin", None)
    await assigned(world, due, "ana", "bob", "cyd")
    await world.run_jobs()
    seen: list[Sequence[str]] = []
    reading = queries._lines

    async def counting(session: Any, statement: Any, chapters: Sequence[str]) -> Any:
        found = await reading(session, statement, chapters)
        seen.append(sorted(found))
        return found

    monkeypatch.setattr(queries, "_lines", counting)
    await send(post, due + timedelta(days=8))
    assert [one for one in seen if one] == [["n1"]], "where the most is overdue"
    told = digests(post)
    assert sorted(told) == ["north"], "the organization's administrator is told of evidence alone"
    assert told["north"]["Subject"].startswith("This week: 3 courses are overdue")
    said, _ = parts_of(told["north"])
    assert "Cyd" not in said


async def test_none_unless_the_organization_and_the_officer_want_it(post: Post) -> None:
    world, due = post.world, soon(days=2)
    await appoint(post, "chief", "n2", "chapter_admin", "n1")
    await appoint(post, "north", "n2", "regional_admin", "north")
    await assigned(world, due, "ana")
    await world.run_jobs()
    at = due + timedelta(days=8)
    await send(post, at)
    assert digests(post) == {}
    await world.admin.ok("PATCH", "/api/organization/", {"officer_digest": "weekly"})
    preferences = {"mail": {"digest": False}}
    await world.member("north").ok("PATCH", "/api/users/preferences/", preferences)
    await send(post, at)
    assert sorted(digests(post)) == ["chief"]


async def test_who_lost_the_office_meanwhile_gets_none(post: Post) -> None:
    world, due = post.world, soon(days=2)
    await world.admin.ok("PATCH", "/api/organization/", {"officer_digest": "weekly"})
    await appoint(post, "chief", "n2", "chapter_admin", "n1")
    await assigned(world, due, "ana")
    await world.run_jobs()
    await send_officer_digests(world.worker, max(due, datetime.now(UTC)) + timedelta(days=8))
    await world.add_member("chief", "n2", email=f"chief@{post.inbox.domain}", offices=[])
    await world.run_jobs()
    assert digests(post) == {}
