"""The main job as people do it at their browsers, with and without JavaScript."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from deploy.play import cast
from tests.browser.people import OFFICE_EMAIL, PATIENCE, People, a_child, staff_email
from tests.journeys.system import until

pytestmark = pytest.mark.browser

expect.set_options(timeout=PATIENCE)

ORGANIZATION, PROGRAM = "Harbor Lights Youth Center", "Homework Harbor"
NEED = "Help with school work"


async def choose_student(page: Page, child: cast.Child) -> None:
    await page.get_by_label("Name").fill(child.name[:3])
    await page.get_by_role("button", name="Find").click()
    await page.get_by_role("button", name=f"Choose {child.name}").click()


async def say_need(page: Page, need: str = NEED) -> None:
    await page.get_by_label("Need", exact=True).select_option(need)
    await page.get_by_label("Words for the partner").fill("Likes to read aloud.")
    await page.get_by_role("button", name="Go on to consent").click()


async def record_consent(page: Page, child: cast.Child) -> None:
    await page.get_by_label("The family has agreed").check()
    who = page.get_by_label("Who agreed")
    await who.select_option(await who.locator("option", has_text=child.guardian).first.get_attribute("value"))
    await page.get_by_label("By phone").check()
    await page.get_by_role("button", name="Go on to programs").click()


async def choose_program(page: Page) -> None:
    await page.get_by_role("button", name=f"Choose {PROGRAM} of {ORGANIZATION}").click()


async def refer(page: Page, child: cast.Child, *, agreed: bool = True) -> str:
    """Refer a student in four steps; the path of the referral's page."""
    await choose_student(page, child)
    await say_need(page)
    if agreed:
        await record_consent(page, child)
    else:
        await page.get_by_label("Ask the family by message").check()
        await page.get_by_role("button", name="Go on to programs").click()
    await choose_program(page)
    await page.get_by_role("button", name=re.compile(f"send to {ORGANIZATION}", re.IGNORECASE)).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(
        f"Sent to {ORGANIZATION}" if agreed else "The family is asked"
    )
    path = await page.get_by_role("link", name="Open the referral").get_attribute("href")
    assert path is not None
    return path


def in_inbox(page: Page, child: cast.Child) -> Locator:
    return page.get_by_role("row").filter(has_text=child.name)


async def logged(people: People, path: str) -> Page:
    """The audit page about a referral, once the acceptance stands there."""
    office = await people.come(OFFICE_EMAIL, f"/audit?thing={path.rsplit('/', 1)[-1]}")
    accepted = office.get_by_role("row").filter(has_text="accepted")

    async def there() -> bool:
        await office.reload()
        return await accepted.count() > 0

    await until(there, "the acceptance in the log")
    return office


async def test_three_people_do_the_main_job_and_nobody_reloads_a_page(people: People) -> None:
    child, mailbox = a_child("ar", 3), people.system.mailbox
    before = await mailbox.newest(child.guardian_email)
    partner = await people.come(cast.partner_email(ORGANIZATION), "/referrals/inbox")
    staff = await people.come(staff_email(child), "/referrals/new")
    await partner.evaluate("window.neverReloaded = true")

    path = await refer(staff, child)
    await staff.get_by_role("link", name="Open the referral").click()
    await staff.evaluate("window.neverReloaded = true")
    await expect(in_inbox(partner, child)).to_be_visible()
    assert await partner.evaluate("window.neverReloaded")
    await in_inbox(partner, child).get_by_role("button", name="Acknowledge").click()
    await expect(staff.locator("#state")).to_contain_text("Seen by the partner")
    await in_inbox(partner, child).get_by_role("button", name="Accept").click()
    await expect(staff.locator("#state")).to_contain_text("Accepted")
    assert await staff.evaluate("window.neverReloaded")

    mail = await mailbox.wait(child.guardian_email, after=before)
    assert mail["language"] == "ar"
    family = await people.come(child.guardian_email, "/referrals/family", language="ar")
    await expect(family.locator("html")).to_have_attribute("dir", "rtl")
    await expect(family.get_by_role("main")).to_contain_text(PROGRAM)
    assert await (await logged(people, path)).get_by_role("row").count() > 4


async def test_the_main_job_needs_no_javascript(people: People) -> None:
    child, mailbox = a_child("so", 1), people.system.mailbox
    before = await mailbox.newest(child.guardian_email)
    staff = await people.come(staff_email(child), "/referrals/new", javascript=False)

    path = await refer(staff, child)
    partner = await people.come(cast.partner_email(ORGANIZATION), "/referrals/inbox", javascript=False)
    await until(lambda: shown_after_reload(partner, in_inbox(partner, child)), "the referral in the inbox")
    await in_inbox(partner, child).get_by_role("link", name=child.name).click()
    await partner.get_by_role("button", name="Accept").click()
    await staff.goto(people.system.url + path)
    await expect(staff.locator("#state")).to_contain_text("Accepted")

    assert (await mailbox.wait(child.guardian_email, after=before))["language"] == "so"
    family = await people.come(child.guardian_email, "/referrals/family", javascript=False)
    await expect(family.get_by_role("main")).to_contain_text(PROGRAM)
    await logged(people, path)


async def shown_after_reload(page: Page, thing: Locator) -> bool:
    await page.reload()
    return await thing.count() > 0


async def test_a_family_that_is_asked_agrees_by_the_link_in_its_mail_without_signing_in(people: People) -> None:
    child, mailbox = a_child("ar", 5), people.system.mailbox
    before = await mailbox.newest(child.guardian_email)
    staff = await people.come(staff_email(child), "/referrals/new")
    path = await refer(staff, child, agreed=False)
    mail = await mailbox.wait(child.guardian_email, after=before, holding="by-link")
    link = re.search(r"http\S+/referrals/by-link/\S+", mail["text"])
    assert link is not None

    family = await people.visit(width=320, language="ar")
    await family.goto(link[0])
    await expect(family.locator("html")).to_have_attribute("dir", "rtl")
    await family.locator("main button.button--primary").click()

    await expect(family.locator(".note--good")).to_be_visible()
    partner = await people.come(cast.partner_email(ORGANIZATION), "/referrals/inbox")
    await expect(in_inbox(partner, child)).to_be_visible()
    await staff.goto(people.system.url + path)
    await expect(staff.locator("#state")).to_contain_text("Waits for an answer")


async def test_a_partner_declines_with_a_reason_and_the_referrer_reads_it(people: People) -> None:
    child = a_child("es", 0)
    staff = await people.come(staff_email(child), "/referrals/new")
    path = await refer(staff, child)
    partner = await people.come(cast.partner_email(ORGANIZATION), "/referrals/inbox")
    row = in_inbox(partner, child)
    await row.locator("summary", has_text="Decline").click()

    await row.get_by_label("Why").select_option("no_capacity")
    await row.get_by_label("Words for the school").fill("We are full until spring.")
    await row.get_by_role("button", name="Decline").click()
    await expect(row).to_have_count(0)

    await staff.goto(people.system.url + path)
    await expect(staff.locator("#timeline")).to_contain_text("We are full until spring.")
