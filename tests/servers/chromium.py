"""A real browser without a window, spoken to over its own pipe: pages are opened, asked and photographed."""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from servers import end, folder, program, wrapped

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_WAIT = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is looked at. `scheme`: light or dark; `script`: whether the page's own script may run."""

    width: int = 1280
    height: int = 900
    scheme: str = "light"
    script: bool = True
    scale: float = 1.0

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}-{'script' if self.script else 'no-script'}"


@dataclass(slots=True)
class Page:
    """One page in a tab of its own. `said`: what the console and the log said; `asked`: every address it asked for."""

    browser: Browser
    session: str
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of JavaScript in the page; promises are waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self.browser.call(method, self.session, **parameters)

    def press(self, key: str) -> None:
        """One key, as somebody at a keyboard presses it."""
        text = key if len(key) == 1 else {"Enter": "\r"}.get(key)
        code = {"Enter": 13, "Escape": 27, "Tab": 9, " ": 32}.get(key, ord(key[0].upper()))
        shared = {"key": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", **shared, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **shared)

    def picture(self, whole: bool = False) -> bytes:
        """A PNG of the window, or of the whole page."""
        clip = {}
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **clip)
        return base64.b64decode(shot["data"])

    def heard(self, method: str, parameters: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.asked.append(parameters["request"]["url"])
        elif method == "Runtime.consoleAPICalled":
            self.said.append(" ".join(str(part.get("value", part)) for part in parameters["args"]))
        elif method == "Runtime.exceptionThrown":
            self.said.append(str(parameters["exceptionDetails"]))
        elif method == "Log.entryAdded":
            self.said.append(parameters["entry"]["text"])


class Browser:
    """The browser's end of the pipe: a message is one JSON object and a NUL."""

    def __init__(self, write: int, read: int, log: Path) -> None:
        self._write, self._read, self._log = write, read, log
        self._rest = b""
        self._last = 0
        self._pages: dict[str, Page] = {}
        self._loaded: set[str] = set()

    @contextmanager
    def page(self, file: Path, look: Look) -> Iterator[Page]:
        """The file, loaded and drawn, in a tab that nothing was remembered in."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session)
        try:
            for domain in ("Page", "Runtime", "Log", "Network"):
                page.call(f"{domain}.enable")
            page.call(
                "Emulation.setDeviceMetricsOverride",
                width=look.width,
                height=look.height,
                deviceScaleFactor=look.scale,
                mobile=look.width < 600,
            )
            scheme = {"name": "prefers-color-scheme", "value": look.scheme}
            page.call("Emulation.setEmulatedMedia", features=[scheme])
            page.call("Emulation.setScriptExecutionDisabled", value=not look.script)
            self._loaded.discard(session)
            page.call("Page.navigate", url=file.as_uri())
            self._until(lambda: session in self._loaded)
            yield page
        finally:
            del self._pages[session]
            self.call("Target.disposeBrowserContext", browserContextId=context)

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        content = json.dumps(message).encode() + b"\0"
        while content:
            content = content[os.write(self._write, content) :]
        answer: dict[str, Any] = {}

        def answered() -> bool:
            return bool(answer)

        self._until(answered, {self._last: answer})
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def _until(self, done: Any, waiting: dict[int, dict[str, Any]] | None = None) -> None:
        deadline = time.monotonic() + _WAIT
        while not done():
            if not select.select([self._read], [], [], max(deadline - time.monotonic(), 0))[0]:
                pytest.fail("the browser does not answer", pytrace=False)
            got = os.read(self._read, 1 << 20)
            assert got, f"the browser ended: {self._log.read_text(errors='replace')[-2000:]}"
            *messages, self._rest = (self._rest + got).split(b"\0")
            for message in map(json.loads, messages):
                self._take(message, waiting or {})

    def _take(self, message: dict[str, Any], waiting: dict[int, dict[str, Any]]) -> None:
        session = message.get("sessionId", "")
        if "id" in message:
            if message["id"] in waiting:
                waiting[message["id"]].update(message)
        elif message["method"] == "Page.loadEventFired":
            self._loaded.add(session)
        elif session in self._pages:
            self._pages[session].heard(message["method"], message.get("params", {}))


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser of its own, with an empty profile, gone afterwards."""
    found = program("chromium", "/usr/lib/chromium/chromium")
    with folder(None) as profile:
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        # It reads commands from 3 and answers on 4; not every `sh` can join numbers of two digits.
        joined = ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", str(found), *_FLAGS]
        with (profile / "log").open("wb") as log:
            process = subprocess.Popen(
                wrapped([*joined, f"--user-data-dir={profile / 'data'}", "about:blank"], None),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "HOME": str(profile)},
                pass_fds=(theirs_in, theirs_out),
                start_new_session=True,
            )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Browser(ours_out, ours_in, profile / "log")
        finally:
            os.close(ours_out)
            os.close(ours_in)
            end(process)
