"""A person before the web application: sees words, chooses by them, and is told of every fault of a screen."""

import asyncio
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

from tests.kit.chromium import Tab, find_axe

PICTURES = "WEB_PICTURES"
"""Names a directory that keeps a picture of every screen."""
_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_COLOURS = ("color-contrast", "link-in-text-block")
_PATIENCE_SECONDS = 20
_FIND = """
(() => {
  const words = %s;
  const shown = [...document.querySelectorAll(%s)].filter((e) => e.checkVisibility() && !e.disabled);
  const text = (e) => (e.innerText || e.getAttribute('aria-label') || '').replace(/\\s+/g, ' ').trim();
  return shown.find((e) => text(e) === words) ?? shown.find((e) => text(e).startsWith(words));
})()
"""

# Key: its code, its number, what it types.
_KEYS = {
    "Tab": ("Tab", 9, ""),
    "Enter": ("Enter", 13, "\r"),
    "Escape": ("Escape", 27, ""),
    " ": ("Space", 32, " "),
    "ArrowDown": ("ArrowDown", 40, ""),
    "ArrowUp": ("ArrowUp", 38, ""),
}
_MOST_TABS = 80
_FOCUSED = """
(() => {
  const e = document.activeElement;
  if (!e || e === document.body) return '';
  const told = (id) => document.getElementById(id)?.innerText ?? '';
  const named = (e.getAttribute('aria-labelledby') ?? '').split(' ').map(told).join(' ').trim();
  const name = e.labels?.[0]?.innerText || named || e.innerText || e.getAttribute('aria-label');
  return (name || '').replace(/\\s+/g, ' ').trim();
})()
"""


class Person:
    """One person at one width of a window."""

    def __init__(
        self, tab: Tab, address: str, width: int, schemes: Sequence[str] = ("light", "dark")
    ) -> None:
        self.tab = tab
        self.schemes = schemes
        self.address = address
        self.width = width
        self.faults: list[str] = []
        self._axe = find_axe()

    async def opens(self, path: str = "/app/") -> None:
        """Go to an address, as by typing it: the page is loaded anew."""
        await self.tab.goto(self.address + path, width=self.width)

    async def chooses(self, words: str, among: str = "button, a, summary, label") -> None:
        """Click what has these words, or begins with them."""
        await self.waits_for(f"Boolean({self._find(words, among)})", f"nothing to choose is called {words!r}")
        await self.tab.evaluate(f"{self._find(words, among)}.click()")

    async def types(self, text: str, field: str) -> None:
        """Write into a field."""
        await self.waits_for(f"Boolean(document.querySelector({json.dumps(field)}))", f"no field {field}")
        await self.tab.evaluate(f"document.querySelector({json.dumps(field)}).focus()")
        await self.tab.call("Input.insertText", text=text)

    async def presses(self, key: str, *, control: bool = False, shift: bool = False) -> None:
        """Press a key, as on a keyboard: `Tab`, `Enter`, `Escape`, a space, an arrow, or a sign."""
        code, number, text = _KEYS.get(key, (key, ord(key.upper()) if len(key) == 1 else 0, key))
        modifiers = 2 * control + 8 * shift
        press = {"key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": modifiers}
        if text and not control:
            press["text"] = text
        await self.tab.call("Input.dispatchKeyEvent", type="keyDown", **press)
        press.pop("text", None)
        await self.tab.call("Input.dispatchKeyEvent", type="keyUp", **press)

    async def reaches(self, words: str) -> None:
        """Go by Tab until what has the focus is called so, or begins with it; what has the focus must be seen."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        name = ""
        while time.monotonic() < deadline:
            for _ in range(_MOST_TABS):
                await self.presses("Tab")
                name = await self.tab.evaluate(_FOCUSED)
                if name.startswith(words):
                    return
                if not name:
                    break
            await asyncio.sleep(0.05)
        said = await self.tab.evaluate("document.body.innerText")
        raise AssertionError(f"Tab does not lead to {words!r}; it is at {name!r}; on the screen:\n{said}")

    async def goes_by_key(self, words: str, key: str = "Enter") -> None:
        """Reach something by the keyboard and press it."""
        await self.reaches(words)
        await self.presses(key)

    async def sees(self, words: str) -> None:
        """Wait for words on the screen."""
        await self.waits_for(
            f"document.body.innerText.includes({json.dumps(words)})", f"{words!r} is not seen"
        )

    async def sees_heading(self, words: str) -> None:
        """Wait for a screen of this name."""
        found = f"document.querySelector('h1')?.innerText === {json.dumps(words)}"
        await self.waits_for(found, f"no screen is called {words!r}")

    async def looks_at_it(self, name: str) -> None:
        """Note what axe and its width say against the screen in each scheme; keep a picture where one is wanted."""
        for scheme in self.schemes:
            # Without motion, so that no colour is judged halfway from the one to the other.
            features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
            wanted = [{"name": name, "value": value} for name, value in features.items()]
            await self.tab.call("Emulation.setEmulatedMedia", features=wanted)
            wide = await self.tab.evaluate("document.documentElement.scrollWidth")
            if wide > self.width:
                self.faults.append(f"{name} is {wide} px wide at {self.width}")
            self.faults += [
                f"{name}, {self.width}, {scheme}: {told}" for told in await self._violations(scheme)
            ]
            if folder := os.environ.get(PICTURES):
                picture = Path(folder) / f"{name}-{self.width}-{scheme}.png"
                picture.write_bytes(await self.tab.screenshot())

    async def _violations(self, scheme: str) -> list[str]:
        assert self._axe is not None
        if await self.tab.evaluate("!window.axe"):
            await self.tab.evaluate(f"{self._axe.read_text('utf-8')}\n;1")
        # What does not depend on colours has been judged in the light.
        rules = _RULES if scheme == "light" else _COLOURS
        found = await self.tab.evaluate(
            f"axe.run({{runOnly: {json.dumps(rules)}}}).then(r => JSON.stringify(r.violations.map("
            "v => `${v.id}: ${v.nodes.map(n => n.html.slice(0, 160)).join(' | ')}`)))"
        )
        violations: list[str] = json.loads(found)
        return violations

    def _find(self, words: str, among: str) -> str:
        return _FIND.strip() % (json.dumps(words), json.dumps(among))

    async def _holds(self, condition: str) -> bool:
        # Between two pages there is no body yet, or the question is lost with the page that it was put to.
        asked = f"(() => {{ try {{ return Boolean({condition}); }} catch {{ return false; }} }})()"
        try:
            return bool(await self.tab.evaluate(asked))
        except AssertionError as error:
            if "navigated" not in str(error) and "context" not in str(error):
                raise
            return False

    async def waits_for(self, condition: str, complaint: str) -> None:
        """Wait until a JavaScript expression holds."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not await self._holds(condition):
            if time.monotonic() > deadline:
                said = await self.tab.evaluate("document.body.innerText")
                raise AssertionError(f"{complaint}; on the screen:\n{said}\n{self.tab.errors}")
            await asyncio.sleep(0.05)
