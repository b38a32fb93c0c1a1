"""What is published cannot change, not even past the service."""

import asyncio
import uuid
from typing import Any

import asyncpg
import pytest
from tests.kit.author import Author, rich_tree
from tests.kit.waiting import someone_waits
from tests.kit.world import World

from learning_service.core.settings import Settings

TABLES = {
    "mastered_skills": "name = 'x'",
    "course_modules": "title = 'x'",
    "lessons": "body_html = 'x'",
    "quizzes": "pass_score = 1",
    "questions": "points = 7",
    "quiz_answers": "is_correct = NOT is_correct",
}
FINAL = "LS001"


async def connect(settings: Settings) -> asyncpg.Connection:
    """A connection of the database's owner, whom row-level security does not hold back."""
    return await asyncpg.connect(settings.database_url.replace("+asyncpg", ""))


async def version_id(raw: asyncpg.Connection, author: Author, number: int = 1) -> uuid.UUID:
    query = "SELECT id FROM course_versions WHERE course_id = $1 AND number = $2"
    found: uuid.UUID = await raw.fetchval(query, uuid.UUID(author.course), number)
    return found


async def refused(work: Any) -> None:
    with pytest.raises(asyncpg.PostgresError) as caught:
        await work
    assert caught.value.sqlstate == FINAL


async def test_no_statement_changes_a_published_version(world: World, settings: Settings) -> None:
    author = await Author.starts(world, rich_tree())
    await author.publish()
    await author.saved(rich_tree())
    raw = await connect(settings)
    try:
        published, draft = await version_id(raw, author, 1), await version_id(raw, author, 2)
        for table, change in TABLES.items():
            count = await raw.fetchval(f"SELECT count(*) FROM {table} WHERE version_id = $1", published)
            assert count > 0, table
            await refused(raw.execute(f"UPDATE {table} SET {change} WHERE version_id = $1", published))
            await refused(raw.execute(f"DELETE FROM {table} WHERE version_id = $1", published))
            columns = [
                row[0]
                for row in await raw.fetch(
                    "SELECT column_name FROM information_schema.columns WHERE table_name = $1", table
                )
            ]
            new = {"id": "gen_random_uuid()", "version_id": "$2", "key": "key || 'x'"}
            values = ", ".join(new.get(column, column) for column in columns)
            copy = f"INSERT INTO {table} SELECT {values} FROM {table} WHERE version_id = $1 LIMIT 1"
            await refused(raw.execute(copy, draft, published))
            move = f"UPDATE {table} SET version_id = $2 WHERE version_id = $1"
            await refused(raw.execute(move, published, draft))
            await refused(raw.execute(move, draft, published))
        assessments = "SELECT id FROM quizzes WHERE version_id = $1 AND kind = 'assessment'"
        await refused(raw.execute(f"DELETE FROM assessments WHERE id IN ({assessments})", published))
        await refused(raw.execute("UPDATE course_versions SET title = 'x' WHERE id = $1", published))
        await refused(raw.execute("UPDATE course_versions SET published_at = NULL WHERE id = $1", published))
        await refused(raw.execute("DELETE FROM course_versions WHERE id = $1", published))
        changed = await raw.execute("UPDATE lessons SET body_html = 'x' WHERE version_id = $1", draft)
        assert changed == "UPDATE 1"
    finally:
        await raw.close()


INSERT = """
INSERT INTO quiz_answers (id, organization_id, version_id, question_id, key, position, text, is_correct)
SELECT gen_random_uuid(), organization_id, version_id, id, $2, 9, $3, false
FROM questions WHERE version_id = $1 ORDER BY id LIMIT 1
"""


async def test_a_row_in_flight_is_judged_with_the_rest_and_a_later_one_refused(
    world: World, settings: Settings
) -> None:
    author = await Author.starts(world)
    raw = await connect(settings)
    try:
        draft = await version_id(raw, author)
        for text, status in (("right", 422), ("late", 200)):
            writing = raw.transaction()
            await writing.start()
            await raw.execute("DELETE FROM quiz_answers WHERE version_id = $1 AND position = 9", draft)
            await raw.execute(INSERT, draft, text, text)
            publishing = asyncio.create_task(author.caller("POST", f"{author.path}/publish/"))
            await someone_waits(world.worker)
            assert not publishing.done()
            await writing.commit()
            published = await publishing
            assert published.status_code == status, published.text
        tree = await author.caller.ok("GET", f"{author.path}/versions/1/")
        assert "'late'" in str(tree)
        await refused(raw.execute(INSERT, draft, "later", "later"))
    finally:
        await raw.close()


async def test_publishing_races_raw_inserts(world: World, settings: Settings) -> None:
    author = await Author.starts(world)
    raws = [await connect(settings) for _ in range(4)]
    try:
        draft = await version_id(raws[0], author)

        begun = asyncio.Event()

        async def write(raw: asyncpg.Connection, n: int) -> int:
            written = 0
            for m in range(40):
                try:
                    await raw.execute(INSERT, draft, f"race-{n}-{m}", f"race {n} {m}")
                except asyncpg.PostgresError as error:
                    if error.sqlstate != FINAL:
                        raise
                    break
                written += 1
                begun.set()
            return written

        writers = [asyncio.create_task(write(raw, n)) for n, raw in enumerate(raws)]
        await begun.wait()
        published = await author.caller("POST", f"{author.path}/publish/")
        seen = str(await author.caller.ok("GET", f"{author.path}/versions/1/")).count("'race ")
        written = sum(await asyncio.gather(*writers))
        assert published.status_code == 200, published.text
        assert 0 < seen == written
    finally:
        for raw in raws:
            await raw.close()


UNINDEXED = """
SELECT c.conrelid::regclass || '.' || a.attname
FROM pg_constraint c
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.contype = 'f' AND c.confrelid::regclass::text = ANY ($1)
AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = a.attnum)
"""
FEW_ROWS = {"lost_passes.quiz_id", "enrollment_grants.quiz_id"}


async def test_deleting_a_drafts_rows_never_reads_through_all_learners(settings: Settings) -> None:
    raw = await connect(settings)
    try:
        content = [*TABLES, "assessments"]
        assert {row[0] for row in await raw.fetch(UNINDEXED, content)} <= FEW_ROWS
    finally:
        await raw.close()
