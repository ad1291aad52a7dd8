"""A real Chromium, and an operator who sits before it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.desk import Desk, Field
from tests.live import LiveServer

CHROMIUM_VARIABLE = "CHROMIUM"  # names another Chromium than the one on the PATH
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VIEWPORT = {"width": 1920, "height": 1080}
# What the browser itself notes about a refusal or a cut; all else is the page's fault.
EXPECTED = ("Failed to load resource", "WebSocket connection to")
PATIENCE_MS = 15_000  # two busy cores draw slowly


def find_chromium() -> str | None:
    named = os.environ.get(CHROMIUM_VARIABLE)
    if named:
        return named
    known = Path("/usr/bin/chromium")
    return str(known) if known.exists() else shutil.which("chromium")


# A module's own, because the browser's driver keeps an event loop running in this thread, in which
# other modules' asynchronous tests could not run theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine."""
    executable = find_chromium()
    if executable is None:
        pytest.skip(f"No Chromium was found; install it, or name it in {CHROMIUM_VARIABLE}.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable, args=CHROMIUM_ARGUMENTS, timeout=60_000
        )
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that nobody has used before."""
    context = browser.new_context(viewport=VIEWPORT, timezone_id="Europe/Paris", locale="en-GB")  # type: ignore[arg-type]  # a plain dict is taken as well
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def field(live_server: LiveServer) -> Iterator[Field]:
    """The tenant's sites, guards and phones, and what happens to them."""
    with live_server.client() as client:
        log, tenant = live_server.vedette.log, live_server.tenant
        field = Field(client, lambda: log.head(tenant).position)
        field.enrol()
        yield field


@pytest.fixture
def page(context: BrowserContext, live_server: LiveServer) -> Iterator[Page]:
    """A tab that must show no error of its own and ask nobody but our server."""
    page = context.new_page()
    errors: list[str] = []
    strangers: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda message: (
            errors.append(message.text)
            if message.type == "error" and not message.text.startswith(EXPECTED)
            else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            strangers.append(request.url)
            if not request.url.startswith(("http://127.0.0.1:", "data:"))
            else None
        ),
    )
    yield page
    assert errors == []
    assert strangers == []


@pytest.fixture
def desk(page: Page, live_server: LiveServer, field: Field) -> Desk:
    """An operator's place, before the login."""
    return Desk(page, live_server)
