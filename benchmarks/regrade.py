"""Regrading 100,000 attempts at twenty questions, beside one UPDATE that does so in SQL; its preview; statistics.

As a module of its own it does the run as a worker does, a transaction at a time, and prints one line of JSON.
"""

import asyncio
import json
import resource
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
from benchmarks.people import (
    ORGANIZATION,
    add_learners,
    add_members,
    connect,
    execute,
    rest_indexes,
    settle,
)
from benchmarks.results import Mark, Result, Row
from benchmarks.school import Json, School, quiz_modules
from benchmarks.stage import Server, Stage, family_seconds

from learning_service.context import open_context
from learning_service.core.settings import Settings
from learning_service.domain.completion.actions.regrading import end_step, regrade_one, step_regrade
from learning_service.domain.completion.rules import pace

DATABASE, ATTEMPTS = "regrade", 100_000
# Who has answered what: a thousand different papers, more than half of whose answers are right.
_PAPERS = """
CREATE TEMPORARY TABLE papers AS
SELECT n, jsonb_object_agg(q.id, jsonb_build_object('answer_ids', jsonb_build_array(q.choice))) AS responses,
    jsonb_object_agg(q.id, jsonb_build_object('points', CASE WHEN q.good THEN '1' ELSE '0' END, 'correct', q.good))
        AS marks, count(*) FILTER (WHERE q.good) AS points
FROM generate_series(0, 999) n, LATERAL (
    SELECT DISTINCT ON (question_id) question_id AS id, id AS choice, is_correct AS good FROM quiz_answers a
    WHERE question_id IN (SELECT id FROM questions WHERE quiz_id = $1)
    ORDER BY question_id, hashtext(id::text || n)::bigint - CASE WHEN is_correct THEN 1500000000 ELSE 0 END
) q GROUP BY n
"""
_ATTEMPTS = """
INSERT INTO quiz_attempts (id, organization_id, enrollment_id, quiz_id, user_id, number, status, started_at,
    submitted_at, sequence, responses, marks, max_points, points, pending_points, passed)
SELECT gen_random_uuid(), e.organization_id, e.id, $1, e.user_id, 1, 'graded', now(), now(), -1, p.responses, p.marks,
    20, p.points, 0, p.points * 5 >= 70
FROM (SELECT *, row_number() OVER () % 1000 AS n FROM enrollments) e JOIN papers p USING (n)
"""
_PROGRESS = """
INSERT INTO quiz_progress (enrollment_id, quiz_id, organization_id, attempts_used, best_points, possible_points,
    max_points, passed_at)
SELECT enrollment_id, quiz_id, organization_id, 1, points, points, 20, CASE WHEN passed THEN submitted_at END
FROM quiz_attempts
"""
# Of a fifth of those below the course's 80 percent nothing but points is wanting: they complete it by a regrade.
_LESSONS = """
INSERT INTO lesson_progress (enrollment_id, lesson_id, organization_id, completed_at)
SELECT a.enrollment_id, l.id, a.organization_id, now() FROM quiz_attempts a JOIN quizzes q ON q.id = a.quiz_id
    JOIN lessons l ON l.version_id = q.version_id
WHERE a.points < 0.8 * a.max_points AND hashtext(a.id::text) % 5 = 0
"""
# The limit: each attempt graded by all keys, and marks, points and decision written, in one statement.
_KEYS = """
CREATE TEMPORARY TABLE keys AS
SELECT q.id::text, q.points, jsonb_agg(a.id) AS choices FROM questions q JOIN quiz_answers a ON a.question_id = q.id
    AND a.is_correct WHERE q.quiz_id = $1 GROUP BY q.id, q.points
"""
_GRADED = """
UPDATE quiz_attempts a SET marks = n.marks, points = n.points, passed = n.points * 100 >= 70 * a.max_points,
    correction = 1
FROM (
    SELECT a.id, sum(m.points) AS points,
        jsonb_object_agg(k.id, jsonb_build_object('points', m.points::text, 'correct', m.points > 0)) AS marks
    FROM quiz_attempts a CROSS JOIN keys k CROSS JOIN LATERAL (SELECT CASE
        WHEN a.responses -> k.id -> 'answer_ids' = k.choices THEN k.points ELSE 0 END AS points) m
    WHERE a.organization_id = $1 AND a.quiz_id = $2 GROUP BY a.id
) n WHERE a.organization_id = $1 AND a.id = n.id
"""


