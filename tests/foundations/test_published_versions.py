"""A published version never changes, whoever asks and however."""

import asyncpg
import pytest
from tests.kit.direct import Database
from tests.kit.world import World, small_tree

GUARDED = (
    "SELECT event_object_table FROM information_schema.triggers"
    " WHERE trigger_name = 'published_version_is_final'"
)
CONTENT = ("course_modules", "lessons", "quizzes", "questions", "quiz_answers", "mastered_skills")


async def test_no_statement_changes_published_content(world: World, database: Database) -> None:
    course = await world.course()
    version = await database.value(
        "SELECT published_version_id FROM courses WHERE id = $1::uuid", course["id"]
    )
    guarded = {row[0] for row in await database(GUARDED)}
    # What is shown of documents is tried in tests/documents.
    assert guarded == {*CONTENT, "assessments", "course_versions", "document_references"}
    for table in CONTENT:
        held = await database.value(f"SELECT count(*) FROM {table} WHERE version_id = $1", version)
        assert held, f"no row of {table} in the published version: nothing would be tried"
        for statement in (
            f"DELETE FROM {table} WHERE version_id = $1",
            f"UPDATE {table} SET position = position + 1 WHERE version_id = $1"
            if table != "quizzes"
            else "UPDATE quizzes SET pass_score = 0 WHERE version_id = $1",
        ):
            with pytest.raises(asyncpg.PostgresError) as refused:
                await database(statement, version)
            assert refused.value.sqlstate == "LS001", table
    for statement in ("DELETE FROM assessments a", "UPDATE assessments a SET organization_id = 'x'"):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await database(
                f"{statement} {'USING' if 'DELETE' in statement else 'FROM'} quizzes q"
                " WHERE q.id = a.id AND q.version_id = $1",
                version,
            )
        assert refused.value.sqlstate == "LS001"
    for change in ("title = 'x'", "published_at = NULL", "pass_score = 1", "note = 'x'"):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await database(f"UPDATE course_versions SET {change} WHERE id = $1", version)
        assert refused.value.sqlstate == "LS001"
    with pytest.raises(asyncpg.PostgresError):
        await database("DELETE FROM course_versions WHERE id = $1", version)


async def test_nothing_is_put_or_moved_into_a_published_version(world: World, database: Database) -> None:
    course = await world.course()
    tree = (await world.admin.ok("GET", f"/api/courses/{course['id']}/draft/")) | {"title": "Next"}
    etag = (await world.admin("GET", f"/api/courses/{course['id']}/draft/")).headers["etag"]
    await world.admin.ok("PUT", f"/api/courses/{course['id']}/draft/", tree, headers={"If-Match": etag})
    published, draft = (
        row["id"]
        for row in await database(
            "SELECT id FROM course_versions WHERE course_id = $1::uuid ORDER BY number", course["id"]
        )
    )
    insert = (
        "INSERT INTO course_modules (id, organization_id, version_id, key, title, position)"
        " SELECT gen_random_uuid(), organization_id, $1, 'new', 'new', 99 FROM course_versions WHERE id = $1"
    )
    moves = "UPDATE course_modules SET version_id = $1 WHERE version_id = $2"
    for statement, arguments in (
        (insert, (published,)),
        (moves, (published, draft)),
        (moves, (draft, published)),
    ):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await database(statement, *arguments)
        assert refused.value.sqlstate == "LS001"
    assert await database(insert, draft) == [], "a draft's rows may change"


async def test_the_audit_trail_is_append_only(world: World, database: Database) -> None:
    await world.course(small_tree(), publish=False)
    for statement in (
        "UPDATE audit_entries SET action = 'x'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
    ):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await database(statement)
        assert refused.value.sqlstate == "LS002"
