"""Moving 100,000 enrollments to another version, beside one statement for each table that it writes.

As a module of its own it does the run as a worker does, a transaction at a time, and prints one line of JSON.
"""

import asyncio
import json
import sys
import time
import uuid

import asyncpg
import httpx
from benchmarks.people import ORGANIZATION, add_learners, add_members, connect, rest_indexes, settle
from benchmarks.regrade import Author, database_seconds
from benchmarks.results import Mark, Result, Row
from benchmarks.school import Json, School, quiz_modules
from benchmarks.stage import Stage

from learning_service.context import open_context
from learning_service.core.settings import Settings
from learning_service.domain.completion.actions.version_migrations import CHUNK, step_migration
from learning_service.domain.completion.rules.pace import FIRST, next_size

DATABASE, ENROLLMENTS = "migration", 100_000
_PROGRESS = """
INSERT INTO quiz_progress (enrollment_id, quiz_id, organization_id, attempts_used, best_points, possible_points,
    max_points)
SELECT e.id, $1, e.organization_id, 1, 10, 10, 20 FROM enrollments e
"""
# The limit: what was done and where they are, each by one statement over all of them. The note of each move belongs
# to it: by that the member is told, and the audit trail says who was moved.
_LIMIT = (
    """
    INSERT INTO enrollment_moves (organization_id, enrollment_id, id, from_version, to_version, moved_at, kept, lost)
    SELECT organization_id, id, gen_random_uuid(), 1, 2, now(), 2, 0 FROM enrollments
    WHERE version_id = $1 AND version_id <> $2
    """,
    """
    UPDATE lesson_progress p SET lesson_id = n.id FROM lessons o JOIN lessons n ON n.key = o.key AND n.version_id = $2
    WHERE o.version_id = $1 AND p.lesson_id = o.id
    """,
    """
    UPDATE quiz_progress p SET quiz_id = n.id FROM quizzes o JOIN quizzes n ON n.key = o.key AND n.version_id = $2
    WHERE o.version_id = $1 AND p.quiz_id = o.id
    """,
    "UPDATE enrollments SET version_id = $2, revision = revision + 1 WHERE version_id = $1",
)


def rows(stage: Stage) -> list[Row]:
    """The marks of moving."""
    stage.create(DATABASE)
    server = stage.serve_service(DATABASE, "migration")
    school = School(stage, server)
    school.found()
    author = Author(stage, server, school.course("Moved", quiz_modules()))
    url = stage.plain_url(DATABASE)
    versions = asyncio.run(_load(url, author))
    path = f"courses/{author.course}/versions/2/migrations/"
    told, forecast_s = author.ask("POST", path, {"dry_run": True})
    if (told["enrollments"], told["kept_items"]) != (ENROLLMENTS, 2 * ENROLLMENTS):
        raise SystemExit(f"a dry run says {told}")
    limit = database_seconds(stage, lambda: asyncio.run(_move_in_sql(url, *versions)))
    started, _ = author.ask("POST", path, {})
    found: dict[str, float] = {}
    spent = database_seconds(
        stage, lambda: found.update(stage.printed("benchmarks.migration", DATABASE, started["run_id"]))
    )
    done, _ = author.ask("GET", f"runs/{started['run_id']}/")
    if (done["status"], done["done"]) != ("done", ENROLLMENTS):
        raise SystemExit(f"the run came to {done}")
    stage.stop_servers()
    ours, least = (1e6 * seconds / ENROLLMENTS for seconds in (spent + found["seconds"], limit))
    return [
        Row(Result("migration", ours, "µs CPU an enrollment", least, least / ours), ratio=Mark(0.5)),
        Row(
            Result("migration: transaction", found["longest_transaction_ms"], "ms, the longest"),
            ours=Mark(500, at_most=True),
        ),
        Row(Result("migration: dry run", forecast_s, "s, of 100,000 enrollments")),
    ]


async def _load(url: str, author: Author) -> tuple[uuid.UUID, uuid.UUID]:
    connection = await connect(url)
    first = await connection.fetchval("SELECT published_version_id FROM courses WHERE id = $1", author.course)
    quiz = await connection.fetchval("SELECT id FROM quizzes WHERE version_id = $1", first)
    await rest_indexes(url)
    await add_members(url, ENROLLMENTS)
    await add_learners(url, author.course, str(first), ENROLLMENTS)
    await connection.execute(_PROGRESS, quiz)
    await connection.close()
    await settle(url)
    tree, _ = author.ask("GET", f"courses/{author.course}/draft/")
    tree["title"] = "Moved again"
    save(author, tree)
    author.ask("POST", f"courses/{author.course}/publish/", {})
    connection = await connect(url)
    second = await connection.fetchval(
        "SELECT published_version_id FROM courses WHERE id = $1", author.course
    )
    await connection.close()
    return first, second


def save(author: Author, tree: Json) -> None:
    """Make the tree the draft."""
    token = author.stage.token(ORGANIZATION, "boss", "national_admin")
    answer = httpx.put(
        f"http://127.0.0.1:{author.server.port}/api/courses/{author.course}/draft/",
        json=tree,
        headers={"Authorization": f"Bearer {token}", "If-Match": "*"},
        timeout=60,
    )
    answer.raise_for_status()


async def _move_in_sql(url: str, first: uuid.UUID, second: uuid.UUID) -> None:
    """Move all, and take it back."""
    connection = await asyncpg.connect(url)
    transaction = connection.transaction()
    await transaction.start()
    for statement in _LIMIT:
        await connection.execute(statement, first, second)
    await transaction.rollback()
    await connection.execute("VACUUM ANALYZE enrollments, lesson_progress, quiz_progress, enrollment_moves")
    await connection.close()


async def _run(run_id: uuid.UUID) -> dict[str, float]:
    """Do the run as `worker.jobs.enrollments` does."""
    longest, more, size = 0.0, True, FIRST
    async with open_context(Settings(), "learning_worker") as context:
        started = time.process_time()
        while more:
            begun = time.perf_counter()
            async with context.transaction(ORGANIZATION) as session:
                more = await step_migration(session, run_id, size)
            took = time.perf_counter() - begun
            size, longest = next_size(size, took, CHUNK), max(longest, took)
        return {"seconds": time.process_time() - started, "longest_transaction_ms": longest * 1000}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_run(uuid.UUID(sys.argv[1])))))