@dataclass
class Author:
    """The administrator who has published the quiz."""

    stage: Stage
    server: Server
    course: str

    def ask(self, method: str, path: str, body: Json | None = None) -> tuple[Json, float]:
        """What a call is answered, and after how many seconds."""
        token = self.stage.token(ORGANIZATION, "boss", "national_admin")
        started = time.perf_counter()
        answer = httpx.request(
            method,
            f"http://127.0.0.1:{self.server.port}/api/{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=600,
        )
        if answer.is_error:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json(), time.perf_counter() - started

    def question(self, number: int) -> Json:
        """A question of the quiz."""
        tree, _ = self.ask("GET", f"courses/{self.course}/versions/1/")
        question: Json = tree["modules"][0]["items"][1]["questions"][number]
        return question

    def full_credit(self) -> Json:
        """The change by which the second question is right whatever was chosen."""
        change = {"question_key": self.question(1)["key"]}
        return {"changes": [change], "policy": "full_credit", "note": "No choice was right."}

    def swap(self) -> Json:
        """The change by which a wrong choice of the first question becomes the right one."""
        question = self.question(0)
        right, wrong, *_ = sorted(question["answers"], key=lambda answer: not answer["is_correct"])
        answers = [{"key": right["key"], "is_correct": False}, {"key": wrong["key"], "is_correct": True}]
        change = {"question_key": question["key"], "answers": answers}
        return {"changes": [change], "policy": "either", "note": "The key was wrong."}


def rows(stage: Stage) -> list[Row]:
    """The marks of regrading and of statistics."""
    stage.create(DATABASE)
    server = stage.serve_service(DATABASE, "regrade")
    school = School(stage, server)
    school.found()
    author = Author(stage, server, school.course("Quiz", quiz_modules()))
    url = stage.plain_url(DATABASE)
    quiz = asyncio.run(_load(url, author.course))
    path = f"courses/{author.course}/versions/1"
    _, made_s = author.ask("GET", f"{path}/statistics/")
    _, kept_s = author.ask("GET", f"{path}/statistics/")
    previewed, preview_s, wait_s = _beside_others(author, f"{path}/regrades/")
    limit = database_seconds(stage, lambda: asyncio.run(_grade_in_sql(url, quiz)))
    found, spent = _applied(author, previewed)
    won, won_seconds = _passes_won(author, url, path)
    stage.stop_servers()
    ours, least = (1e6 * seconds / ATTEMPTS for seconds in (spent + found["seconds"], limit))
    # Beyond what grading all of them anew takes without.
    each_ms = 1000 * (won_seconds - spent - found["seconds"]) / won
    return [
        Row(Result("regrade", ours, "µs CPU an attempt", least, least / ours), ratio=Mark(0.5)),
        Row(
            Result("regrade: transaction", found["longest_transaction_ms"], "ms, the longest"),
            ours=Mark(500, at_most=True),
        ),
        Row(
            Result("regrade: memory", found["grown_mb"], "MB more in the worker"), ours=Mark(10, at_most=True)
        ),
        Row(Result("regrade: passes won", each_ms, "ms CPU a completion")),
        Row(Result("regrade: preview", preview_s, "s, of 100,000 attempts")),
        Row(Result("regrade: beside a preview", wait_s * 1000, "ms, the longest wait of another call")),
        Row(Result("statistics", made_s, "s, of 100,000 attempts"), ours=Mark(2, at_most=True)),
        Row(Result("statistics: kept", kept_s * 1000, "ms"), ours=Mark(50, at_most=True)),
    ]


