"""A person before the web application who fills in forms."""

import asyncio
import json
from pathlib import Path

from tests.kit.screens import Person

_LABELLED = """
(() => {
  const words = %s;
  const text = (e) => e.innerText.replace(/\\s+/g, ' ').trim();
  const labels = [...document.querySelectorAll('label')].filter((e) => e.checkVisibility());
  const label = labels.findLast((e) => text(e) === words) ?? labels.findLast((e) => text(e).startsWith(words));
  return label && document.getElementById(label.htmlFor);
})()
"""
_SET = """
((field, value) => {
  const kind = { SELECT: HTMLSelectElement, TEXTAREA: HTMLTextAreaElement }[field.tagName] ?? HTMLInputElement;
  Object.getOwnPropertyDescriptor(kind.prototype, 'value').set.call(field, value);
  field.dispatchEvent(new Event(field.tagName === 'SELECT' ? 'change' : 'input', { bubbles: true }));
})
"""


class Clerk(Person):
    """A person who fills in forms, by the labels of their fields."""

    async def goes(self, path: str) -> None:
        """Go to another screen without loading the page anew, as by a link."""
        await self.tab.evaluate(
            f"history.pushState({{}}, '', {json.dumps(path)}); dispatchEvent(new PopStateEvent('popstate')); 1"
        )

    async def fills(self, label: str, text: str) -> None:
        """Write `text` into a field in place of what is there."""
        field = _LABELLED.strip() % json.dumps(label)
        await self.waits_for(f"Boolean({field})", f"no field is called {label!r}")
        await self.tab.evaluate(f"{_SET.strip()}({field}, {json.dumps(text)})")

    async def picks(self, label: str, option: str) -> None:
        """Choose what is offered under this name."""
        field = _LABELLED.strip() % json.dumps(label)
        found = f"[...({field}?.options ?? [])].find((one) => one.text === {json.dumps(option)})"
        await self.waits_for(f"Boolean({found})", f"{label!r} does not offer {option!r}")
        await self.tab.evaluate(f"{_SET.strip()}({field}, {found}.value)")

    async def hands_over(self, label: str, file: Path) -> None:
        """Give a file to a field, as by choosing it."""
        field = _LABELLED.strip() % json.dumps(label)
        await self.waits_for(f"Boolean({field})", f"no field is called {label!r}")
        found = await self.tab.call("Runtime.evaluate", expression=field)
        await self.tab.call("DOM.setFileInputFiles", files=[str(file)], objectId=found["result"]["objectId"])

    async def drags(self, what: str, onto: str) -> None:
        """Take one element, by its selector, with the mouse and drop it on another one."""
        (x, y), end = await self._middle(what), await self._middle(onto)
        await self.tab.call("Input.setInterceptDrags", enabled=True)
        mouse = {"button": "left", "clickCount": 1}
        await self.tab.call("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, **mouse)
        for step in (4, 12):
            at = {"x": x + step, "y": y + step}
            await self.tab.call("Input.dispatchMouseEvent", type="mouseMoved", **at, **mouse, buttons=1)
        async with asyncio.timeout(10):
            data = await self.tab.drags.get()
        for kind in ("dragEnter", "dragOver", "drop"):
            await self.tab.call("Input.dispatchDragEvent", type=kind, x=end[0], y=end[1], data=data)
        await self.tab.call("Input.dispatchMouseEvent", type="mouseReleased", x=end[0], y=end[1], **mouse)
        await self.tab.call("Input.setInterceptDrags", enabled=False)

    async def _middle(self, selector: str) -> tuple[float, float]:
        found = f"document.querySelector({json.dumps(selector)})"
        await self.waits_for(f"Boolean({found})", f"there is no {selector}")
        x, y = await self.tab.evaluate(
            f"(({{ x, y, width, height }}) => [x + width / 2, y + height / 2])({found}.getBoundingClientRect())"
        )
        return x, y
