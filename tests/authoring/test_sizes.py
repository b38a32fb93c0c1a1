"""A tree of 50 modules, 500 items and 2,000 questions: few statements, soon done, and only what changed."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from sqlalchemy import event
from tests.kit.author import Author, changed
from tests.kit.world import Json, World, choice

from learning_service.core.settings import Settings

TABLES = ("course_modules", "lessons", "quizzes", "questions", "quiz_answers")
SECONDS = 2.0
MOST_STATEMENTS = 40


def large_tree() -> Json:
    """50 modules of 6 lessons and 4 quizzes of 10 questions each."""
    return {
        "title": "Large",
        "modules": [
            {
                "title": f"Module {m}",
                "items": [
                    *(
                        {"kind": "lesson", "title": f"Lesson {n}", "body_html": f"<p>Read <b>{n}</b>.</p>"}
                        for n in range(6)
                    ),
                    *(
                        {
                            "kind": "quiz",
                            "title": f"Quiz {n}",
                            "questions": [choice(f"{m} {n} {q}?") for q in range(10)],
                        }
                        for n in range(4)
                    ),
                ],
            }
            for m in range(50)
        ],
    }


@contextmanager
def statements(app: FastAPI) -> Iterator[list[str]]:
    """Every statement that the application sends meanwhile; one that was sent with many rows counts for each."""
    engine = app.state.context.engine.sync_engine
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        seen.extend([statement] * (len(parameters) if many else 1))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(settings.database_url.replace("+asyncpg", ""))
    try:
        yield connection
    finally:
        await connection.close()


async def written(settings: Settings, author: Author) -> dict[str, dict[Any, Any]]:
    """Which transaction wrote each row of the newest version."""
    async with database(settings) as raw:
        return {
            table: {
                row[0]: row[1]
                for row in await raw.fetch(
                    f"SELECT id, xmin::text FROM {table} WHERE version_id = (SELECT id FROM course_versions"
                    " WHERE course_id = $1::uuid ORDER BY number DESC LIMIT 1)",
                    author.course,
                )
            }
            for table in TABLES
        }


async def timed(work: Any, what: str, seen: list[str]) -> Any:
    """Await it, within the statements and the processor seconds of ours that such a tree may take.

    Not seconds of the clock: how many of those it gets is the machine's affair.
    """
    seen.clear()
    began, cpu = time.perf_counter(), time.process_time()
    result = await work
    took = time.process_time() - cpu
    print(f"{what}: {took:.2f} s of {time.perf_counter() - began:.2f}, {len(seen)} statements")
    assert len(seen) <= MOST_STATEMENTS, what
    assert took < SECONDS, f"{what} took {took:.2f} s"
    return result


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_a_large_tree_takes_few_statements_and_little_time(
    world: World, app: FastAPI, settings: Settings
) -> None:
    made = await world.admin.ok("POST", "/api/courses/", {"title": "Large", "scope": "national"})
    author = Author(world.admin, made["id"])
    _, etag = await author.draft()
    with statements(app) as seen:
        saved = await timed(author.put(large_tree(), etag), "save", seen)
        assert saved.status_code == 200, saved.text
        tree = saved.json()
        before = await written(settings, author)
        assert {table: len(rows) for table, rows in before.items()} == dict(
            zip(TABLES, (50, 300, 200, 2000, 4000), strict=True)
        )
        edited = changed(tree, "/modules/3/items/7/questions/2/prompt_html", "<p>Other?</p>")
        saved = await timed(author.put(edited, saved.headers["etag"]), "save one change", seen)
        after = await written(settings, author)
        assert [t for t in TABLES if after[t] != before[t]] == ["questions"]
        assert len(set(after["questions"].items()) - set(before["questions"].items())) == 1
        operation = {"op": "replace", "path": "/modules/0/title", "value": "First"}
        patched = await timed(author.patch(operation, etag=saved.headers["etag"]), "patch", seen)
        assert patched.status_code == 200, patched.text
        published = await timed(world.admin("POST", f"{author.path}/publish/"), "publish", seen)
        assert published.status_code == 200, published.text
        tree, etag = await timed(author.draft(), "read", seen)
        saved = await timed(author.put(changed(tree, "/title", "New"), etag), "copy into a new draft", seen)
        assert saved.status_code == 200, saved.text
        headers = {"If-Match": saved.headers["etag"]}
        gone = await timed(world.admin("DELETE", f"{author.path}/draft/", headers=headers), "discard", seen)
        assert gone.status_code == 204
        copied = await timed(world.admin("POST", f"{author.path}/duplicate/"), "duplicate", seen)
        assert copied.status_code == 201
    assert (await author.draft())[0] == tree
