"""Pictures of an import: documents of the one who sends it, and nothing is left where it comes to nothing."""

import asyncio
import base64
from typing import Any

import httpx
import pytest
from tests.kit.documents import picture
from tests.kit.quiz_taker import quiz, tree
from tests.kit.sending import settled
from tests.kit.world import Caller, Json, World, choice

from learning_service.adapters.storage import ObjectStore, StoreUnavailable

pytestmark = pytest.mark.usefixtures("looks_here")

PNG, OTHER = picture(), picture(color="#ff0000")


def question(name: str, *pictures: bytes) -> str:
    images = "".join(f'<img src="@@PLUGINFILE@@/{n}.png">' for n in range(len(pictures)))
    files = "".join(
        f'<file name="{n}.png" path="/" encoding="base64">{base64.b64encode(content).decode()}</file>'
        for n, content in enumerate(pictures)
    )
    return (
        '<question type="truefalse"><questiontext format="html"><text>'
        f"<![CDATA[<p>{name}{images}</p>]]></text>{files}"
        '</questiontext><answer fraction="100"><text>true</text></answer></question>'
    )


FILE = f"<quiz>{question('One', PNG, OTHER)}{question('Two', PNG)}{question('Three')}</quiz>"


async def draft_of(world: World) -> str:
    course = await world.course(tree(quiz(choice())))
    return f"/api/courses/{course['id']}/draft/"


async def bank_of(world: World) -> str:
    made = await world.admin.ok("POST", "/api/question-banks/", {"title": "Law", "scope": "national"})
    return f"/api/question-banks/{made['id']}/"


async def send(caller: Caller, path: str, content: str = FILE, query: str = "") -> httpx.Response:
    sent: httpx.Response = await caller(
        "POST", f"{path}imports/{query}", files={"file": ("q.xml", content.encode())}
    )
    return sent


async def ok(caller: Caller, path: str, content: str = FILE, query: str = "") -> Json:
    sent = await send(caller, path, content, query)
    assert sent.status_code == 200, sent.text
    report: Json = sent.json()
    return report


async def prompts(world: World, path: str) -> list[str]:
    if "courses" not in path:
        return [one["prompt_html"] for one in (await world.admin.ok("GET", f"{path}questions/"))["items"]]
    draft = await world.admin.ok("GET", path)
    return [q["prompt_html"] for m in draft["modules"] for i in m["items"] for q in i["questions"]][1:]


async def documents(world: World) -> list[Json]:
    found: list[Json] = (await world.admin.ok("GET", "/api/documents/"))["items"]
    return sorted(found, key=lambda one: one["name"])


async def stored(world: World) -> int:
    return len([key async for key in world.worker.store.keys("documents/")])


@pytest.mark.parametrize("make", [draft_of, bank_of])
async def test_pictures_become_documents_that_are_checked_and_shown(world: World, make: Any) -> None:
    path = await make(world)
    before = await stored(world)
    report = await ok(world.admin, path)
    assert [q["status"] for q in report["questions"]] == ["accepted"] * 3
    first, second = await documents(world)
    assert [(one["name"], one["media_type"]) for one in (first, second)] == [
        ("0.png", "image/png"),
        ("1.png", "image/png"),
    ]
    images = [f'<img src="document:{one["id"]}">' for one in (first, second)]
    assert await prompts(world, path) == [
        f"<p>One{images[0]}{images[1]}</p>",
        f"<p>Two{images[0]}</p>",
        "<p>Three</p>",
    ]
    assert [(await settled(world, one["id"]))["status"] for one in (first, second)] == ["ready", "ready"]
    assert await stored(world) == before + 2


@pytest.mark.parametrize("make", [draft_of, bank_of])
async def test_the_same_file_adds_neither_questions_nor_files_whoever_sends_it(
    world: World, make: Any
) -> None:
    path = await make(world)
    first = await ok(world.admin, path)
    shown, before = await prompts(world, path), await stored(world)
    other = world.call_as("chief", "national_admin")
    for caller in (world.admin, other):
        again = await ok(caller, path)
        assert [q["messages"][0]["code"] for q in again["questions"]] == ["duplicate"] * 3
        assert [q["key"] for q in again["questions"]] == [q["key"] for q in first["questions"]]
    assert (await prompts(world, path), await stored(world), len(await documents(world))) == (
        shown,
        before,
        2,
    )


