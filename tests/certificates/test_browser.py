"""The verification page in a real browser: every state, with JavaScript and without, narrow, printed, and by axe.

`CERTIFICATE_PICTURES=docs/pictures` keeps the screenshots.
"""

import io
import json
import os
import uuid
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pypdf
import pytest
from PIL import Image
from tests.kit.chromium import Tab, chromium, find_axe, find_chromium
from tests.kit.earned import Earned, earn
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
    axe = find_axe()
    if axe is None:
        pytest.skip("no axe-core here: npm ci, or name axe.min.js in AXE_PATH")
    source = axe.read_text("utf-8")
    await tab.call("Page.setBypassCSP", enabled=True)
    for state, url in pages.items():
        for width in (320, 1024):
            await tab.goto(url, width=width)
            await tab.call("Runtime.evaluate", expression=source)
            found = await tab.evaluate(
                f"axe.run({{runOnly: {json.dumps(AXE_RULES)}}}).then(r => JSON.stringify("
                "{violations: r.violations.map(v => v.id + ': ' + v.help), passes: r.passes.length,"
                " unsure: r.incomplete.map(v => v.id)}))"
            )
            result = json.loads(found)
            assert result["violations"] == [], (state, width)
            assert result["passes"] > 10, (state, width, result)
