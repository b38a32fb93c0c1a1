"""Pictures of the web application's main screens, by role, from a running development copy: `make pictures`."""

import asyncio
import base64
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.kit.chromium import Tab, find_chromium, running
from tests.kit.clerk import Clerk

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
PHONE, DESK = (390, 780), (1280, 800)
QUALITY = 82


@dataclass(frozen=True)
class Picture:
    """One screen: of whom, where it is, and by which words it is known to be there."""

    name: str
    person: str
    path: str
    words: str
    choose: tuple[str, ...] = ()
    """What is pressed on the way there."""
    size: tuple[int, int] = DESK
    at: str = "h1"
    """What stands at the top of the picture, if the screen is longer than it."""


SCREENS = (
    Picture("home", "Zoë", "/app/", "Hazing Prevention", size=PHONE),
    Picture(
        "lesson", "Zoë", "/app/courses", "Hazing Prevention", ("Hazing Prevention", "What hazing is"), PHONE
    ),
    Picture(
        "author", "Margaret", "/app/author", "Hazing Prevention", ("Hazing Prevention", "What hazing is")
    ),
    Picture(
        "question",
        "Margaret",
        "/app/author",
        "Hazing Prevention",
        ("Hazing Prevention", "Check yourself: recognizing", "1. "),
        at=".question-list",
    ),
    Picture("grader", "Noor", "/app/grading", "Grade the next one", ("Grade the next one",)),
    Picture("trends", "Margaret", "/app/administer/trends", "Over time"),
    Picture("program", "Margaret", "/app/author/programs", "Officers", ("Officers’ first year",)),
    Picture(
        "statistics",
        "Margaret",
        "/app/author",
        "Safe Events",
        ("Versions", "Statistics"),
        at=".question:nth-of-type(2)",
    ),
    Picture("administrator", "Margaret", "/app/administer", "By chapter"),
    Picture("certificate", "Margaret", "/app/administer/organization", "Certificate"),
)


async def _learns(tab: Tab, address: str) -> None:
    """Have the learner take the course, where that has not been done."""
    learner = Clerk(tab, address, DESK[0])
    await learner.opens("/app/courses")
    await learner.chooses("Z Zoë")
    await learner.chooses("Hazing Prevention", "main a")
    await learner.sees("Content")
    offered = "[...document.querySelectorAll('button')].find((e) => e.innerText === 'Take this course')"
    await tab.evaluate(f"{offered}?.click()")
    await learner.waits_for(f"!{offered}", "the course was not taken")


async def _take(tab: Tab, address: str, picture: Picture) -> None:
    width, height = picture.size
    person = Clerk(tab, address, width)
    await tab.clean(address)
    await person.opens(picture.path)
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    await tab.call("Emulation.setDeviceMetricsOverride", **size)
    calm = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    await tab.call("Emulation.setEmulatedMedia", features=calm)
    await person.chooses(f"{picture.person[0]} {picture.person}")
    await person.sees(picture.words)
    for words in picture.choose:
        await person.chooses(words, "main a, main button")
    # What is still on its way, fonts and charts among it.
    await person.waits_for("!document.querySelector('.loading')", "it does not stop loading")
    await asyncio.sleep(1.5)
    if picture.at != "h1":
        await tab.evaluate(f"document.querySelector({picture.at!r}).scrollIntoView()")
    shot = await tab.call("Page.captureScreenshot", format="webp", quality=QUALITY)
    file = PICTURES / f"web-{picture.name}.webp"
    file.write_bytes(base64.b64decode(shot["data"]))


async def main(address: str) -> None:
    """Take all of them."""
    executable = find_chromium()
    if executable is None:
        sys.exit("no Chromium here: install chromium, or name one in CHROMIUM_PATH")
    with tempfile.TemporaryDirectory() as profile:
        async with running(executable, Path(profile)) as browser, browser.tab() as tab:
            await _learns(tab, address)
            for picture in SCREENS:
                await _take(tab, address, picture)


if __name__ == "__main__":
    asyncio.run(main(f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"))
