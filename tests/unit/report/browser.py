"""Debian's Chromium through Playwright: what a test asks of a page besides Playwright's own calls."""

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
PATIENCE = 60  # seconds for one answer, on a machine with other work
WIDE = {"width": 1200, "height": 900}
PHONE = {"width": 360, "height": 800}


@dataclass
class Seen:
    """What a page has logged (messages and uncaught errors) and asked for since it was made."""

    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))


def until(page: Page, expression: str) -> None:
    """Waits until an expression is true; Playwright's own `wait_for_function` needs eval, which the page's policy forbids."""
    end = time.monotonic() + PATIENCE
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never came true: {expression}"
        page.wait_for_timeout(50)


def drawn(page: Page) -> None:
    """Waits until each chart of the page is drawn."""
    until(page, "[...document.querySelectorAll('.vega')].every((chart) => chart.querySelector('.marks'))")


def visit(page: Page, path: Path) -> None:
    page.goto(path.as_uri())
    drawn(page)
