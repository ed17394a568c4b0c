"""Registration to approval as people do it at their browsers: an unknown partner, and the district office."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.async_api import Locator, Page, expect

from deploy.play.people import CODE
from tests.browser.chromium import complaints, too_wide
from tests.browser.people import OFFICE_EMAIL, PATIENCE, People
from tests.journeys.system import until

pytestmark = pytest.mark.browser

expect.set_options(timeout=PATIENCE)

UNTIL = (datetime.now(UTC).date() + timedelta(days=300)).isoformat()
WHO = {
    "Address": "3 Mill Street, Boston",
    "Name": "Ines Duarte",
    "E-mail address": "ines@example.org",
    "References": "Rosa Lima, rosa@example.org",
}
WORK = {
    "What the organization is for": "We row with students.",
    "Whom you serve": "Grades 6 to 12",
    "Where you work": "The boat house",
    "Your programs": "Rowing on Saturdays",
    "How you know that they work": "Nine of ten come back.",
}


async def prove_address(people: People, page: Page, email: str) -> None:
    """The public page, the code of the mail, and then the form for the organization."""
    await page.get_by_role("link", name="Register your organization").click()
    await page.get_by_label("Your first name").fill("Ines")
    await page.get_by_label("Your last name").fill("Duarte")
    await page.get_by_label("Your e-mail address at work").fill(email)
    await page.get_by_role("button", name="Send me a code").click()
    mail = await people.system.mailbox.wait(email, holding=CODE)
    code = re.search(CODE, mail["text"], re.MULTILINE)
    assert code is not None
    await page.get_by_label("Code of six digits").fill(code[0])
    await page.get_by_role("button", name="Sign in").click()


async def fill(page: Page, values: dict[str, str]) -> None:
    for label, value in values.items():
        await page.get_by_label(label, exact=True).fill(value)
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".note--good")).to_have_text("Saved.")


async def attach(page: Page, what: str, name: str) -> None:
    await page.get_by_role("link", name="Attach a document").click()
    await page.get_by_label(what).check()
    await page.get_by_label("Last day on which it holds").fill(UNTIL)
    file = {"name": name, "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n%" + name.encode()}
    await page.get_by_label("File").set_input_files(file)  # type: ignore[arg-type]
    await page.get_by_role("button", name="Attach the document").click()


async def usable(page: Page) -> None:
    """What axe says in light and dark, and whether it fits on a phone."""
    assert await complaints(page) == []
    await page.emulate_media(color_scheme="dark")
    assert await complaints(page, "color-contrast") == []
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": 320, "height": 800})
    assert await too_wide(page) == []
    await page.set_viewport_size({"width": 1280, "height": 800})


def todo(page: Page, name: str) -> Locator:
    return page.get_by_role("link", name=f"Review the registration of {name}")


@pytest.mark.parametrize("javascript", [True, pytest.param(False, marks=pytest.mark.slow)])
async def test_a_partner_registers_is_asked_back_and_approved(people: People, javascript: bool) -> None:
    name = f"Tidewater {uuid4().hex[:6]}"
    page = await people.stranger("/", javascript=javascript)
    await prove_address(people, page, f"ines.{uuid4().hex[:8]}@tidewater.example.org")

    await page.get_by_label("Name of the organization").fill(name)
    await page.get_by_role("button", name="Begin").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)
    await page.get_by_role("link", name="Who you are").click()
    await usable(page)
    await fill(page, WHO | {"Tax id": uuid4().hex[:9]})
    await page.get_by_role("link", name="What you offer").click()
    await page.get_by_label("Sports and play").check()
    await fill(page, WORK)
    await page.get_by_role("link", name="Attach a document").click()
    await usable(page)
    await page.get_by_role("link", name="Back").click()
    await attach(page, "Proof of insurance", "policy.pdf")
    await attach(page, "Background-check", "cori.pdf")
    await usable(page)
    await page.get_by_role("button", name="Send to the district office").click()
    await expect(page.locator(".note--good")).to_contain_text("Sent.")

    office = await people.come(OFFICE_EMAIL, "/referrals/overview", javascript=javascript)
    await until(lambda: shown_after_reload(office, todo(office, name)), "the registration on the first page")
    await todo(office, name).click()
    await office.get_by_role("link", name="Review", exact=True).click()
    await usable(office)
    await office.locator("summary", has_text="Ask back").click()
    await office.get_by_label("Questions").fill("Where is the boat house?")
    await office.get_by_role("button", name="Ask back").click()
    await expect(office.locator(".note--good")).to_contain_text("Asked.")

    await page.reload()
    await expect(page.locator(".note--warn")).to_contain_text("Where is the boat house?")
    await page.get_by_role("button", name="Send to the district office").click()
    await expect(page.locator(".note--good")).to_contain_text("Sent.")
    await office.reload()
    for grade in await office.locator("#rubric select").all():
        await grade.select_option("met")
    await office.get_by_role("button", name="Save the ratings").click()
    await office.get_by_role("button", name="Approve", exact=True).click()
    await expect(office.locator(".note--good")).to_contain_text("Approved for a year.")

    # Its first page is the inbox from now on: the session takes up the role there.
    await until(lambda: at_inbox(page, people), "the role of the registrant")
    await page.get_by_role("link", name="Our details").click()
    await expect(page.locator("main .state--good").first).to_have_text("Approved")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Proof of insurance").click()
    assert (await download.value).suggested_filename == "policy.pdf"


async def shown_after_reload(page: Page, thing: Locator) -> bool:
    await page.reload()
    return await thing.count() > 0


async def at_inbox(page: Page, people: People) -> bool:
    await page.goto(people.system.url + "/")
    return "/referrals/inbox" in page.url
