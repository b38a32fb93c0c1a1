"""Assignment: 100,000 of 150,000 members by one rule's run, beside the bare INSERT … SELECT; and the roll-up.

A process of its own, so that its memory is the run's alone. Prints one line of JSON. Rounds of both are interleaved.
"""

import asyncio
import json
import resource
import statistics
import time

from benchmarks.results import Mark, Result, Row
from benchmarks.stage import Stage
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from learning_service.context import Context, open_context
from learning_service.core.settings import Settings
from learning_service.domain.assignments.actions.runs import Plan, start_run, step_run
from learning_service.domain.assignments.queries.candidates import course_to_assign
from learning_service.domain.directory.rules.audience import AudienceFilter
from learning_service.domain.directory.rules.reach import Reach
from learning_service.domain.kernel.base import new_id

ORGANIZATION, ROUNDS, AGAIN, MEMBERS = "bench", 3, 3, 150_000
COURSE, VERSION = new_id(), new_id()
SEED = (
    "INSERT INTO organizations (id, name, timezone, authoring_roles, created_at, updated_at)"
    " VALUES (:o, 'Bench', 'America/New_York', '{}', now(), now())",
    "INSERT INTO regions (organization_id, id, name) SELECT :o, 'r' || g, 'R' FROM generate_series(0, 9) g",
    "INSERT INTO chapters (organization_id, id, region_id, name)"
    " SELECT :o, 'c' || g, 'r' || g % 10, 'C' FROM generate_series(0, 399) g",
    "INSERT INTO compliance_requirements (organization_id, id, name) VALUES (:o, 'hazing', 'Hazing')",
    "INSERT INTO members (organization_id, user_id, chapter_id, status, display_name, email, custom_fields,"
    " created_at, updated_at) SELECT :o, 'user-' || lpad((g * 7919 % :n)::text, 7, '0'), 'c' || g % 400,"
    " CASE WHEN g % 3 < 2 THEN 'pledge' ELSE 'active' END, 'N', 'n@example.org',"
    " jsonb_build_object('gpa', g % 5), now(), now() FROM generate_series(0, :n - 1) g",
    "INSERT INTO courses (id, organization_id, scope, self_enrollment, linked_compliance_requirement, created_by,"
    " created_at, updated_at) VALUES (:c, :o, 'national', true, 'hazing', 'x', now(), now())",
    "INSERT INTO course_versions (id, organization_id, course_id, number, title, description_html, pass_score, etag,"
    " created_at, updated_at) VALUES (:v, :o, :c, 1, 'Bench', '', 0, 'x', now(), now())",
    "UPDATE courses SET published_version_id = :v WHERE id = :c",
)
BARE = text(
    "INSERT INTO enrollments (id, organization_id, user_id, course_id, version_id, status, source, assigned_at,"
    " due_at, cause_kind, cause_id, rule_id, run_id)"
    " SELECT CAST(:prefix || substr(CAST(gen_random_uuid() AS text), 16) AS uuid), organization_id, user_id,"
    " :course, :version, 'assigned', 'rule', now(), now() + interval '9 days', 'rule', :cause, :rule, :rule"
    " FROM members WHERE organization_id = :o AND status = 'pledge' AND erased_at IS NULL ON CONFLICT DO NOTHING"
)
COUNT = text("SELECT count(*) FROM enrollments WHERE organization_id = :o")


async def _bare(context: Context) -> float:
    started = time.perf_counter()
    async with context.transaction(ORGANIZATION) as session:
        await session.execute(
            BARE,
            {
                "prefix": str(new_id())[:15],
                "course": COURSE,
                "version": VERSION,
                "cause": str(COURSE),
                "rule": COURSE,
                "o": ORGANIZATION,
            },
        )
    return time.perf_counter() - started


async def _run(context: Context) -> tuple[float, float]:
    """Seconds of a run, and of its longest transaction."""
    started, longest = time.perf_counter(), 0.0
    async with context.transaction(ORGANIZATION) as session:
        course = await course_to_assign(session, ORGANIZATION, COURSE)
        assert course is not None
        plan = Plan(
            course=course,
            audience=AudienceFilter.from_json({"status": ["pledge"]}),
            reach=Reach(national=True),
            due_at=None,
            trigger="assignment",
            started_by="bench",
        )
        run_id = await start_run(session, plan)
    more = True
    while more:
        begun = time.perf_counter()
        async with context.transaction(ORGANIZATION) as session:
            more = await step_run(session, run_id)
        longest = max(longest, time.perf_counter() - begun)
    return time.perf_counter() - started, longest


async def _as_owner(owner: AsyncEngine, statement: str, **values: object) -> None:
    async with owner.begin() as connection:
        await connection.execute(text(statement), values)


async def measure(context: Context, owner: AsyncEngine) -> dict[str, float]:
    """Interleaved rounds of both, each followed by runs with nothing to do."""
    await _seed(owner)
    bare, ours, longest, again, grown = [], [], [], [], 0
    for _ in range(ROUNDS):
        await _clear(owner)
        bare.append(await _bare(context))
        await _clear(owner)
        before = _memory()
        seconds, transaction = await _run(context)
        ours.append(seconds)
        longest.append(transaction)
        grown = max(grown, _memory() - before)
        again += [(await _run(context))[0] for _ in range(AGAIN)]
    async with context.transaction(ORGANIZATION) as session:
        rows = await session.scalar(COUNT, {"o": ORGANIZATION}) or 0
    return {
        "bare_rows_per_second": rows / statistics.median(bare),
        "run_rows_per_second": rows / statistics.median(ours),
        "run_s": statistics.median(ours),
        "longest_transaction_ms": statistics.median(longest) * 1000,
        "client_growth_kib": grown,
        "nothing_to_do_s": statistics.median(again),
    }


async def _seed(owner: AsyncEngine) -> None:
    everything: dict[str, object] = {"o": ORGANIZATION, "c": COURSE, "v": VERSION, "n": MEMBERS}
    async with owner.begin() as connection:
        # Foreign keys rest while what is measured later is loaded.
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in SEED:
            used = {name: value for name, value in everything.items() if f":{name}" in statement}
            await connection.execute(text(statement), used)
    async with owner.connect() as connection:
        plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await plain.execute(text("VACUUM (ANALYZE)"))


async def _clear(owner: AsyncEngine) -> None:
    await _as_owner(owner, "TRUNCATE enrollments CASCADE")
    await _as_owner(owner, "TRUNCATE events, outbox CASCADE")


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


async def _both_roles() -> dict[str, float]:
    settings = Settings()
    async with open_context(settings, "learning_worker") as context:
        owner = create_async_engine(settings.database_url)
        try:
            return await measure(context, owner)
        finally:
            await owner.dispose()


def rows(stage: Stage) -> list[Row]:
    """The marks of assignment."""
    found = stage.figures("benchmarks.assign", "assign")
    ours, limit = found["run_rows_per_second"], found["bare_rows_per_second"]
    again = found["nothing_to_do_s"] / found["run_s"]
    return [
        Row(Result("assign", ours, "members a second", limit, ours / limit), ratio=Mark(0.75)),
        Row(
            Result("assign: memory", found["client_growth_kib"] / 1024, "MB more in the client"),
            ours=Mark(10, at_most=True),
        ),
        Row(
            Result("assign: transaction", found["longest_transaction_ms"], "ms, the longest"),
            ours=Mark(500, at_most=True),
        ),
        Row(
            Result("assign: again", found["nothing_to_do_s"], "s, all assigned", found["run_s"], again),
            ratio=Mark(0.1, at_most=True),
        ),
    ]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_both_roles())))
