"""Every page that somebody can reach by links: axe reads it, and it fits on the smallest phone.

The long form reads the dark colours of each page, too; the short one leaves them to `test_design.py`, which sees every
part in both schemes.
"""

import os
import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, ViewportSize

from deploy.demo_district import stories
from deploy.play import cast
from tests.browser.chromium import complaints, too_wide
from tests.browser.people import OFFICE_EMAIL, People

pytestmark = pytest.mark.browser

FAMILY = next(child for child in cast.children() if child.source_id == stories.FAMILY)
WHO = {
    "school staff": cast.staff_email(stories.COUNSELOR),
    "partner staff": cast.partner_email(stories.PARTNER),
    "a family": FAMILY.guardian_email,
    "district office": OFFICE_EMAIL,
}
MANY_PAGES = {WHO[who] for who in ("district office", "partner staff", "school staff")}
ONE_OF_MANY = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+|(?<=/kinds/)\w+")
NO_PAGE = re.compile(r"\.(csv|pdf|txt|ics)|/(documents|attachments)/[0-9a-f]{8}|/mail|/openapi|/api/")
LONG = "CROSSWALK_LONG" in os.environ
PHONE: ViewportSize = {"width": 320, "height": 800}
DESK: ViewportSize = {"width": 1280, "height": 800}


def shape(path: str) -> str:
    """What pages of the same kind have in common: `/referrals/*`."""
    return ONE_OF_MANY.sub("*", path)


async def links(page: Page) -> list[str]:
    """Paths that the page leads to, without what comes after."""
    found: list[str] = await page.evaluate(
        "() => [...document.links].filter((a) => a.origin === location.origin).map((a) => a.pathname)"
    )
    return [path for path in found if not NO_PAGE.search(path)]


async def faults(page: Page) -> list[str]:
    """What is wrong with a page, on a desk and on a phone."""
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(DESK)
    found = await complaints(page)
    if LONG:
        await page.emulate_media(color_scheme="dark")
        found += await complaints(page, "color-contrast")
    await page.set_viewport_size(PHONE)
    found += [f"too wide for a phone: {element}" for element in await too_wide(page)]
    if await page.locator("h1").count() != 1:
        found.append("a page has one h1")
    return found


async def walk(page: Page, go: Callable[[str], Awaitable[object]], start: str) -> dict[str, list[str]]:
    """Visit one page of every kind that can be reached from `start`; what is wrong with each."""
    waiting, seen, wrong = [start], {shape(start)}, {}
    while waiting:
        path = waiting.pop(0)
        await go(path)
        if found := await faults(page):
            wrong[path] = found
        for link in await links(page):
            if shape(link) not in seen:
                seen.add(shape(link))
                waiting.append(link)
    assert len(seen) > 3, f"{start} leads nowhere"
    return wrong


@pytest.mark.parametrize(
    "who", [pytest.param(who, marks=[pytest.mark.slow] if WHO[who] in MANY_PAGES else []) for who in WHO]
)
async def test_every_page_can_be_used_by_everybody_on_every_screen(people: People, who: str) -> None:
    page = await people.come(WHO[who])
    answers: dict[str, int] = {}

    async def go(path: str) -> None:
        answer = await page.goto(people.system.url + path)
        assert answer is not None
        answers[path] = answer.status

    wrong = await walk(page, go, "/")

    assert wrong == {}
    assert {path: status for path, status in answers.items() if status != 200} == {}


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_the_public_pages_can_be_used_by_everybody_in_both_directions(people: People, language: str) -> None:
    page = await people.stranger()

    async def go(path: str) -> object:
        return await page.goto(f"{people.system.url}{path}?lang={language}")

    assert await walk(page, go, "/") == {}
    assert await page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")


async def test_a_page_that_is_not_there_says_what_to_do(people: People) -> None:
    page = await people.stranger("/no-such-page")

    assert await faults(page) == []
    assert await page.get_by_role("main").get_by_role("link").count() == 1
