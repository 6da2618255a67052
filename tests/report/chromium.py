"""Opens a page in a real Chromium, through its DevTools protocol: what it fetches and complains of is kept."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiohttp
import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage",
    "--no-first-run", "--remote-debugging-port=0", "--hide-scrollbars",
)  # fmt: skip


def program() -> str:
    """The browser. Where there is none the test is skipped, but for CI, which installs one."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("CI installs chromium (.ci/run), and it is not there")
        pytest.skip("there is no Chromium on this machine")
    return found


def address(page: Path) -> str:
    """The address of a file."""
    return page.resolve().as_uri()


@dataclass
class Tab:
    """A page in the browser."""

    _socket: aiohttp.ClientWebSocketResponse
    _session: str = ""
    _numbers: int = 0
    _waiting: dict[int, asyncio.Future[Any]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    """What stands on the console: errors, warnings, violations of the policy."""
    fetched: list[str] = field(default_factory=list)
    """Addresses that it asked for."""
    _loaded: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, method: str, **params: Any) -> Any:
        """Call a method of the protocol."""
        self._numbers += 1
        answer = self._waiting[self._numbers] = asyncio.get_running_loop().create_future()
        message: dict[str, Any] = {"id": self._numbers, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        await self._socket.send_json(message)
        return await asyncio.wait_for(answer, 60)

    async def listen(self) -> None:
        """Read what the browser says, until it ends."""
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" in said:
                future = self._waiting.pop(said["id"])
                if not future.done():
                    if "error" in said:
                        future.set_exception(RuntimeError(str(said["error"])))
                    else:
                        future.set_result(said["result"])
            else:
                self._heard(said["method"], said.get("params", {}))

    def _heard(self, method: str, params: dict[str, Any]) -> None:
        match method:
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(params["exceptionDetails"])[:2000])
            case "Log.entryAdded":
                self.complaints.append(params["entry"]["text"])
            case "Runtime.consoleAPICalled":
                self.complaints.append(json.dumps(params["args"])[:2000])
            case "Network.requestWillBeSent":
                self.fetched.append(params["request"]["url"])
            case "Page.loadEventFired":
                self._loaded.set()

    async def begin(self) -> Self:
        """Attach to a new page."""
        target = await self.ask("Target.createTarget", url="about:blank")
        attached = await self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.ask(f"{domain}.enable")
        return self

    async def open(self, page: Path) -> None:
        """Open a file and wait until it is loaded."""
        await self.visit(address(page))

    async def visit(self, url: str) -> None:
        """Open an address and wait until it is loaded."""
        self._loaded.clear()
        self.fetched.clear()
        await self.ask("Page.navigate", url=url)
        await asyncio.wait_for(self._loaded.wait(), 60)

    async def look(self, width: int = 1280, height: int = 900, *, dark: bool = False, media: str = "screen") -> None:
        """The window's size, and what the reader prefers."""
        await self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.ask("Emulation.setEmulatedMedia", media=media, features=[scheme])

    async def value(self, expression: str) -> Any:
        """What an expression gives, as JSON; promises are awaited."""
        done = await self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    async def until(self, expression: str) -> None:
        """Wait until an expression is true."""
        for _ in range(200):
            if await self.value(expression):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"never true: {expression}")

    async def press(self, *keys: str) -> None:
        """Press keys one after another, as a person does."""
        codes = {"Enter": 13, "Escape": 27, "Tab": 9, "Home": 36, "End": 35, "PageDown": 34, "ArrowLeft": 37}
        codes |= {"ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
        for key in keys:
            pressed: dict[str, Any] = {
                "key": key,
                "code": key,
                "windowsVirtualKeyCode": codes.get(key, ord(key[0].upper())),
            }
            if len(key) == 1:
                pressed["text"] = key
            elif key == "Enter":
                pressed["text"] = "\r"
            await self.ask("Input.dispatchKeyEvent", type="keyDown", **pressed)
            await self.ask("Input.dispatchKeyEvent", type="keyUp", **pressed)

    async def write(self, selector: str, text: str) -> None:
        """Type into a field."""
        await self.value(f"document.querySelector({json.dumps(selector)}).focus()")
        await self.value(f"document.querySelector({json.dumps(selector)}).select()")
        await self.ask("Input.insertText", text=text)

    async def choose(self, selector: str, value: str) -> None:
        """Choose an option by its value."""
        await self.value(
            f"(() => {{ const chosen = document.querySelector({json.dumps(selector)}); chosen.value = {json.dumps(value)};"
            "chosen.dispatchEvent(new Event('change', {bubbles: true})); })()"
        )

    async def picture(self, *, whole: bool = False) -> bytes:
        """A screenshot: a PNG."""
        shot = await self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(shot["data"])

    async def paper(self) -> bytes:
        """The page as it would be printed: a PDF."""
        return base64.b64decode((await self.ask("Page.printToPDF", printBackground=False))["data"])


@asynccontextmanager
async def tab() -> AsyncIterator[Tab]:
    """A browser with one page, for the length of a test."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            program(),
            *FLAGS,
            f"--user-data-dir={profile}",
            "about:blank",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            port, path = await _socket_of(Path(profile) / "DevToolsActivePort")
            url = f"ws://127.0.0.1:{port}{path}"
            async with aiohttp.ClientSession() as client, client.ws_connect(url, max_msg_size=0) as socket:
                found = Tab(socket)
                listening = asyncio.create_task(found.listen())
                try:
                    yield await found.begin()
                finally:
                    listening.cancel()
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _socket_of(file: Path) -> tuple[str, str]:
    """Port and path of the browser's socket, which it writes down when it listens."""
    for _ in range(600):
        if len(said := _lines(file)) == 2:
            return said[0], said[1]
        await asyncio.sleep(0.05)
    raise AssertionError("Chromium does not listen")


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split("\n") if file.exists() else []
