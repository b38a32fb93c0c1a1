"""The pool: how many processes there are, and what ends one. `tests/certificates/test_pdfs.py` has its deaths."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.kit.elsewhere import begun, refuse
from tests.kit.waiting import until

from learning_service.adapters import processes
from learning_service.adapters.processes import ProcessDied, ProcessPool

LONG = 1_000_000.0


@pytest.fixture
async def pool() -> AsyncIterator[ProcessPool]:
    made = ProcessPool(2)
    yield made
    await made.close()


def said(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def is_there(pid: int) -> bool:
    """Whether it runs: one that its parent has yet to take note of does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in ("Z", "X")


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def pid_in(path: Path) -> int:
    async def written() -> bool:
        return said(path) != ""

    await until(written)
    return int(said(path))


async def gone(pid: int) -> None:
    async def ended() -> bool:
        return not is_there(pid)

    await until(ended)


async def test_one_process_does_what_comes_one_after_the_other(
    pool: ProcessPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "START_SECONDS", LONG)
    first = await pool.run(os.getpid)
    assert first != os.getpid()
    assert set(await asyncio.gather(*(pool.run(os.getpid) for _ in range(8)))) == {first}


async def test_another_is_started_for_what_has_waited(
    pool: ProcessPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(processes, "START_SECONDS", 0.01)
    monkeypatch.setattr(processes, "REST_SECONDS", 0.01)
    long = tmp_path / "long"
    busy = asyncio.create_task(pool.run(begun, str(long)))
    first = await pid_in(long)
    second = await pool.run(os.getpid)
    assert second not in (first, os.getpid())
    await gone(second)
    long.unlink()
    assert await busy == first
    assert await pool.run(os.getpid) == first


async def test_there_are_no_more_than_the_pool_may_have(
    pool: ProcessPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(processes, "START_SECONDS", 0.01)
    paths = [tmp_path / "one", tmp_path / "two"]
    busy = [asyncio.create_task(pool.run(begun, str(path))) for path in paths]
    pids = {await pid_in(path) for path in paths}
    waits = asyncio.create_task(pool.run(os.getpid))
    done, _ = await asyncio.wait([waits], timeout=0.2)
    assert not done
    for path in paths:
        path.unlink()
    assert set(await asyncio.gather(*busy)) == pids
    assert await waits in pids


async def test_what_nobody_waits_for_any_more_is_stopped(pool: ProcessPool, tmp_path: Path) -> None:
    long = tmp_path / "long"
    busy = asyncio.create_task(pool.run(begun, str(long)))
    first = await pid_in(long)
    busy.cancel()
    with pytest.raises(asyncio.CancelledError):
        await busy
    await gone(first)
    assert await pool.run(os.getpid) != first


async def test_a_death_is_of_one_piece_of_work(
    pool: ProcessPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(processes, "START_SECONDS", 0.01)
    long = tmp_path / "long"
    busy = asyncio.create_task(pool.run(begun, str(long)))
    first = await pid_in(long)
    with pytest.raises(ProcessDied):
        await pool.run(os.abort)
    long.unlink()
    assert await busy == first


async def test_nothing_is_left_to_be_done_after_the_end(
    pool: ProcessPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(processes, "LAST_REST_SECONDS", 0.05)
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    await pool.run(abs, -1)
    await pool.close()
    working = asyncio.create_task(pool.run(begun, str(tmp_path / "begun")))
    await pid_in(tmp_path / "begun")
    await pool.close()
    with pytest.raises(ProcessDied):
        await working
    await asyncio.sleep(0.2)
    assert faults == []


async def test_what_is_printed_and_what_cannot_be_sent_disturb_nothing(pool: ProcessPool) -> None:
    await pool.run(print, "not an answer")
    with pytest.raises(RuntimeError, match="Unsendable"):
        await pool.run(refuse, "this")
    with pytest.raises(ZeroDivisionError):
        await pool.run(divmod, 1, 0)
    large = b"x" * 3_000_000
    assert await pool.run(bytes, large) == large


async def test_a_process_is_not_told_the_secrets_of_its_parent(
    pool: ProcessPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEYS", "of the worker")
    assert await pool.run(os.getenv, "SECRET_KEYS") is None
    assert await pool.run(os.getenv, "PATH") == os.environ["PATH"]


WORK = """
import sys
from learning_service.adapters import pool_process, pool_work
from learning_service.core.loading import loading
with loading():
    from learning_service.adapters import badge_picture, certificate_pdf, certificate_picture
    from learning_service.adapters import mail_logo, transcript_pdf
for name in ("asyncio", "babel", "cryptography", "pydantic_core", "pyhanko", "pyld", "sqlalchemy", "typer"):
    assert name not in sys.modules, name
# It works out expressions.
assert "reportlab.lib.rl_safe_eval" not in sys.modules
"""


def test_what_draws_loads_no_keys_no_models_no_database_and_no_client() -> None:
    subprocess.run([sys.executable, "-c", WORK], check=True)
