"""Referring a student needs no mouse: every stop can be seen, and they come in the order of the page."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.people import People, a_child, staff_email
from tests.browser.test_main_job import NEED, ORGANIZATION, PROGRAM

pytestmark = pytest.mark.browser

STOPS = 150
"""No form has so many."""


async def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the wanted thing has the focus; every stop on the way must be seen to have it."""
    for _ in range(STOPS):
        if await wanted.evaluate("(e) => e === document.activeElement"):
            return
        await page.keyboard.press("Tab")
        seen = await page.evaluate(
            """() => {
                const style = getComputedStyle(document.activeElement);
                return style.outlineStyle !== "none" || style.boxShadow !== "none";
            }"""
        )
        assert seen, await page.evaluate("document.activeElement.outerHTML")
    raise AssertionError(f"{wanted} is never reached")


async def press(page: Page, button: str) -> None:
    await tab_to(page, page.get_by_role("button", name=button))
    await page.keyboard.press("Enter")


async def test_a_student_is_referred_by_keyboard_alone(people: People) -> None:
    child = a_child("es", 1)
    page = await people.come(staff_email(child), "/referrals/new")
    await expect(page.get_by_label("Name")).to_be_focused()

    await page.keyboard.type(child.name[:3])
    await page.keyboard.press("Enter")
    await press(page, f"Choose {child.name}")

    await tab_to(page, page.get_by_label("Need", exact=True))
    await page.keyboard.type(NEED[:6])
    await press(page, "Go on to consent")

    chosen = page.locator("input[name=consent]:checked, input[name=consent]").first
    await tab_to(page, chosen)
    while not await page.get_by_label("The family has agreed").is_checked():
        await page.keyboard.press("ArrowDown")
    await tab_to(page, page.get_by_label("Who agreed"))
    await page.keyboard.type(child.guardian[:6])
    await tab_to(page, page.get_by_label("In person"))
    await page.keyboard.press("Space")
    await press(page, "Go on to programs")

    await press(page, f"Choose {PROGRAM} of {ORGANIZATION}")
    await press(page, f"Send to {ORGANIZATION}")

    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Sent to {ORGANIZATION}")
