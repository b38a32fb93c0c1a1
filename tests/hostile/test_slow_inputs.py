"""No request costs more processor than it is long: 50 ms for each 100 KiB, whatever is in it (`make slow-inputs`).

What counts is the processor time of the API's process. Beyond the mark a request may cost what an empty one does, and
a small one 10 ms. A short form runs with the long tests.
"""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from tests.hostile.measured import WHOLE, Measured, measured, process
from tests.hostile.worst import FORM, PLAIN, TRY, Case, bodies, forms, patches, raw, trees
from tests.kit.author import PATCH_TYPE, Author
from tests.kit.quiz_taker import quiz, quiz_taker, tree
from tests.kit.world import Json

__all__ = ["measured", "process"]
pytestmark = pytest.mark.long
VERIFY = "/api/certificates/verify/"
HEADERS = [
    "If-Match",
    "Accept",
    "Accept-Language",
    "Content-Type",
    "Idempotency-Key",
    "X-Forwarded-For",
    "Authorization",
    "Accept-Encoding",
    "X-Request-Id",
    "Cookie",
    "Range",
    "If-None-Match",
]


def some(cases: Iterator[Case]) -> list[Case]:
    """All of them, or in the short form every fourth."""
    return list(cases if WHOLE else itertools.islice(cases, 0, None, 4))


def match(etag: str) -> dict[str, str]:
    return {"If-Match": etag}


async def test_trees(measured: Measured) -> None:
    author = await Author.starts(measured)
    path = f"{author.path}/draft/"
    headers = {"If-Match": '"stale"'}
    cases = (Case(name, author.caller, "PUT", path, raw(sent), headers) for name, sent in trees())
    assert await measured.too_slow(some(cases)) == {}


async def test_patches(measured: Measured) -> None:
    author = await Author.starts(measured)
    path = f"{author.path}/draft/"
    headers = {"If-Match": "*", "Content-Type": PATCH_TYPE}
    cases = (Case(name, author.caller, "PATCH", path, raw(sent), headers) for name, sent in patches())
    assert await measured.too_slow(list(cases)) == {}


async def test_answers(measured: Measured) -> None:
    short: Any = {
        "type": "short_answer",
        "prompt_html": "?",
        "points": 1,
        "accepted_answers": ["*a*" * 300 + "b", "*" * 1999 + "b", *("a" * 1990 + f"*{n}" for n in range(48))],
    }
    ana = await quiz_taker(measured, tree(quiz(*[short] * 10, max_attempts=None)))
    started = await ana.start()
    ids = [question["id"] for question in started["questions"]]

    def cases() -> Iterator[Case]:
        for name, text in PLAIN.items():
            sent = raw({"responses": [{"question_id": one, "text": text(20_000)} for one in ids]})
            yield Case(f"save {name}", ana.call, "PATCH", f"/api/attempts/{started['attempt_id']}/", sent)
            sent = raw(
                {"responses": [{"question_id": one, "text": text(19_990) + TRY.decode()} for one in ids]}
            )
            yield Case(f"submit {name}", ana.call, "POST", f"{ana.path}submit/", sent)

    assert await measured.too_slow(list(cases())) == {}


async def test_other_bodies(measured: Measured) -> None:
    course = await measured.course()
    facts = {"chapter_id": "n1", "status": "active", "email": "a@example.org", "custom_fields": {}}
    deep: Any = {}
    for _ in range(200):
        deep = {"not": deep}

    def cases() -> Iterator[Case]:
        assign, member = f"/api/courses/{course['id']}/assign/", "/api/directory/members/ana/"
        for name, text in PLAIN.items():
            yield Case(
                f"name {name}",
                measured.directory,
                "PUT",
                member,
                raw({**facts, "display_name": text(60_000)}),
            )
            yield Case(
                f"address {name}", measured.directory, "PUT", member, raw({**facts, "email": text(60_000)})
            )
            fields = {"display_name": "A", "custom_fields": {str(n): text(300) for n in range(60)}}
            yield Case(f"fields {name}", measured.directory, "PUT", member, raw({**facts, **fields}))
            yield Case(f"ids {name}", measured.admin, "POST", assign, raw({"user_ids": [text(60)] * 1500}))
            audience = {"custom_fields": {text(150): [text(200)] * 200}}
            yield Case(f"audience {name}", measured.admin, "POST", assign, raw({"audience_filter": audience}))
            yield Case(
                f"ids to verify {name}",
                measured.admin,
                "POST",
                "/api/certificates/verify/",
                raw({"ids": [text(500)] * 100}),
            )
            yield Case(
                f"note {name}",
                measured.admin,
                "POST",
                f"/api/courses/{course['id']}/publish/",
                raw({"note": text(2000)}),
            )
        yield Case("deep audience", measured.admin, "POST", assign, raw({"audience_filter": deep}))
        wide = {"any": [{"any": [{"status": ["a"]}] * 50}] * 50}
        yield Case("wide audience", measured.admin, "POST", assign, raw({"audience_filter": wide}))
        row = {"user_id": "x", "display_name": "A", **facts}
        yield Case(
            "same member",
            measured.directory,
            "POST",
            "/api/directory/members/batch/",
            raw({"members": [row] * 1500}),
        )
        yield Case("wrong events", measured.directory, "POST", "/api/directory/events/", raw([{}] * 1000))
        for name, sent in bodies():
            yield Case(f"body {name}", measured.admin, "POST", "/api/courses/", sent)
            yield Case(
                f"tree {name}", measured.admin, "PUT", f"/api/courses/{course['id']}/draft/", sent, match("*")
            )
            yield Case(f"public {name}", measured.admin, "POST", VERIFY, sent[:65_000])

    assert await measured.too_slow(some(cases())) == {}


