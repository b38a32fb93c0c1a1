"""A timed assessment at its end: learners who save every ten seconds and all submit in the last minute.

Load is open: each learner goes by the clock, whatever the server does. The row holds the p99 of 8,000 learners, that
none was refused and none lost, and what a learner costs beside the same in the alternative: so many more
learners the same processor serves. Both have so many learners that about half of the processor is busy in the last
minute, since how many it serves is decided where it is full. `DEADLINE_SECONDS` adds time before the last minute,
`DEADLINE_LEARNERS` changes how many there are.
"""

import asyncio
import json
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.http_rows import Hall, request, run_values
from benchmarks.people import ORGANIZATION, execute, run
from benchmarks.results import Mark, Result, Row
from benchmarks.school import QUESTIONS, TEXT, School
from benchmarks.stage import Server, family_seconds
from benchmarks.wire import Tally, Wire, sleep_until

LEARNERS = int(os.environ.get("DEADLINE_LEARNERS", "8000"))
FEWER, FIRST, EVERY, LAST = LEARNERS // 8, 70_000, 10.0, 60.0
"""Learners of the alternative; the first member who takes part; seconds between saves; those of the last minute."""
BEFORE = float(os.environ.get("DEADLINE_SECONDS", "0"))
STARTING = 40.0
"""Seconds in which all start."""
_ENROLLED = """
INSERT INTO enrollments (id, organization_id, user_id, course_id, version_id, status, source, assigned_at, started_at,
    cause_kind, cause_id)
SELECT gen_random_uuid(), organization_id, 'user-' || g, course_id, version_id, 'in_progress', 'self', now(), now(),
    'person', 'user-' || g
FROM (SELECT organization_id, course_id, id AS version_id FROM course_versions WHERE id = '{version}') v,
    generate_series({first}, {first} + {count} - 1) g
"""


@dataclass
class Outcome:
    """What a crowd found: answers, learners whose work is kept whole, processor seconds of server and database."""

    tally: Tally
    kept: int
    seconds: float


def deadline(hall: Hall) -> Row:
    """The last minute of a timed assessment."""
    quiz = _assessment(hall)
    ours = _crowd(hall, hall.service, quiz, FIRST, LEARNERS)
    theirs = _crowd(hall, hall.drf, quiz, FIRST + LEARNERS, FEWER)
    each, other = ours.seconds / LEARNERS * 1e3, theirs.seconds / FEWER * 1e3
    lost = LEARNERS - ours.kept
    for name, found, learners in (("service", ours, LEARNERS), ("drf", theirs, FEWER)):
        tally = found.tally
        hall.details.append(
            f"deadline  {name:8} {learners} learners, {len(tally.took)} calls, p50 {tally.part(0.5):.0f} ms,"
            f" p99 {tally.part(0.99):.0f} ms, refused {len(tally.bad)}, lost {learners - found.kept},"
            f" {found.seconds / learners * 1e3:.1f} ms CPU a learner"
        )
        hall.details += tally.bad[:3]
    if ours.tally.bad or lost:
        raise SystemExit("\n".join(["the deadline lost or refused something:", *hall.details]))
    result = Result(
        "deadline",
        ours.tally.part(0.99),
        f"ms, p99 of {LEARNERS} learners; times: ms CPU a learner",
        each,
        None,
        other,
        other / each,
    )
    return Row(result, ours=Mark(300, at_most=True), times=Mark(6))


