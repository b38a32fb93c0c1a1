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
    "SELECT count(*) FROM save_responses_together_in(:organization, ARRAY[CAST(:user AS text)],"
    " ARRAY[CAST(:quiz AS uuid)], ARRAY['{}'], ARRAY['{}'], '{NULL}', '30 s', 1000)",
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


OTHERS_AT_WORK = (
    """INSERT INTO members SELECT (jsonb_populate_record(m, jsonb_build_object('user_id', 'other ' || n))).*
    FROM members m, generate_series(1, 500) n WHERE m.organization_id = $1 AND m.user_id = 'ana'""",
    """INSERT INTO enrollments SELECT (jsonb_populate_record(e, jsonb_build_object(
        'id', md5(e.id::text || n)::uuid, 'user_id', 'other ' || n))).*
    FROM enrollments e, generate_series(1, 500) n WHERE e.organization_id = $1""",
    """INSERT INTO quiz_attempts SELECT (jsonb_populate_record(a, jsonb_build_object(
        'id', md5(a.id::text || n)::uuid, 'enrollment_id', md5(a.enrollment_id::text || n)::uuid,
        'user_id', 'other ' || n))).*
    FROM quiz_attempts a, generate_series(1, 500) n
    WHERE a.organization_id = $1 AND a.status = 'in_progress'""",
)


BEFORE = {
    "alone": (),
    "after others": (
        """INSERT INTO quiz_attempts SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(),
            'number', a.number + n, 'status', 'graded', 'submitted_at', now(), 'points', 0, 'pending_points', 0))).*
        FROM quiz_attempts a, generate_series(1, 2000) n WHERE a.organization_id = $1""",
    ),
}
"""What there is when a plan is made: one attempt, or many that are closed and one."""


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize(
    "call",
    [
        "SELECT * FROM hot_own_position_at_quiz(:organization, 'ana', :quiz, 'new')",
        "SELECT * FROM hot_own_paper(:organization, 'ana', :attempt)",
        "SELECT * FROM save_responses_in(:organization, 'ana', :attempt, '{}', '{}', NULL, '30 s', 1000)",
        "SELECT count(*) FROM save_responses_together_in(:organization, ARRAY['ana'], ARRAY[CAST(:attempt AS uuid)],"
        " ARRAY['{}'], ARRAY['{}'], '{NULL}', '30 s', 1000)",
    ],
)
async def test_a_plan_of_few_attempts_does_not_read_those_of_others(
    world: World, database: Database, call: str, before: str
) -> None:
    """As when an assessment begins: plans are made while few sit it, and kept when thousands do."""
    timed = tree(lesson(), quiz("Q", time_limit_seconds=600))
    at = await Learner.enter(world, timed, user="ana")
    started = await at.call.ok("POST", at.path("Q", "attempts"))
    given = {"organization": world.id, "quiz": at.ids["Q"], "attempt": started["attempt_id"]}
    named = {name: value for name, value in given.items() if f":{name}" in call}
    for statement in BEFORE[before]:
        await database(statement, world.id)
    await database("ANALYZE quiz_attempts")
    async with world.worker.transaction(world.id) as session:
        await session.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
        assert (await session.execute(text(call), named)).one()
        for statement in OTHERS_AT_WORK:
            await database(statement, world.id)
        read = await session.scalar(ATTEMPTS_READ)
        assert (await session.execute(text(call), named)).one()
        assert await session.scalar(ATTEMPTS_READ) - read <= 10
