"""A real Chromium, driven by Playwright: skipped with a word where there is none, required in CI."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Literal

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, StorageState, async_playwright

__all__ = ["Visit", "chromium", "complaints", "too_wide", "visit"]

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
"""WCAG 2.2 AA, as far as a machine can tell."""

Scheme = Literal["light", "dark"]
Visit = Callable[..., Awaitable[Page]]
"""`visit(width=1280, scheme="light", javascript=True, language="en-US", cookies=None)`: a page of one browser."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One Chromium for all browser tests."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        words = "There is no Chromium: install it (Debian: apt install chromium) to run the browser tests"
        pytest.fail(words) if os.environ.get("CI") == "true" else pytest.skip(words)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(chromium: Browser) -> AsyncIterator[Visit]:
    """Open pages as different people; a script that breaks or is refused fails the test."""
    contexts: list[BrowserContext] = []
    broken: list[str] = []

    async def open_page(
        *,
        width: int = 1280,
        scheme: Scheme = "light",
        javascript: bool = True,
        language: str = "en-US",
        cookies: StorageState | None = None,
    ) -> Page:
        context = await chromium.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            java_script_enabled=javascript,
            locale=language,
            storage_state=cookies,
        )
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("console", lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None)
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert broken == []


async def complaints(page: Page, *rules: str) -> list[str]:
    """What axe finds on the page (by these rules only), with the elements; empty when all is well.

    Empty also on a page without JavaScript: axe waits by timers, which never run there.
    """
    if await page.evaluate("matchMedia('(scripting: none)').matches"):
        return []
    options = {**RULES, "runOnly": list(rules)} if rules else RULES
    found: dict[str, Any] = (await Axe().run(page, options=options)).response
    return [
        f"{violation['id']}: {violation['help']}: " + "; ".join(node["html"][:160] for node in violation["nodes"])
        for violation in found["violations"]
    ]


async def too_wide(page: Page) -> list[str]:
    """What makes a page scroll sideways; empty when nothing does."""
    elements: list[str] = await page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
            [...document.body.querySelectorAll("*")].filter((e) => {
                const box = e.getBoundingClientRect();
                return box.width && (box.right > innerWidth + 1 || box.left < -1);
            }).map((e) => e.outerHTML.slice(0, 160))"""
    )
    return elements
