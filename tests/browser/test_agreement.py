"""An agreement in a browser: the school drafts it, both read the exact text, both sign, and the PDF is there."""

from datetime import date, timedelta

import pytest
from playwright.async_api import Page, expect

from deploy.play import cast
from tests.browser.people import People, a_child, staff_email
from tests.browser.test_main_job import ORGANIZATION

pytestmark = pytest.mark.browser


async def test_an_agreement_is_drafted_and_signed_by_both(people: People) -> None:
    school = await people.come(staff_email(a_child("es", 1)), "/agreements/agreements/new")
    first = date.today() + timedelta(days=30)  # noqa: DTZ011

    await school.get_by_label("No-cost memorandum of understanding").check()
    await school.get_by_label("Partner").select_option(label=ORGANIZATION)
    await school.get_by_label("Title").fill("Homework help in grade 4")
    await school.get_by_label("First day").fill(first.isoformat())
    await school.get_by_label("Last day").fill((first + timedelta(days=200)).isoformat())
    await school.get_by_role("button", name="Start the draft").click()
    await school.get_by_label("Students served").fill("Grade 4, up to 20.")
    await school.get_by_role("button", name="Save the draft").click()
    await expect(school.get_by_text("Saved. The other side sees what you changed.")).to_be_visible()
    address = school.url.partition("?")[0]

    partner = await people.come(cast.partner_email(ORGANIZATION), "/agreements/agreements")
    await partner.get_by_role("link", name="Homework help in grade 4").click()
    await partner.get_by_text("Name a contact").click()
    await partner.get_by_label("The partner's contact").select_option(index=1)
    await partner.get_by_role("button", name="Name the contact").click()
    await expect(partner.get_by_text("What waited for the contact waits for the new one")).to_be_visible()

    await school.goto(address)
    await school.get_by_role("button", name="Send for signature").click()
    await expect(school.get_by_text("The text is fixed now")).to_be_visible()
    await sign(school, "Ada Diaz")
    await expect(school.get_by_text("Signed for your side")).to_be_visible()
    await partner.goto(address)
    await sign(partner, "Rosa Lima")

    await expect(partner.get_by_text("Signed by both sides. The text is fixed for good.")).to_be_visible()
    async with partner.expect_download() as download:
        await partner.get_by_role("link", name="PDF with signatures").click()
    assert (await (await download.value).path()).read_bytes().startswith(b"%PDF-")


async def sign(page: Page, name: str) -> None:
    """Read the exact text and sign it."""
    await page.get_by_role("link", name="Read and sign").click()
    await expect(page.get_by_text("SHA-256")).to_be_visible()
    await page.get_by_label("Your full name").fill(name)
    await page.get_by_label("I agree to do this electronically").check()
    await page.get_by_role("button", name="Sign for").click()
