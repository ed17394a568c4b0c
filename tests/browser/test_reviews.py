"""A review in a browser: the school rates in seven parts, reads both sides, looks back, and has its report."""

import pytest
from playwright.async_api import Page, expect

from deploy.play import cast
from tests.browser.people import People, a_child, staff_email
from tests.browser.test_every_page import faults
from tests.journeys.test_reviews import API, rate

pytestmark = pytest.mark.browser

ORGANIZATION = "Millbrook Mentors"


async def rate_everything(page: Page, rating: str) -> None:
    """The same rating in every part; the last one leads back to the review."""
    while await page.locator("input[type=radio]").count():
        for choice in await page.locator(f"input[type=radio][value='{rating}']").all():
            await choice.check()
        await page.locator("button[name=then][value=next]").click()
        await page.wait_for_load_state()


async def test_a_school_rates_reads_both_sides_and_decides_how_it_goes_on(people: People) -> None:
    page = await people.come(staff_email(a_child("vi", 0)), "/agreements/reviews/new")
    await page.get_by_label("Partner").select_option(label=ORGANIZATION)
    await page.get_by_role("button", name="Start").click()
    address = page.url.partition("?")[0]
    wrong = await faults(page)
    await page.set_viewport_size({"width": 1280, "height": 800})

    await page.get_by_role("link", name="Rate the partnership").click()
    wrong += await faults(page)
    await rate_everything(page, "3")
    await page.get_by_role("button", name="Give our ratings").click()
    await expect(page.get_by_text("Given. Both sides' ratings stand beside each other")).to_be_visible()
    await expect(page.get_by_text("You see the other side's ratings when both have given theirs")).to_be_visible()

    partner = await people.system.caller(cast.partner_email(ORGANIZATION))
    path = f"{API}/reviews/{address.rpartition('/')[2]}"
    await rate(partner, path, await partner.get(f"{API}/framework"), 4)
    await page.goto(address)
    first = page.get_by_role("row").filter(has_text="SA1")
    await expect(first).to_contain_text("3 · ")
    await expect(first).to_contain_text("4 · ")
    wrong += await faults(page)

    await page.goto(f"{address}/year-end")
    await page.get_by_label("Continue").check()
    await page.locator("[name=reason]").fill("Every mentor stayed.")
    await page.locator("[name=known_by]").fill("They stay again.")
    await page.get_by_role("button", name="Decide").click()
    await expect(page.get_by_text("Decided. The partner hears about it")).to_be_visible()
    await page.get_by_role("link", name="Report of").click()
    await expect(page.get_by_role("main")).to_contain_text("3.5")
    wrong += await faults(page)

    assert wrong == []