async def test_uploads(measured: Measured) -> None:
    headers = {"Content-Type": FORM}
    cases = (Case(name, measured.admin, "POST", "/api/documents/", sent, headers) for name, sent in forms())
    assert await measured.too_slow(list(cases)) == {}


async def test_what_the_directory_sends(measured: Measured) -> None:
    now = datetime.now(UTC).isoformat()

    def member(n: int, text: str) -> Json:
        return {
            "user_id": f"u{n}",
            "chapter_id": "n1",
            "status": text[:64],
            "display_name": text[:200],
            "email": "a@example.org",
            "custom_fields": {text[:60]: text},
        }

    def event(n: int, text: str) -> Json:
        data = {"status": text[:64], "custom_fields": {text[:60]: text}}
        return {
            "specversion": "1.0",
            "type": "membership.status_changed",
            "id": f"{n}",
            "source": text[:60],
            "time": now,
            "subject": "nobody",
            "data": data,
        }

    def cases() -> Iterator[Case]:
        batch, events = "/api/directory/members/batch/", "/api/directory/events/"
        for name, text in PLAIN.items():
            # The last one is wrong, so that nothing is stored and each try is the first.
            members = [member(n, text(500)) for n in range(150)]
            sent = raw({"members": [*members, {**members[0], "status": ""}]})
            yield Case(f"members {name}", measured.directory, "POST", batch, sent)
            happened = [event(n, text(500)) for n in range(150)]
            sent = raw([*happened, {**happened[0], "type": ""}])
            yield Case(f"events {name}", measured.directory, "POST", events, sent)
            odd = [{**event(n, "a"), text(200): text(200), "time": text(200)} for n in range(150)]
            yield Case(f"odd events {name}", measured.directory, "POST", events, raw(odd))
        yield Case("empty members", measured.directory, "POST", batch, raw({"members": [{}] * 1000}))
        yield Case("nulls", measured.directory, "POST", events, raw([None] * 1000))

    assert await measured.too_slow(list(cases())) == {}


async def test_addresses_and_headers(measured: Measured) -> None:
    course = await measured.course()

    def cases() -> Iterator[Case]:
        for name, text in PLAIN.items():
            for asked in (
                "courses/?cursor",
                "courses/?limit",
                "enrollments/?user_id",
                "events/?after",
                "courses/?x",
            ):
                yield Case(
                    f"{asked} {name}", measured.admin, "GET", f"/api/{asked}={quote(text(8000))[:59_997]}"
                )
            yield Case(f"path {name}", measured.admin, "GET", f"/api/courses/{quote(text(8000))[:59_997]}/")
        for part in ("a,", '"a",', "a;q=0.1,", " ", "text/html,", "W/", "=", "en-US;q=1,", "1.1.1.1,", "\t"):
            value = f"a{(part * 30_000)[:30_000]}a"
            for header in HEADERS:
                path = f"/api/courses/{course['id']}/publish/"
                yield Case(f"{header} {part}", measured.admin, "POST", path, b"{}", {header: value})
            page = f"/certificates/{course['id']}/verify/"
            yield Case(
                f"page {part}", measured.admin, "GET", page, None, {"Accept-Language": value, "Accept": value}
            )

    assert await measured.too_slow(some(cases())) == {}


def test_every_text_is_of_the_size_asked_for() -> None:
    for text in PLAIN.values():
        assert len(text(1000)) == 1000
    assert json.loads(raw({"a": "b"})) == {"a": "b"}
