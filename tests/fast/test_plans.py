"""The hot functions go by index even where statistics are from when there were but a few rows."""

import pytest
from sqlalchemy import text
from tests.kit.direct import Database
from tests.kit.learner import Learner, lesson, quiz, tree
from tests.kit.world import World

# What the connection's earlier transactions read may still be in these counts.
READ_WHOLE = text(
    "SELECT relname, seq_scan FROM pg_stat_xact_user_tables WHERE seq_scan > 0 ORDER BY relname"
)
ATTEMPTS_READ = text(
    "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables WHERE relname = 'quiz_attempts'"
)
CALLS = (
    "SELECT * FROM public_certificate(CAST(:course AS uuid))",
    "SELECT * FROM hot_marked_courses(:organization, :user)",
    "SELECT * FROM hot_mark_of_courses(:organization, :user)",
    "SELECT * FROM hot_own_position(:organization, :user, :course)",
    "SELECT * FROM hot_finishes(:organization, ARRAY[CAST(:enrollment AS uuid)])",
    "SELECT * FROM hot_own_position_at_quiz(:organization, :user, :quiz, 'new')",
    "SELECT * FROM hot_own_progress(:organization, :user)",
    "SELECT * FROM hot_own_paper(:organization, :user, :quiz)",
    "SELECT * FROM save_responses_in(:organization, :user, :quiz, '{}', '{}', NULL, '30 s', 1000)",
    # At a revision that the enrollment does not have: it is looked up, and nothing is written.
    "SELECT close_attempt(jsonb_build_object('organization_id', CAST(:organization AS text), 'enrollment_id',"
    " CAST(:enrollment AS text), 'user_id', CAST(:user AS text)), -1)",
)


@pytest.mark.parametrize("call", CALLS)
async def test_no_table_is_read_whole(world: World, database: Database, call: str) -> None:
    at = await Learner.enter(world, tree(lesson(), quiz("Q")), user="ana")
    enrollment = (await at.submit("Q"))["enrollment"]["id"]
    given = {"organization": world.id, "user": "ana", "course": at.course, "quiz": at.ids["Q"]}
    given["enrollment"] = enrollment
    await database("ANALYZE")
    async with world.worker.transaction(world.id) as session:
        named = {name: value for name, value in given.items() if f":{name}" in call}
        before = (await session.execute(READ_WHOLE)).all()
        await session.execute(text(call), named)
        assert (await session.execute(READ_WHOLE)).all() == before


async def test_a_repetition_is_found_without_reading_the_other_attempts(
    world: World, database: Database
) -> None:
    at = await Learner.enter(world, tree(lesson(), quiz("Q")), user="ana")
    first = await at.submit("Q")
    await database(
        "INSERT INTO quiz_attempts SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(),"
        " 'number', a.number + n, 'closed_with', 'another ' || n))).*"
        f" FROM quiz_attempts a, generate_series(1, 2000) n WHERE a.id = '{first['attempt_id']}'"
    )
    # Where a table is as small as a page, each index looks as good as another.
    await database("ANALYZE quiz_attempts")
    read = "SELECT repeated FROM hot_own_position_at_quiz(:organization, 'ana', :quiz, :digest)"
    given = {"organization": world.id, "quiz": at.ids["Q"]}
    async with world.worker.transaction(world.id) as session:
        before = await session.scalar(ATTEMPTS_READ)
        assert not await session.scalar(text(read), {**given, "digest": "new"})
        assert await session.scalar(ATTEMPTS_READ) - before <= 5
        assert await session.scalar(text(read), {**given, "digest": "another 7"})
