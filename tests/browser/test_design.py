"""The parts of the design can be used by everybody, on every screen."""

from pathlib import Path

import pytest

from shared.web.gallery import write
from shared.web.render import STATIC
from tests.browser.chromium import Scheme, Visit, complaints, too_wide

pytestmark = pytest.mark.browser

PAGES = ("staff-en", "staff-ar", "family-en", "family-ar")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    write(folder)
    return folder


def test_the_style_sheet_stays_small() -> None:
    assert (STATIC / "crosswalk.css").stat().st_size < 30_000


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
async def test_axe_has_nothing_against_any_part(
    gallery: Path, visit: Visit, name: str, scheme: Scheme, width: int
) -> None:
    page = await visit(width=width, scheme=scheme)

    await page.goto((gallery / f"{name}.html").as_uri())

    assert await complaints(page) == []


@pytest.mark.parametrize("name", PAGES)
async def test_nothing_scrolls_sideways_on_the_smallest_phone(gallery: Path, visit: Visit, name: str) -> None:
    page = await visit(width=320)

    await page.goto((gallery / f"{name}.html").as_uri())

    assert await too_wide(page) == []


@pytest.mark.parametrize("name", PAGES)
async def test_what_is_pressed_is_large_enough_for_a_thumb(gallery: Path, visit: Visit, name: str) -> None:
    page = await visit(width=360)
    await page.goto((gallery / f"{name}.html").as_uri())

    small = await page.evaluate(
        """() => [...document.querySelectorAll("main :is(.button, input:not([type=hidden]), select, summary), .bar a")]
            .map((e) => [e, (e.type === "radio" || e.type === "checkbox" ? e.nextElementSibling : e)])
            .filter(([e, box]) => { const h = box.getBoundingClientRect().height; return h && h < 44; })
            .map(([e]) => e.outerHTML.slice(0, 120))"""
    )

    assert small == []


async def test_an_arabic_page_is_the_mirror_of_an_english_one(gallery: Path, visit: Visit) -> None:
    page = await visit()
    sides = {}
    for language in ("en", "ar"):
        await page.goto((gallery / f"family-{language}.html").as_uri())
        brand, end = [await page.locator(part).bounding_box() for part in (".brand", ".bar__end")]
        assert brand is not None
        assert end is not None
        sides[language] = brand["x"] < end["x"]

    assert sides == {"en": True, "ar": False}


async def test_the_menu_of_a_phone_opens_and_closes_by_keyboard(gallery: Path, visit: Visit) -> None:
    page = await visit(width=360)
    await page.goto((gallery / "family-en.html").as_uri())
    entry = page.get_by_role("link", name="Ask a question")
    assert not await entry.is_visible()

    await page.get_by_role("button", name="Menu").focus()
    await page.keyboard.press("Enter")
    assert await entry.is_visible()
    await page.keyboard.press("Escape")

    assert not await entry.is_visible()


async def test_the_skip_link_is_the_first_stop_and_leads_to_the_main_part(gallery: Path, visit: Visit) -> None:
    page = await visit()
    await page.goto((gallery / "family-en.html").as_uri())

    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.keyboard.press("Enter")

    assert await page.evaluate("document.activeElement.id") == "main"


async def test_a_refused_form_begins_at_what_is_wrong_and_leads_to_the_field(gallery: Path, visit: Visit) -> None:
    page = await visit()
    await page.goto((gallery / "staff-en.html").as_uri())
    assert await page.evaluate("document.activeElement.id") == "errors"

    await page.get_by_role("link", name="Say how the family agreed").click()

    assert await page.evaluate("document.activeElement.name") == "method"
    assert await page.get_by_label("E-mail address").get_attribute("aria-describedby") == "email-hint email-error"
