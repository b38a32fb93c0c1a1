"""What is large is worked on in another process: it is bounded, and its end is a refusal and no hang."""

import asyncio
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from tests.kit.elsewhere import Thing
from tests.kit.exchange import done
from tests.kit.processes import ROOT

from learning_service.domain.courses.rules.importing import Room
from learning_service.domain.courses.rules.richtext import sanitize_html
from learning_service.domain.courses.rules.taking import Taking
from learning_service.domain.kernel import large_work
from learning_service.domain.kernel.errors import Invalid, Unavailable
from learning_service.domain.kernel.large_work import LARGE, workroom
from learning_service.domain.questions.rules.exchange.formats import UnknownFormat


def gone(process: int) -> None:
    """Wait until a process is no more."""
    by = time.monotonic() + 20
    while time.monotonic() < by:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("it is still there")


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    yield
    if large_work._helping._helper is not None:
        large_work._helping._helper.end()


async def test_what_is_small_stays_here_and_what_is_large_does_not() -> None:
    async with workroom("a", "x", Thing, size=LARGE - 1) as small:
        assert await small.do(Thing.process) == os.getpid()
    async with workroom("a", "x", Thing, size=LARGE) as large, workroom("b", "x", Thing, size=LARGE) as other:
        process = await large.do(Thing.process)
        assert process != os.getpid()
        assert await other.do(Thing.process) == process, "one process for all"
        assert os.getpriority(os.PRIO_PROCESS, process) > os.getpriority(os.PRIO_PROCESS, 0)
        assert (await large.do(Thing.counted, 2), await large.do(Thing.counted, 1)) == (2, 3)
        assert await other.do(Thing.counted, 1) == 1, "each has its own thing"


@pytest.mark.parametrize("size", [0, LARGE])
async def test_a_question_file_is_the_same_here_and_there(size: int) -> None:
    content = b"One? {=right ~wrong}\n\nOne? {=right ~wrong}\n\nTwo {=a <script>b</script> a ~c}\n\nBad? {"
    new_key = partial(uuid.UUID, int=7)
    async with workroom("a", "x", Taking, size=size) as taker:
        head = await taker.do(Taking.read, content)
        assert await taker.do(Taking.clean, sanitize_html, ()) == frozenset()
        assert await taker.do(Taking.judge, Room(10), (), new_key) == []
        _, rows = await taker.do(Taking.rows, {}, 5, new_key)
        outcome = await taker.do(Taking.outcome, False)
    here = Taking()
    assert done(here.read(content)) == head
    done(here.clean(sanitize_html, ()))
    done(here.judge(Room(10), (), new_key))
    assert done(here.rows({}, 5, new_key))[1] == rows
    assert done(here.outcome(False)) == outcome
    assert [row["position"] for row in rows] == [6, 7]
    assert outcome.count["refused"] == 1


async def test_refusals_come_back_as_they_are_and_accidents_with_their_words() -> None:
    async with workroom("a", "x", Thing, size=LARGE) as large:
        with pytest.raises(Invalid) as refused:
            await large.do(Thing.refuses)
        assert refused.value.faults == Invalid.at("/here", "is wrong", "too-many", {"most": 3}).faults
        with pytest.raises(RuntimeError, match="1 of 2"):
            await large.do(Thing.stumbles)
        assert await large.do(Thing.counted, 1) == 1
    async with workroom("a", "x", Taking, size=LARGE) as taker:
        with pytest.raises(UnknownFormat, match="neither GIFT"):
            await taker.do(Taking.read, b"nothing")


@pytest.mark.parametrize("end", [Thing.dies, Thing.grows])
async def test_its_end_is_a_refusal_for_all_who_are_in_it_and_the_next_one_gets_another(end: Any) -> None:
    async with workroom("a", "x", Thing, size=LARGE) as one, workroom("b", "x", Thing, size=LARGE) as two:
        with pytest.raises(Unavailable, match="try again"):
            await one.do(end)
        with pytest.raises(Unavailable):
            await two.do(Thing.counted, 1)
    async with workroom("a", "x", Thing, size=LARGE) as next_one:
        assert await next_one.do(Thing.counted, 1) == 1


async def test_who_gives_no_answer_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    async with workroom("a", "x", Thing, size=LARGE) as large:
        process = await large.do(Thing.process)
        monkeypatch.setattr("learning_service.domain.kernel.helper_process.PATIENCE", 0.3)
        with pytest.raises(Unavailable):
            await large.do(Thing.stays)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


async def test_who_leaves_leaves_a_piece_behind_at_most() -> None:
    async with workroom("b", "x", Thing, size=LARGE) as other:
        await other.do(Thing.counted, 1)

        async def long() -> None:
            async with workroom("a", "x", Thing, size=LARGE) as large:
                await large.do(Thing.counted, 10_000)

        task = asyncio.create_task(long())
        await asyncio.sleep(0.3)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        before = time.monotonic()
        await other.do(Thing.process)
        assert time.monotonic() - before < 5, "a hundred seconds of work would be left"


async def test_an_idle_one_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_work, "IDLE_SECONDS", 0.05)
    async with workroom("a", "x", Thing, size=LARGE) as large:
        process = await large.do(Thing.process)
        await asyncio.sleep(0.2)
        assert await large.do(Thing.process) == process
    await asyncio.to_thread(gone, process)


async def test_it_has_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    async with workroom("a", "x", Thing, size=LARGE) as large:
        assert (await large.do(Thing.sees)).keys() <= {"PATH", "PYTHONPATH", "LC_CTYPE"}


ORPHAN = """
import asyncio, os
from learning_service.domain.courses.rules.taking import Taking
from learning_service.domain.kernel import large_work
async def main():
    async with large_work.workroom("a", "x", Taking, size=large_work.LARGE):
        print(large_work._helping._helper._process.pid, flush=True)
        os.kill(os.getpid(), 9)
asyncio.run(main())
"""


def test_it_ends_with_its_parent_even_where_that_is_killed() -> None:
    ran = subprocess.run([sys.executable, "-c", ORPHAN], cwd=ROOT, capture_output=True, text=True, timeout=60)
    process = int(ran.stdout)
    gone(process)
