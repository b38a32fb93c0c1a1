"""A real Chromium, driven over its debugging pipe without a library."""

import asyncio
import base64
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium-headless-shell", "chromium", "google-chrome", "chromium-browser")
ROOT = Path(__file__).resolve().parents[2]
SECONDS = 30
CONNECTED = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}


def find_chromium() -> str | None:
    """`CHROMIUM_PATH`, or a browser on the path."""
    given = os.environ.get("CHROMIUM_PATH")
    return given or next((path for path in map(shutil.which, NAMES) if path), None)


def find_axe() -> Path | None:
    """`AXE_PATH`, or what `npm ci` left in the checkout."""
    given = os.environ.get("AXE_PATH")
    path = Path(given) if given else ROOT / "node_modules" / "axe-core" / "axe.min.js"
    return path if path.is_file() else None


class Browser:
    """A running browser; its tabs share one pipe."""

    def __init__(self, reader: asyncio.StreamReader, pipe: int) -> None:
        self._reader = reader
        self._pipe = pipe
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._tabs: dict[str, Tab] = {}

    async def listen(self) -> None:
        """Hand on what the browser says, until it ends."""
        while True:
            message = json.loads((await self._reader.readuntil(b"\0"))[:-1])
            waiting = self._waiting.pop(message.get("id", 0), None)
            if waiting and not waiting.done():
                waiting.set_result(message)
            elif tab := self._tabs.get(message.get("sessionId", "")):
                tab.hear(message)

    async def call(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        """One command of the protocol; its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        waiting = self._waiting[self._number] = asyncio.get_running_loop().create_future()
        await asyncio.to_thread(os.write, self._pipe, json.dumps(message).encode() + b"\0")
        async with asyncio.timeout(SECONDS):
            answer = await waiting
        assert "error" not in answer, answer
        return answer["result"]

    @asynccontextmanager
    async def tab(self, context: str | None = None) -> AsyncIterator["Tab"]:
        """One page, in a profile of its own unless `context` names that of another one."""
        own = context or (await self.call("Target.createBrowserContext"))["browserContextId"]
        target = await self.call("Target.createTarget", url="about:blank", browserContextId=own)
        attached = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        tab = Tab(self, attached["sessionId"], own)
        self._tabs[attached["sessionId"]] = tab
        for domain in ("Page", "Network", "Runtime", "Log"):
            await tab.call(f"{domain}.enable")
        try:
            yield tab
        finally:
            await self.call("Target.closeTarget", targetId=target["targetId"])
            if context is None:
                await self.call("Target.disposeBrowserContext", browserContextId=own)


class Tab:
    """One page of a browser, and every request that it made."""

    def __init__(self, browser: Browser, session: str, context: str) -> None:
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.drags: asyncio.Queue[Any] = asyncio.Queue()
        """What was taken up by the mouse, while drags are intercepted."""
        self.browser = browser
        self.context = context
        self._session = session
        self._loaded = asyncio.Event()

    async def call(self, method: str, **parameters: Any) -> Any:
        """One command of the protocol; its result."""
        return await self.browser.call(method, self._session, **parameters)

    def hear(self, message: Any) -> None:
        """What the browser says of the page."""
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            case "Page.loadEventFired":
                self._loaded.set()
            case "Input.dragIntercepted":
                self.drags.put_nowait(message["params"]["data"])
            case "Runtime.exceptionThrown":
                self.errors.append(str(message["params"]["exceptionDetails"]))
            case "Log.entryAdded":
                self.errors.append(message["params"]["entry"]["text"])

    async def goto(self, url: str, *, width: int = 1024, scripts: bool = True) -> None:
        """Open an address at this width and wait until it is loaded."""
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        await self.call("Emulation.setDeviceMetricsOverride", **size)
        await self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self._loaded.clear()
        await self.call("Page.navigate", url=url)
        async with asyncio.timeout(SECONDS):
            await self._loaded.wait()

    async def clean(self, origin: str) -> None:
        """Leave the page, and forget what it kept and what was pretended to it."""
        await self.call("Network.emulateNetworkConditions", **CONNECTED)
        await self.call("Emulation.setEmulatedMedia", features=[])
        if await self.evaluate(f"location.origin === {json.dumps(origin)}"):
            await self.evaluate("sessionStorage.clear()")
        await self.goto("about:blank")
        await self.call("Storage.clearDataForOrigin", origin=origin, storageTypes="all")
        await self.call("Network.clearBrowserCookies")

    def heard(self) -> tuple[list[str], list[str]]:
        """The errors and the requests since this was asked last."""
        heard = self.errors, self.requests
        self.errors, self.requests = [], []
        return heard

    async def send_form(self, selector: str) -> None:
        """Press the form's button and wait until its answer is loaded."""
        self._loaded.clear()
        await self.evaluate(f"document.querySelector({selector!r}).querySelector('button').click()")
        async with asyncio.timeout(SECONDS):
            await self._loaded.wait()

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = await self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def texts(self) -> list[str]:
        """Everything that a screen reader is told, in order; works without JavaScript."""
        tree = await self.call("Accessibility.getFullAXTree")
        return [
            f"{node['role']['value']}: {node['name']['value']}"
            for node in tree["nodes"]
            if not node["ignored"] and node.get("name", {}).get("value")
        ]

    async def screenshot(self) -> bytes:
        """The whole page as a PNG."""
        shot = await self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    async def printed(self) -> bytes:
        """The page as its printed PDF."""
        return base64.b64decode((await self.call("Page.printToPDF", printBackground=False))["data"])


@asynccontextmanager
async def chromium(executable: str, profile: Path) -> AsyncIterator[Tab]:
    """A browser with one page."""
    async with running(executable, profile) as browser, browser.tab() as tab:
        yield tab


@asynccontextmanager
async def running(executable: str, profile: Path) -> AsyncIterator[Browser]:
    """A browser."""
    to_browser, commands = os.pipe()
    answers, from_browser = os.pipe()
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []

    def as_three_and_four() -> None:
        for source, wanted in ((os.dup(to_browser), 3), (os.dup(from_browser), 4)):
            os.dup2(source, wanted)

    process = await asyncio.create_subprocess_exec(
        executable,
        *("--headless", "--remote-debugging-pipe", f"--user-data-dir={profile}", "--disable-gpu"),
        *("--disable-dev-shm-usage", "--hide-scrollbars", "--disable-software-rasterizer", *sandbox),
        *("--disable-extensions", "--disable-component-update", "--disable-background-networking"),
        *("--disable-sync", "--no-first-run"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        close_fds=False,
        preexec_fn=as_three_and_four,
    )
    os.close(to_browser)
    os.close(from_browser)
    reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(answers, "rb")
    )
    browser = Browser(reader, commands)
    listening = asyncio.create_task(browser.listen())
    try:
        yield browser
    finally:
        listening.cancel()
        process.kill()
        await process.wait()
        transport.close()
        os.close(commands)