def _applied(author: Author, previewed: Json) -> tuple[dict[str, float], float]:
    """What the run prints, and the database's processor seconds for it."""
    author.ask("POST", f"regrades/{previewed['id']}/apply/")
    found: dict[str, float] = {}
    spent = database_seconds(
        author.stage,
        lambda: found.update(author.stage.printed("benchmarks.regrade", DATABASE, previewed["id"])),
    )
    return found, spent


def _passes_won(author: Author, url: str, path: str) -> tuple[int, float]:
    """How many complete the course by another regrade, and the processor seconds that it takes."""
    asyncio.run(execute(url, _LESSONS))
    previewed, _ = author.ask("POST", f"{path}/regrades/", author.full_credit())
    found, spent = _applied(author, previewed)
    done, _ = author.ask("GET", f"regrades/{previewed['id']}/")
    return done["passes_won"], spent + found["seconds"]


async def _load(url: str, course: str) -> uuid.UUID:
    connection = await connect(url)
    version = await connection.fetchval("SELECT published_version_id FROM courses WHERE id = $1", course)
    quiz: uuid.UUID = await connection.fetchval("SELECT id FROM quizzes WHERE version_id = $1", version)
    await rest_indexes(url)
    await add_members(url, ATTEMPTS)
    await add_learners(url, course, str(version), ATTEMPTS)
    # A lesson stays undone, so that no enrollment ends by it.
    await connection.execute("DELETE FROM lesson_progress")
    await connection.execute(_PAPERS.replace("$1", f"'{quiz}'"))
    await connection.execute(_ATTEMPTS, quiz)
    await connection.execute(_PROGRESS)
    await connection.close()
    await settle(url)
    return quiz


async def _grade_in_sql(url: str, quiz: uuid.UUID) -> None:
    """Grade all, and take it back."""
    connection = await asyncpg.connect(url)
    await connection.execute(_KEYS.replace("$1", f"'{quiz}'"))
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(_GRADED, ORGANIZATION, quiz)
    await transaction.rollback()
    await connection.close()


def _beside_others(author: Author, path: str) -> tuple[Json, float, float]:
    """A preview, the seconds that it takes, and the longest that a small call waits meanwhile."""

    async def both() -> tuple[Json, float, float]:
        preview = asyncio.create_task(asyncio.to_thread(author.ask, "POST", path, author.swap()))
        waits = [0.0]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{author.server.port}") as http:
            while not preview.done():
                started = time.perf_counter()
                (await http.get("/healthz", timeout=60)).raise_for_status()
                waits.append(time.perf_counter() - started)
                await asyncio.sleep(0.02)
        made, seconds = await preview
        return made, seconds, max(waits)

    return asyncio.run(both())


def database_seconds(stage: Stage, work: Callable[[], object]) -> float:
    """Processor seconds of the database while something is done."""
    postgres = stage.parts.own["postgres"].process.pid
    assert postgres is not None
    before = family_seconds(postgres)
    work()
    # A connection's process that ends while it is looked for would be counted nowhere.
    time.sleep(1)
    return family_seconds(postgres) - before


async def _run(regrade_id: uuid.UUID) -> dict[str, float]:
    """Do the run as `worker.jobs.regrades` does."""
    took, longest, small = 0.0, 0.0, 0
    async with open_context(Settings(), "learning_worker") as context:
        started = time.process_time()

        async def within(work: Callable[..., Awaitable[Any]], *given: object) -> Any:
            nonlocal took, longest
            begun = time.perf_counter()
            async with context.transaction(ORGANIZATION) as session:
                done = await work(session, regrade_id, *given)
            took = time.perf_counter() - begun
            longest = max(longest, took)
            return done

        size = pace.FIRST
        while (step := await within(step_regrade, size)) is not None:
            size = pace.next_size(size, took)
            for enrollment_id in step.apart:
                await within(regrade_one, enrollment_id)
            if step.apart:
                await within(end_step, step)
            small = small or _memory()
    return {
        "seconds": time.process_time() - started,
        "longest_transaction_ms": longest * 1000,
        "grown_mb": (_memory() - small) / 1024,
    }


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_run(uuid.UUID(sys.argv[1])))))
