"""A real browser for the pages of reports: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Dialog, Error, Page, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def program() -> str | None:
    """The path of a Chromium, or None."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


@lru_cache(maxsize=1)
def unavailable_reason() -> str | None:
    """Why no page can be opened here (for a skip message), or None when one can."""
    if program() is None:
        return "no Chromium is installed (Debian: apt install chromium)"
    try:
        with browser():
            return None
    except Error as error:
        return f"Chromium does not start: {error.message.splitlines()[0]}"


@contextmanager
def browser() -> Iterator[Browser]:
    """A running Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program())
        try:
            yield started
        finally:
            started.close()


class Visit:
    """One page in a fresh window, with everything that it asked for and complained of."""

    def __init__(self, running: Browser, path: Path, fragment: str = "", **options: Any) -> None:
        options.setdefault("viewport", {"width": 1360, "height": 900})
        self.context: BrowserContext = running.new_context(**options)
        self.page: Page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.address = path.as_uri()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error.message}"))
        self.page.on("dialog", self._refuse)
        self.page.goto(self.address + fragment)

    def _refuse(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def close(self) -> None:
        """Closes the window, and holds the page to having asked for nothing and complained of nothing."""
        self.context.close()
        assert {request.partition("#")[0] for request in self.requests} == {self.address}
        assert self.complaints == []


def screenshot(page: Page, name: str) -> None:
    """Keeps a picture in the folder that CHITTYOPS_POLICY_SCREENSHOTS names, for a person to look at."""
    folder = os.environ.get("CHITTYOPS_POLICY_SCREENSHOTS")
    if folder:
        page.screenshot(path=os.path.join(folder, f"{name}.png"))