def _assessment(hall: Hall) -> str:
    """A published course with a timed assessment of twenty questions."""
    answers = [{"text": text, "is_correct": text == "right"} for text in ("right", "wrong", "odd", "none")]
    questions = [
        {"type": "multiple_choice", "prompt_html": f"<p>Which? {n}</p>", "points": 1, "answers": answers}
        for n in range(QUESTIONS)
    ]
    lesson = {"kind": "lesson", "title": "Read", "body_html": TEXT}
    assessment = {"title": "Final", "pass_score": 80, "time_limit_seconds": 7200, "questions": questions}
    school = School(hall.stage, hall.service)
    course = school.course("Final", [{"title": "All", "items": [lesson]}], assessment=assessment)
    [version] = run_values(hall.url, f"SELECT published_version_id FROM courses WHERE id = '{course}'")
    [quiz] = run_values(hall.url, f"SELECT id FROM quizzes WHERE version_id = '{version}'")
    enrolled = _ENROLLED.format(version=version, first=FIRST, count=LEARNERS + FEWER)
    run(execute(hall.url, enrolled, "ANALYZE enrollments"))
    return quiz


def _crowd(hall: Hall, server: Server, quiz: str, first: int, learners: int) -> Outcome:
    tokens = {n: hall.stage.token(ORGANIZATION, f"user-{n}") for n in range(first, first + learners)}
    postgres = hall.stage.parts.own["postgres"].process.pid
    assert postgres is not None

    def busy() -> float:
        return family_seconds(server.process.pid) + family_seconds(postgres)

    tally, seconds, saved = asyncio.run(_sit(server.port, quiz, tokens, busy))
    kept = 0
    mine = {f"user-{n}": least for n, least in saved.items()}
    rows = run_values(
        hall.url,
        f"SELECT json_build_array(user_id, status, (SELECT count(*) FROM jsonb_object_keys(responses)))::text"
        f" FROM quiz_attempts WHERE quiz_id = '{quiz}'",
    )
    for user, status, count in map(json.loads, rows):
        kept += user in mine and status != "in_progress" and count >= mine[user]
    return Outcome(tally, kept, seconds)


async def _sit(
    port: int, quiz: str, tokens: dict[int, str], busy: Callable[[], float]
) -> tuple[Tally, float, dict[int, int]]:
    """All start, then save and submit; how many answers of each learner were acknowledged."""
    wire, started, tally = Wire(port), Tally(), Tally()
    chance = random.Random(len(tokens))
    papers: dict[int, dict[str, object]] = {}
    before, began = busy(), time.perf_counter()

    async def begin(place: int, n: int) -> None:
        await sleep_until(began + STARTING * place / len(tokens))
        body = await started.ask(wire, request(f"/api/assessments/{quiz}/attempts/", tokens[n], "{}"))
        papers[n] = json.loads(body)

    await asyncio.gather(*(begin(place, n) for place, n in enumerate(tokens)))
    if started.bad:
        raise SystemExit(f"an assessment did not start: {started.bad[0]}")
    opens, acknowledged = time.perf_counter() + 0.5, dict.fromkeys(tokens, 0)
    ends = opens + BEFORE + LAST

    async def sit(n: int) -> None:
        paper, path = papers[n], f"/api/attempts/{papers[n]['attempt_id']}/"
        questions = list(paper["questions"])  # type: ignore[call-overload]
        leaves = chance.uniform(ends - LAST, ends)
        due, turn = opens + chance.uniform(0, EVERY), 0
        while due < leaves:
            await sleep_until(due)
            asked = questions[turn % len(questions)]
            given = {"question_id": asked["id"], "answer_ids": [asked["answers"][turn % 4]["id"]]}
            bad = len(tally.bad)
            await tally.ask(
                wire, request(path, tokens[n], json.dumps({"responses": [given]}), method="PATCH")
            )
            turn, due = turn + 1, due + EVERY
            if len(tally.bad) == bad:
                acknowledged[n] = min(turn, len(questions))
        await sleep_until(leaves)
        body = json.dumps({"attempt_id": paper["attempt_id"], "responses": []})
        await tally.ask(wire, request(f"/api/assessments/{quiz}/submit/", tokens[n], body))

    await asyncio.gather(*map(sit, tokens))
    wire.close()
    return tally, busy() - before, acknowledged


ROWS = {"deadline": deadline}
