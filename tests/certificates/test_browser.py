"""The verification page in a real browser: every state, with JavaScript and without, narrow, printed, and by axe.

`CERTIFICATE_PICTURES=docs/pictures` keeps the screenshots.
"""

import io
import json
import os
import uuid
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pypdf
import pytest
from PIL import Image
from tests.kit.chromium import Tab, chromium, find_axe, find_chromium
from tests.kit.earned import Earned, earn, with_logo
from tests.kit.world import World

pytestmark = pytest.mark.long
WORDS = {
    "valid": "valid",
    "expired": "expired",
    "revoked": "revoked",
    "superseded": "superseded",
    "unknown": "unknown",
}
AXE_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@pytest.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Tab]:
    """A page of a real browser."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium here: install chromium, or name one in CHROMIUM_PATH")
    async with chromium(executable, tmp_path / "profile") as page:
        yield page


@pytest.fixture
async def pages(world: World, address: str) -> Mapping[str, str]:
    """The address of a page in each state."""
    await world.add_member("ana", display_name="Zoë Müller-Lüdenscheidt")
    first = await earn(world)
    found: dict[str, Earned] = {"valid": first}
    for state, user in (("expired", "bob"), ("revoked", "cyd"), ("superseded", "dan")):
        found[state] = await earn(world, user, course=first.course)
    await found["expired"].change("expires_at = now() - interval '1 day'")
    assert (await found["revoked"].revoke()).status_code == 200
    assert (await found["superseded"].reissue()).status_code == 201
    numbers = {state: one.id for state, one in found.items()} | {"unknown": str(uuid.uuid4())}
    return {state: f"{address}/certificates/{number}/verify/" for state, number in numbers.items()}


async def test_every_state_is_told_with_and_without_javascript(tab: Tab, pages: Mapping[str, str]) -> None:
    for scripts in (True, False):
        for state, url in pages.items():
            tab.requests.clear()
            tab.errors.clear()
            await tab.goto(url, scripts=scripts)
            said = await tab.texts()
            headings = [text for text in said if text.startswith("heading: ")]
            assert WORDS[state] in headings[0].lower(), (state, headings)
            others = [word for name, word in WORDS.items() if name != state]
            assert not any(f": {word}" in headings[0].lower() for word in others)
            if state == "valid":
                assert any("Zoë Müller-Lüdenscheidt" in text for text in said)
            if state == "superseded":
                assert any(text.startswith("link: ") for text in said)
            assert [u for u in tab.requests if not u.endswith("/favicon.ico")] == [url]
            # A page that is not there is answered 404, which Chromium notes; nothing else may be noted.
            noted = [text for text in tab.errors if "404" not in text]
            assert noted == [], noted
            assert (await tab.call("Network.getCookies"))["cookies"] == []


async def test_a_file_is_dropped_and_checked_without_javascript(
    tab: Tab, pages: Mapping[str, str], world: World, tmp_path: Path
) -> None:
    """At 360 and 1440 pixels, by axe: a genuine file, a changed one and a foreign one."""
    pdf = await issued_pdf(world, pages["valid"])
    await tab.call("Page.setBypassCSP", enabled=True)
    said = {
        "genuine": ("valid", pdf),
        "altered": ("altered", pdf + b"\n"),
        "foreign": ("not ours", blank_pdf()),
    }
    for name, (word, content) in said.items():
        file = tmp_path / f"{name}.pdf"
        file.write_bytes(content)
        for width in (360, 1440):
            await tab.goto(pages["valid"], width=width, scripts=False)
            await drop(tab, file)
            await tab.send_form("form[method=post]")
            said_there = await tab.texts()
            heading = next(text for text in said_there if text.startswith("heading: "))
            assert f": {word}" in heading.lower(), (name, heading)
            assert await tab.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
            keep(f"check-{name}{'-narrow' if width == 360 else ''}.png", await tab.screenshot())
        await tab.call("Emulation.setScriptExecutionDisabled", value=False)
        await judge_by_axe(tab, name)


async def test_the_picture_of_the_pdf_is_seen_without_javascript(
    tab: Tab, pages: Mapping[str, str], world: World
) -> None:
    """At 360 and 1440 pixels, by axe; of one in force, and of one that bears the mark."""
    await world.run_jobs()
    await tab.call("Page.setBypassCSP", enabled=True)
    for state in ("valid", "revoked"):
        picture = pages[state].partition("/certificates/")[2].replace("verify", "picture.png")
        picture = f"certificates/{picture}"
        for width in (360, 1440):
            tab.requests.clear()
            tab.errors.clear()
            await tab.goto(pages[state], width=width, scripts=False)
            await tab.evaluate("document.querySelector('.sheet img').scrollIntoView()")
            await tab.evaluate("document.querySelector('.sheet img').decode()")
            seen = "(i => [i.naturalWidth, i.naturalHeight, i.getBoundingClientRect().width])"
            seen += "(document.querySelector('.sheet img'))"
            natural_width, natural_height, shown = json.loads(await tab.evaluate(f"JSON.stringify({seen})"))
            assert (natural_width, natural_height) == (900, 637)
            assert 250 < shown <= width
            assert await tab.evaluate("document.documentElement.scrollWidth") <= width, (state, width)
            # Chromium asks for an icon that is not there.
            assert [text for text in tab.errors if "404" not in text] == []
            assert {url.rpartition("/api/")[2] for url in tab.requests if "/api/" in url} >= {picture}
            keep(f"picture-{state}{'-narrow' if width == 360 else ''}.png", await tab.screenshot())
        await tab.call("Emulation.setScriptExecutionDisabled", value=False)
        await judge_by_axe(tab, state)


async def test_the_logo_is_seen_without_javascript(tab: Tab, world: World, address: str) -> None:
    await with_logo(world, "#c02010")
    earned = await earn(world)
    await tab.call("Page.setBypassCSP", enabled=True)
    for width in (360, 1440):
        await tab.goto(f"{address}/certificates/{earned.id}/verify/", width=width, scripts=False)
        await tab.evaluate("document.querySelector('.logo img').decode()")
        assert await tab.evaluate("document.querySelector('.logo img').naturalWidth") == 336
        assert await tab.evaluate("document.querySelector('.logo img').getBoundingClientRect().width") <= 240
        assert await tab.evaluate("document.documentElement.scrollWidth") <= width
        keep(f"logo{'-narrow' if width == 360 else ''}.png", await tab.screenshot())
    await tab.call("Emulation.setScriptExecutionDisabled", value=False)
    await judge_by_axe(tab, "logo")


async def issued_pdf(world: World, page: str) -> bytes:
    """The stored PDF of the certificate with this page."""
    await world.run_jobs()
    path = page[page.index("/certificates/") :].replace("verify", "pdf")
    answer = await world.member("ana").ok("GET", f"/api{path}", headers={"Accept": "application/json"})
    async with httpx.AsyncClient() as plain:
        return (await plain.get(answer["url"])).content


def blank_pdf() -> bytes:
    writer, written = pypdf.PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    writer.write(written)
    return written.getvalue()


async def drop(tab: Tab, file: Path) -> None:
    """Drop the file on the page's field, as from another window."""
    box = json.loads(
        await tab.evaluate(
            "(() => { const f = document.querySelector('#file'); f.scrollIntoView({block: 'center'});"
            " const b = f.getBoundingClientRect();"
            " return JSON.stringify([b.x + b.width / 2, b.y + b.height / 2]) })()"
        )
    )
    data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        await tab.call("Input.dispatchDragEvent", type=kind, x=box[0], y=box[1], data=data)
    assert await tab.evaluate("document.querySelector('#file').files.length") == 1