async def test_a_dry_run_keeps_no_file(world: World) -> None:
    path = await draft_of(world)
    before = await stored(world)
    assert (await ok(world.admin, path, query="?dry_run=true"))["accepted"] == 3
    assert (await stored(world), await documents(world)) == (before, [])


async def test_two_at_once_keep_each_file_once(world: World) -> None:
    path = await bank_of(world)
    before = await stored(world)
    reports = await asyncio.gather(*(ok(world.admin, path) for _ in range(3)))
    assert sorted(report["accepted"] for report in reports) == [0, 0, 3]
    assert (await stored(world), len(await documents(world))) == (before + 2, 2)


async def test_what_is_more_than_the_organization_may_store_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await draft_of(world)
    before = await stored(world)
    monkeypatch.setattr("learning_service.api.question_files.MIB", 0)
    refused = await send(world.admin, path)
    assert (refused.status_code, refused.json()["code"]) == (413, "quota-exceeded")
    assert (await stored(world), await documents(world), await prompts(world, path)) == (before, [], [])


@pytest.mark.parametrize("make", [draft_of, bank_of])
async def test_a_question_that_names_an_unknown_document_is_refused_and_the_others_come_in(
    world: World, make: Any
) -> None:
    path = await make(world)
    unknown = "00000000-0000-7000-8000-000000000000"
    content = f'a {{T}}\n\n[html]<p>b<img src="document:{unknown}"></p> {{T}}'.replace("=", "\\=").replace(
        "t:", "t\\:"
    )
    report = await ok(world.admin, path, content)
    assert [(q["status"], [m["code"] for m in q["messages"]]) for q in report["questions"]] == [
        ("accepted", []),
        ("refused", ["not-known"]),
    ]
    assert await prompts(world, path) == ["<p>a</p>"]


async def test_while_the_store_is_away_nothing_changes_and_the_sender_may_come_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await draft_of(world)

    async def away(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("cannot store")

    with monkeypatch.context() as patch:
        patch.setattr(ObjectStore, "put", away)
        refused = await send(world.admin, path)
        uploaded = await world.admin("POST", "/api/documents/", files={"file": ("a.png", PNG)})
    for answer in (refused, uploaded):
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert "retry-after" in answer.headers
    assert (await documents(world), await prompts(world, path)) == ([], [])
    assert (await ok(world.admin, path))["accepted"] == 3


@pytest.mark.parametrize("form", ["moodle-xml", "qti-2.1", "gift"])
async def test_an_export_takes_its_pictures_to_another_organization(
    world: World, other_world: World, form: str
) -> None:
    path, there = await bank_of(world), await bank_of(other_world)
    await ok(world.admin, path)
    exported = await world.admin("GET", f"{path}export/?format={form}")
    sent = await other_world.admin("POST", f"{there}imports/", files={"file": ("q", exported.content)})
    assert (sent.status_code, sent.json()["accepted"]) == (200, 3), sent.text
    found = [one["prompt_html"] for one in (await other_world.admin.ok("GET", f"{there}questions/"))["items"]]
    assert [prompt.count('<img src="document:') for prompt in found] == [2, 1, 0]
    files = await documents(other_world)
    assert len(files) == 2
    for one in files:
        assert (await settled(other_world, one["id"]))["status"] == "ready"


@pytest.mark.parametrize("form", ["moodle-xml", "qti-2.1", "gift"])
async def test_a_version_is_exported_with_its_pictures(world: World, form: str) -> None:
    path = await draft_of(world)
    await ok(world.admin, path)
    for one in await documents(world):
        assert (await settled(world, one["id"]))["status"] == "ready"
    await world.admin.ok("POST", f"{path.removesuffix('draft/')}publish/")
    exported = await world.admin("GET", f"{path.replace('draft', 'versions/2')}export/?format={form}")
    assert exported.status_code == 200, exported.text
    bank = await bank_of(world)
    report = await world.admin("POST", f"{bank}imports/", files={"file": ("q", exported.content)})
    assert (report.json()["accepted"], report.json()["warned"]) == (4, 0), report.text
    assert len(await documents(world)) == 2, "the same files are the same documents"
