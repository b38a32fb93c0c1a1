"""What an author chooses from: the organization's files by name, kind and status."""

import pytest
from fastapi import FastAPI
from tests.kit import documents as files
from tests.kit.query_counts import counted
from tests.kit.sending import send, settled
from tests.kit.world import Caller, World

pytestmark = pytest.mark.usefixtures("looks_here")

LIST = "/api/documents/"


async def names(caller: Caller, **filters: str) -> list[str]:
    return [one["name"] for one in (await caller.ok("GET", LIST, params=filters))["items"]]


async def furnish(world: World) -> None:
    for content, name in (
        (files.pdf(1), "Règlement intérieur.pdf"),
        (files.pdf(1)[:400], "Cut off 100%.pdf"),
        (files.picture(), "Überblick_1.png"),
        (files.pptx(2), "Fire drill.pptx"),
    ):
        assert (await send(world.admin, content, name)).status_code == 202
    await world.run_jobs()


async def test_documents_are_found_by_name_kind_and_status(
    app: FastAPI, world: World, other_world: World
) -> None:
    await furnish(world)
    every = ["Fire drill.pptx", "Überblick_1.png", "Cut off 100%.pdf", "Règlement intérieur.pdf"]
    with counted(app) as statements:
        assert await names(world.admin) == every
    assert len(statements) <= 3
    for filters, found in (
        ({"kind": "deck"}, every[:1]),
        ({"kind": "picture"}, every[1:2]),
        ({"kind": "pdf"}, every[2:]),
        ({"status": "converting"}, every[:1]),
        ({"status": "failed"}, every[2:3]),
        ({"status": "ready"}, [every[1], every[3]]),
        ({"q": "REGLEMENT"}, every[3:]),
        ({"q": "  int\u00e9r  re\u0300gl "}, every[3:]),
        ({"q": "uberblick"}, every[1:2]),
        ({"q": "%"}, every[2:3]),
        ({"q": "_"}, every[1:2]),
        ({"q": "drill fire"}, every[:1]),
        ({"q": "drill", "kind": "pdf"}, []),
        ({"q": "nowhere"}, []),
        ({"q": ""}, every),
    ):
        assert await names(world.admin, **filters) == found, filters
    page = await world.admin.ok("GET", LIST, params={"limit": "2", "q": "e"})
    rest = await world.admin.ok("GET", LIST, params={"limit": "2", "q": "e", "cursor": page["next_cursor"]})
    assert len(page["items"]) == 2
    assert [one["name"] for one in page["items"] + rest["items"]] == [every[0], every[1], every[3]]
    other = await world.admin("GET", LIST, params={"q": "f", "cursor": page["next_cursor"]})
    assert other.status_code == 422
    assert await names(other_world.admin) == []


TYPED: list[str] = [
    "x" * 10_000,
    "\x00",
    "a\x00b",
    "' OR 1=1 --",
    "a & b | !c",
    "\\",
    "\\%",
    "[a",
    "\ud7ff",
    "\u202e",
    "()*?+",
]


async def test_whatever_is_typed_is_harmless(world: World) -> None:
    await send(world.admin, files.pdf(), "Slides.pdf")
    for typed in TYPED:
        assert await names(world.admin, q=typed) in ([], ["Slides.pdf"]), typed


NO_FILTERS: list[dict[str, str]] = [
    {"kind": "film"},
    {"kind": ""},
    {"status": "gone"},
    {"name": "x"},
    {"limit": "0"},
]


async def test_what_is_no_filter_is_refused(world: World) -> None:
    for wrong in NO_FILTERS:
        refused = await world.admin("GET", LIST, params=wrong)
        [name] = wrong
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"?{name}"), wrong


async def test_a_document_says_how_it_is_named(world: World) -> None:
    made = (await send(world.admin, files.pdf(), "Slides.pdf")).json()
    assert (made["reference"], made["kind"]) == (f"document:{made['id']}", "pdf")
    ready = await settled(world, made["id"])
    [listed] = (await world.admin.ok("GET", LIST))["items"]
    assert listed == ready
    tree = {"title": "T", "modules": [{"title": "M", "items": [
        {"kind": "lesson", "title": "L", "body_html": "", "document_url": made["reference"]}]}]}  # fmt: skip
    course = await world.course(tree)
    assert course["published_version"] == 1


async def test_for_authors_alone(world: World) -> None:
    for stranger in (world.member(), world.call_as("g", "grader"), world.call_as("c", "chapter_admin:n1")):
        assert (await stranger("GET", LIST)).status_code == 403
    assert await names(world.call_as("r", "regional_admin:north")) == []