async def test_it_fits_a_narrow_screen_and_paper(tab: Tab, pages: Mapping[str, str]) -> None:
    for state, url in pages.items():
        for width in (320, 1024):
            await tab.goto(url, width=width)
            assert await tab.evaluate("document.documentElement.scrollWidth") <= width, (state, width)
            picture = await tab.screenshot()
            keep(f"verification-{state}{'-narrow' if width == 320 else ''}.png", picture)
        printed = pypdf.PdfReader(io.BytesIO(await tab.printed()))
        assert len(printed.pages) == 1
        assert WORDS[state] in printed.pages[0].extract_text().lower()


def keep(name: str, picture: bytes) -> None:
    """Look at what was drawn; keep it where `CERTIFICATE_PICTURES` says."""
    with Image.open(io.BytesIO(picture)) as image:
        colors = image.convert("RGB").getcolors(1 << 20) or []
        assert len(colors) > 20, f"{name} is all but empty"
        if folder := os.environ.get("CERTIFICATE_PICTURES"):
            image.quantize(128).save(Path(folder) / name, optimize=True)


async def test_axe_finds_nothing(tab: Tab, pages: Mapping[str, str]) -> None:
    await tab.call("Page.setBypassCSP", enabled=True)
    for state, url in pages.items():
        for width in (320, 1024):
            await tab.goto(url, width=width)
            await judge_by_axe(tab, f"{state}, {width} pixels")


async def judge_by_axe(tab: Tab, what: str = "") -> None:
    """Have axe look at the page as it stands."""
    axe = find_axe()
    if axe is None:
        pytest.skip("no axe-core here: npm ci, or name axe.min.js in AXE_PATH")
    await tab.call("Runtime.evaluate", expression=axe.read_text("utf-8"))
    found = await tab.evaluate(
        f"axe.run({{runOnly: {json.dumps(AXE_RULES)}}}).then(r => JSON.stringify("
        "{violations: r.violations.map(v => v.id + ': ' + v.help), passes: r.passes.length,"
        " unsure: r.incomplete.map(v => v.id)}))"
    )
    result = json.loads(found)
    assert result["violations"] == [], what
    assert result["passes"] > 10, (what, result)
