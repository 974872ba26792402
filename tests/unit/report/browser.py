"""Chromium driven over its debugging pipe (`--remote-debugging-pipe`: JSON messages that end in NUL), without another package."""

import base64
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
QUIET = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"]
PATIENCE = 60  # seconds for one answer, on a machine with other work
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}


class Tab:
    """One page: evaluates, presses keys, and keeps what was logged and requested."""

    def __init__(self, to: int, of: int) -> None:
        self.to, self.of, self.left = to, of, b""
        self.number, self.session = 0, None
        self.console: list[str] = []
        self.requests: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        self.number += 1
        message: dict[str, Any] = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self.left:
            assert select.select([self.of], [], [], PATIENCE)[0], "chromium does not answer"
            read = os.read(self.of, 1 << 20)
            assert read, "chromium has ended"
            self.left += read
        first, _, self.left = self.left.partition(b"\0")
        message: dict[str, Any] = json.loads(first)
        given = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(given["request"]["url"])
            case "Runtime.exceptionThrown":
                self.console.append(json.dumps(given["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                self.console.append(json.dumps(given["args"]))
            case "Log.entryAdded":
                self.console.append(given["entry"]["text"])
        return message

    def js(self, expression: str) -> Any:
        """The value of an expression in the page; a promise's when it has one."""
        done = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def until(self, expression: str) -> None:
        end = time.monotonic() + PATIENCE
        while not self.js(expression):
            assert time.monotonic() < end, f"never came true: {expression}"
            time.sleep(0.05)

    def screen(self, width: int, height: int = 900, scheme: str = "light") -> None:
        phone = width < 600
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, page: Path) -> None:
        """Opens a page and waits until each of its charts is drawn."""
        self.send("Page.navigate", url=f"file://{page}")
        self.until("document.readyState === 'complete' && location.protocol === 'file:'")
        self.drawn()

    def drawn(self) -> None:
        self.until("[...document.querySelectorAll('.vega')].every((chart) => chart.querySelector('.marks'))")

    def press(self, key: str) -> None:
        text = {"Enter": "\r", " ": " "}.get(key, "")
        about = {"key": key, "code": {" ": "Space"}.get(key, key), "windowsVirtualKeyCode": KEYS[key]}
        self.send("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
        self.send("Input.dispatchKeyEvent", type="keyUp", **about)

    def shot(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))


@contextlib.contextmanager
def tab(profile: Path) -> Iterator[Tab]:
    """A headless Chromium of its own with one tab, ended with everything that it started."""
    (theirs_in, to), (of, theirs_out) = os.pipe(), os.pipe()
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *QUIET]
    command += [f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"]
    redirected = ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", *command]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = subprocess.Popen(redirected, pass_fds=(theirs_in, theirs_out), start_new_session=True, **quiet)
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Tab(to, of)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        os.close(to)
        os.close(of)
