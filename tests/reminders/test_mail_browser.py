"""Every mail in a real browser: at the width of a phone and of a desk, light and dark, and by axe.

`make mail-pictures` keeps what was drawn in `docs/pictures`.
"""

import base64
import io
import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from tests.kit.chromium import Tab, chromium, find_axe, find_chromium
from tests.kit.mails import SAMPLES, parts_of, sample_look, written

WIDTHS = {"phone": 375, "desktop": 800}
pytestmark = pytest.mark.long
LANGUAGES = {"assigned": "es", "notice": "fr"}
"""Others are in English."""
LONG = "Donaudampfschifffahrtsgesellschaft" * 8


@pytest.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Tab]:
    """A page of a real browser."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium here: install chromium, or name one in CHROMIUM_PATH")
    async with chromium(executable, tmp_path / "profile") as page:
        yield page


def page_of(folder: Path, kind: str, **facts: str) -> str:
    """The address of a mail's HTML, with its logo as a mail reader puts it in."""
    mail = replace(SAMPLES[kind], **{"locale": LANGUAGES.get(kind, "en"), **facts})  # type: ignore[arg-type]
    message = written(mail, sample_look())
    [logo] = [part for part in message.walk() if part.get_content_maintype() == "image"]
    inside = f"data:image/png;base64,{base64.b64encode(logo.get_content()).decode()}"
    page = folder / f"{kind}.html"
    page.write_text(parts_of(message)[1].replace("cid:logo", inside), "utf-8")
    return page.as_uri()


async def paint(tab: Tab, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    await tab.call("Emulation.setEmulatedMedia", features=features)


@pytest.mark.parametrize("name", SAMPLES)
async def test_it_fits_and_loads_nothing(tab: Tab, tmp_path: Path, name: str) -> None:
    for facts in ({}, {"name": LONG, "organization_name": LONG}):
        url = page_of(tmp_path, name, **facts)
        for place, width in WIDTHS.items():
            for scheme in ("light", "dark"):
                await paint(tab, scheme)
                tab.requests.clear()
                await tab.goto(url, width=width)
                assert await tab.evaluate("document.documentElement.scrollWidth") <= width
                assert [u for u in tab.requests if not u.startswith("data:")] == [url]
                if not facts:
                    keep(
                        f"mail-{name}-{place}{'-dark' if scheme == 'dark' else ''}.png",
                        await tab.screenshot(),
                    )


def keep(name: str, picture: bytes) -> None:
    """Look at what was drawn; keep it where `MAIL_PICTURES` says."""
    with Image.open(io.BytesIO(picture)) as image:
        colors = image.convert("RGB").getcolors(1 << 20) or []
        assert len(colors) > 20, f"{name} is all but empty"
        if folder := os.environ.get("MAIL_PICTURES"):
            image.quantize(64).save(Path(folder) / name, optimize=True)


async def test_axe_finds_nothing_in_light_and_dark(tab: Tab, tmp_path: Path) -> None:
    axe = find_axe()
    if axe is None:
        pytest.skip("no axe-core here: npm ci, or name axe.min.js in AXE_PATH")
    for name in SAMPLES:
        url = page_of(tmp_path, name)
        for scheme in ("light", "dark"):
            await paint(tab, scheme)
            await tab.goto(url, width=375)
            await tab.call("Runtime.evaluate", expression=axe.read_text("utf-8"))
            rules = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
            found = await tab.evaluate(
                f"axe.run({{runOnly: {json.dumps(rules)}}}).then(r => JSON.stringify("
                "[r.violations.map(v => v.id + ': ' + v.nodes[0].html), r.passes.map(v => v.id)]))"
            )
            violations, passes = json.loads(found)
            assert violations == [], (name, scheme)
            assert "color-contrast" in passes
