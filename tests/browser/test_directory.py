"""The directory in a browser: searched, read on the map, a program and a school opened, on every screen."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.people import People
from tests.browser.test_every_page import faults

pytestmark = pytest.mark.browser

SEARCH = "/agreements/programs?q=homework&near=Foundry+Hill"


async def search(page: Page) -> None:
    """Programs that help with homework, near the school."""
    await page.get_by_label("Words").fill("homework")
    await page.get_by_label("Near").select_option(label="Foundry Hill")
    await page.get_by_role("button", name="Show", exact=True).click()


@pytest.mark.parametrize("javascript", [True, pytest.param(False, marks=pytest.mark.slow)])
async def test_a_family_searches_sees_why_it_fits_and_opens_a_program(people: People, javascript: bool) -> None:
    page = await people.stranger("/agreements/programs", javascript=javascript)

    await search(page)
    nearest = page.locator("ol.found > li").first
    await expect(nearest).to_contain_text("Homework Club at the Council")
    await expect(nearest.locator(".why")).to_contain_text("mi away")
    await expect(page.locator(".map__dot").first).to_be_visible()
    await page.locator("figure.map a").first.focus()
    await page.keyboard.press("Enter")
    assert page.url.rpartition("#")[2].startswith("program-")
    await nearest.get_by_role("link").first.click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("Homework Club at the Council")
    await expect(page.get_by_role("main")).to_contain_text("Tuesday to Thursday, 4:00 pm to 7:00 pm")


async def test_by_day_and_time_only_what_is_open_then_is_found(people: People) -> None:
    page = await people.stranger("/agreements/programs?day=SU&time=afternoon")

    await expect(page.locator("ol.found > li")).to_have_count(1)
    await expect(page.locator("ol.found .why")).to_contain_text("Sunday, 2:00 pm to 4:00 pm")


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_search_map_program_and_school_can_be_used_by_everybody_in_both_directions(
    people: People, language: str
) -> None:
    page = await people.stranger(f"{SEARCH}&lang={language}")

    found = await faults(page)
    program = await page.locator("ol.found a[href*='/programs/']").first.get_attribute("href")
    school = await page.locator("select[name=school] option").nth(6).get_attribute("value")
    for path in (program, f"/agreements/schools/{school}"):
        await page.goto(f"{people.system.url}{path}?lang={language}")
        found += await faults(page)

    assert found == []
    assert await page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    assert await page.locator("h2 .state--good").count() >= 1
