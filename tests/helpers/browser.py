"""A browser without a window, driven over its debugging pipe: no driver and no library."""

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), None)
"""The program; None where there is none."""

_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)

PATIENCE = 120.0
"""Seconds for an answer."""


class Browser:
    """One tab. ``errors`` is what the console said that is an error, and what was thrown."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back = to, back
        self._left = b""
        self._number = 0
        self._timing = False
        self.errors: list[str] = []
        target = self._ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._session = ""
        self._session = self._ask("Target.attachToTarget", {"targetId": target, "flatten": True})[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")

    def _ask(self, method: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        self._number += 1
        question: dict[str, Any] = {
            "id": self._number,
            "method": method,
            "params": parameters or {},
        }
        if getattr(self, "_session", ""):
            question["sessionId"] = self._session
        os.write(self._to, json.dumps(question).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        while b"\0" not in self._left:
            ready, _, _ = select.select([self._back], [], [], max(0, until - time.monotonic()))
            assert ready, "the browser does not answer"
            more = os.read(self._back, 1 << 20)
            assert more, "the browser has ended"
            self._left += more
        text, _, self._left = self._left.partition(b"\0")
        told: dict[str, Any] = json.loads(text)
        if told.get("method") == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(told["params"]["exceptionDetails"])[:500])
        elif told.get("method") == "Runtime.consoleAPICalled":
            if told["params"]["type"] in ("error", "warning", "assert"):
                self.errors.append(json.dumps(told["params"]["args"])[:500])
        elif told.get("method") == "Log.entryAdded" and _is_error(told):
            self.errors.append(told["params"]["entry"]["text"])
        return told

    def size(self, width: int, height: int, dark: bool = False) -> None:
        """The size of the window, and what the reader prefers."""
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        scheme = "dark" if dark else "light"
        self._ask(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )

    def open(self, url: str) -> None:
        """Go there, and wait until the page is ready."""
        self._ask("Page.navigate", {"url": "about:blank"})
        self._ask("Page.navigate", {"url": url})
        self.wait("document.documentElement.dataset.ready")

    def evaluate(self, script: str) -> Any:
        """The value of an expression, awaited."""
        answer = self._ask(
            "Runtime.evaluate",
            {"expression": script, "awaitPromise": True, "returnByValue": True},
        )
        assert "exceptionDetails" not in answer, json.dumps(answer["exceptionDetails"])[:2000]
        return answer["result"].get("value")

    def wait(self, script: str) -> None:
        """Until an expression is true, or give up."""
        until = time.monotonic() + PATIENCE
        while not self.evaluate(
            f"(() => {{ try {{ return Boolean({script}) }} catch {{ return 0 }} }})()"
        ):
            assert time.monotonic() < until, f"never: {script}; {self.errors}"
            time.sleep(0.02)

    def click(self, selector: str) -> None:
        """Click the first element there is."""
        self.wait(f"document.querySelector({json.dumps(selector)})")
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def choose(self, selector: str, value: str) -> None:
        """Choose of a select, or write into an input."""
        self.evaluate(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)});"
            f"one.value = {json.dumps(value)};"
            "one.dispatchEvent(new Event('input', { bubbles: true }));"
            "one.dispatchEvent(new Event('change', { bubbles: true })); })()"
        )

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        for kind in ("keyDown", "keyUp"):
            more = {"text": key} if len(key) == 1 and kind == "keyDown" else {}
            self._ask("Input.dispatchKeyEvent", {"type": kind, "key": key, **more})

    def text(self, selector: str) -> str:
        """What stands there."""
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)}).textContent"))

    def busy(self) -> float:
        """Seconds of the processor that the page's thread has taken, for all it does."""
        if not self._timing:
            self._ask("Performance.enable", {"timeDomain": "threadTicks"})
            self._timing = True
        metrics = self._ask("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))

    def screenshot(self, path: Path) -> None:
        """What is seen, as PNG."""
        shown = self._ask("Page.captureScreenshot", {"captureBeyondViewport": True})
        path.write_bytes(base64.b64decode(shown["data"]))


def _is_error(told: dict[str, Any]) -> bool:
    return bool(told["params"]["entry"]["level"] == "error")


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser that ends with the block."""
    assert CHROMIUM is not None
    (read, to), (back, write) = os.pipe(), os.pipe()
    theirs, ours = (fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (read, write))
    os.close(read)
    os.close(write)

    def place() -> None:
        os.dup2(theirs, 3)  # where it reads, and where it writes
        os.dup2(ours, 4)

    with subprocess.Popen(
        [CHROMIUM, *_OPTIONS, f"--user-data-dir={folder}"],
        preexec_fn=place,  # noqa: PLW1509 (no thread runs here)
        pass_fds=(3, 4),
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(theirs)
        os.close(ours)
        try:
            yield Browser(to, back)
        finally:
            os.close(to)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            os.close(back)
