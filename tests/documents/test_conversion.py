"""Presentations to PDF by the real LibreOffice in its real sandbox, and what tries to get out of it."""

import asyncio
import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from pypdf import PdfReader
from tests.documents.hostile import hostile_files
from tests.kit import documents as files
from tests.kit.sending import convert_all, seen, send
from tests.kit.world import World

from learning_service.adapters.confinement import MIB, remove_leftovers, work_directory, work_root
from learning_service.adapters.office import Office, find_office
from learning_service.core.settings import Settings
from learning_service.domain.documents.rules import Refused

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(180),
    pytest.mark.skipif(
        find_office() is None or shutil.which("bwrap") is None, reason="LibreOffice or bwrap is not here"
    ),
]


@dataclass
class Listener:
    """A server that only notes that somebody came."""

    address: str
    heard: list[bytes]


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    heard: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1000))
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield Listener(f"http://127.0.0.1:{port}", heard)


def office(**changes: object) -> Office:
    program = find_office()
    assert program is not None
    values: dict[str, object] = {
        "program": program, "sandbox": "bwrap", "seconds": 60, "memory": 2048 * MIB, "output": 200 * MIB, **changes
    }  # fmt: skip
    return Office(**values)  # type: ignore[arg-type]


def running_with(word: str) -> dict[int, str]:
    """Command lines of running processes that have this word in them, by process."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if word in line and "pytest" not in line:
                found[int(path.parent.name)] = line
    return found


def processes_with(word: str) -> list[str]:
    """Those command lines alone."""
    return list(running_with(word).values())


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work directories of this test alone: other processes run tests beside this one, and leave and remove theirs."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """After the test nothing runs and nothing lies about."""
    remove_leftovers()
    yield
    assert processes_with(str(work_root())) == []
    assert list(work_root().glob("*")) == []


async def fetched(world: World, document_id: str) -> bytes:
    shown = await world.admin("GET", f"/api/documents/{document_id}/file/")
    async with httpx.AsyncClient() as browser:
        return (await browser.get(shown.headers["location"])).content


def as_ppt(deck: bytes, directory: Path) -> bytes:
    """The deck as PowerPoint 97 wrote them."""
    (directory / "a.pptx").write_bytes(deck)
    profile = f"-env:UserInstallation=file://{directory}/profile"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", "ppt", "--outdir", str(directory), "a.pptx"],
        cwd=directory,
        check=True,
        capture_output=True,
    )
    return (directory / "a.ppt").read_bytes()


async def test_presentations_of_every_kind_become_pdf(
    world: World, tmp_path: Path, nothing_left: None
) -> None:
    link = ("rIdX", "hyperlink", "https://example.org/")
    film = ("rIdX", "video", "file:///C:/films/exit.wmv")
    decks = {
        "pptx": (files.pptx(3, relation=link, external=True), 3),
        "film": (files.pptx(1, relation=film, external=True), 1),
        "odp": (files.odp(text="Two ways out of every room"), 1),
        "ppt": (as_ppt(files.pptx(2), tmp_path), 2),
    }
    sent = {name: (await send(world.admin, body, f"{name}.bin")).json() for name, (body, _) in decks.items()}
    assert all(one["status"] == "converting" for one in sent.values())
    await convert_all(world)
    for name, (body, pages) in decks.items():
        ready = await seen(world, sent[name]["id"])
        assert (ready["status"], ready["pages"], ready["error"]) == ("ready", pages, None), name
        text = PdfReader(io.BytesIO(await fetched(world, ready["id"]))).pages[0].extract_text()
        assert "Two ways out of every room" in " ".join(text.split()), name
        again = (await send(world.admin, body)).json()
        assert (again["id"], again["status"]) == (ready["id"], "ready"), "the same bytes convert once"


async def test_hidden_slides_are_left_out_or_shown_and_a_deck_of_them_alone_says_so(
    world: World, tmp_path: Path, nothing_left: None
) -> None:
    some, every = files.pptx(3, hidden=frozenset({2})), files.pptx(2, hidden=frozenset({1, 2}))
    decks = {
        "some": (some, {}, ("ready", 2, None)),
        "all of them": (some, {"hidden_slides": "include"}, ("ready", 3, None)),
        "none is left": (every, {}, ("failed", None, "all-hidden")),
        "none is left, as PowerPoint 97 wrote it": (as_ppt(every, tmp_path), {}, ("failed", None, "all-hidden")),
        "both": (every, {"hidden_slides": "include"}, ("ready", 2, None)),
        "no slides": (files.pptx(0), {}, ("failed", None, "no-slides")),
        "no slides, as PowerPoint 97 wrote it": (
            _without_slides(as_ppt(files.pptx(1), tmp_path)), {}, ("failed", None, "no-slides"),
        ),
    }  # fmt: skip
    sent = {}
    for name, (body, choice, _) in decks.items():
        answer = await world.admin("POST", "/api/documents/", files={"file": ("a", body)}, data=choice)
        sent[name] = answer.json()["id"]
    await convert_all(world)
    for name, (_, _, expected) in decks.items():
        found = await seen(world, sent[name])
        assert (found["status"], found["pages"], found["error_code"]) == expected, name


def _without_slides(deck: bytes) -> bytes:
    """An old presentation whose list of slides names none: each of its entries is made a record of no meaning."""
    entry = b"\x00\x00\xf3\x03\x14\x00\x00\x00"
    assert entry in deck
    return deck.replace(entry, b"\x00\x00\xf4\x0f\x14\x00\x00\x00")


async def test_hostile_files_in_a_row_while_a_good_one_waits(
    world: World, listener: Listener, nothing_left: None
) -> None:
    expected = {}
    for name, body, reasons in hostile_files(listener.address):
        answer = await send(world.admin, body, f"{name}/../\r\n{'x' * 300}.pptx")
        assert answer.status_code == 202, (name, answer.text)
        expected[answer.json()["id"]] = (name, reasons)
    good = (await send(world.admin, files.pptx(2))).json()
    assert len(expected) >= 12
    await convert_all(world)
    for document_id, (name, reasons) in expected.items():
        failed = await seen(world, document_id)
        assert (failed["status"], failed["error_code"] in reasons) == ("failed", True), (name, failed)
        assert len(failed["error"]) > 30
    ready = await seen(world, good["id"])
    assert (ready["status"], ready["pages"]) == ("ready", 2)
    assert listener.heard == []


async def test_the_sandbox_holds_where_inspection_would_let_a_link_through(
    listener: Listener, tmp_path: Path, nothing_left: None
) -> None:
    image = ("rIdX", "image", f"{listener.address}/a.png")
    deck = files.pptx(relation=image, show="r:link", external=True)
    with work_directory() as directory:
        (directory / "deck.pptx").write_bytes(deck)
        assert (await office().convert(directory / "deck.pptx", directory)).stat().st_size > 1000
    assert listener.heard == []
    with work_directory() as directory:
        (directory / "deck.pptx").write_bytes(deck)
        await office(sandbox="none").convert(directory / "deck.pptx", directory)
    assert listener.heard == [], "the settings alone hold too"
    (tmp_path / "deck.pptx").write_bytes(deck)
    plain = await asyncio.create_subprocess_exec(
        "soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless",
        "--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "deck.pptx"),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await plain.wait()
    assert listener.heard, "without any of it LibreOffice does ask, so this test can fail"


@pytest.mark.parametrize(
    ("script", "limits", "code"),
    [
        ("trap '' TERM HUP; sh -c \"trap '' TERM; sleep 600\" & sleep 600", {"seconds": 1}, "too-slow"),
        ("sleep 600 >/dev/null & exec 1>&-; sleep 600", {"seconds": 1}, "too-slow"),
        ("cat /dev/zero > out/a; cat /dev/zero > out/b; sleep 60", {"output": 5 * MIB}, "too-greedy"),
        ("for n in 1 2 3; do head -c 4000000 /dev/zero > tmp/$n; done; sleep 60", {"output": 9 << 20}, "too-greedy"),
        ("kill -SEGV $$", {}, "too-greedy"),
        ("exit 0", {}, "not-convertible"),
        ("ln -s /etc/passwd out/deck.pdf", {}, "not-convertible"),
    ],
)  # fmt: skip
async def test_a_converter_that_misbehaves_is_ended_whole(
    script: str, limits: dict[str, object], code: str, tmp_path: Path, nothing_left: None
) -> None:
    program = tmp_path / "soffice.bin"
    program.write_text(f"#!/bin/sh\n# {work_root()}\n{script}\n")
    program.chmod(0o755)
    rogue = office(program=program, sandbox="none", **{"seconds": 20, **limits})
    with work_directory() as directory:
        (directory / "deck.pptx").write_bytes(files.pptx())
        with pytest.raises(Refused) as refused:
            await rogue.convert(directory / "deck.pptx", directory)
    assert refused.value.code == code
    assert processes_with("sleep 600") == []


async def test_a_killed_converter_leaves_nothing_and_its_document_is_converted(
    world: World, settings: Settings
) -> None:
    remove_leftovers()
    made = (await send(world.admin, files.pptx(120))).json()
    given = settings.model_dump(include={"database_url", "s3_endpoint_url", "s3_access_key_id"})
    environment = {
        **os.environ,
        **{name.upper(): value for name, value in given.items()},
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "S3_SECRET_ACCESS_KEY": settings.s3_secret_access_key.get_secret_value(),  # type: ignore[union-attr]
        "ENVIRONMENT": "development",
        "JOB_LEASE_SECONDS": "2",
    }
    argv = [sys.executable, "-m", "learning_service.cli.app", "converter"]
    process = await asyncio.create_subprocess_exec(*argv, env=environment, stderr=asyncio.subprocess.DEVNULL)
    for _ in range(600):
        # The LibreOffice that runs may be another test's.
        if any(work_root().glob("*")) and processes_with("soffice.bin -env:UserInstallation=file:///work"):
            break
        await asyncio.sleep(0.05)
    else:
        pytest.fail("the converter did not begin")
    # Such as would never end by itself.
    stopped = list(running_with("soffice.bin -env:UserInstallation=file:///work"))
    for number in stopped:
        os.kill(number, signal.SIGSTOP)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    for _ in range(200):
        if not set(running_with("soffice.bin")) & set(stopped):
            break
        await asyncio.sleep(0.1)
    else:
        for number in stopped:
            os.kill(number, signal.SIGKILL)
        pytest.fail("LibreOffice goes on without its converter")
    assert (await seen(world, made["id"]))["status"] == "converting"
    assert remove_leftovers() == 1
    await asyncio.sleep(2)
    await convert_all(world)
    ready = await seen(world, made["id"])
    assert (ready["status"], ready["pages"]) == ("ready", 120)
    assert list(work_root().glob("*")) == []
