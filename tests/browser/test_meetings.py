"""A meeting at the browser, with and without JavaScript: scheduled, answered by the link of the mail, moved."""

import os
import re
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, ViewportSize, expect

from deploy.play import cast
from tests.browser.chromium import complaints, too_wide
from tests.browser.people import PATIENCE, People, a_child, staff_email

pytestmark = pytest.mark.browser

expect.set_options(timeout=PATIENCE)
ORGANIZATION = "Harbor Lights Youth Center"
SOON = datetime.now(ZoneInfo("America/New_York")) + timedelta(days=20)
PHONE: ViewportSize = {"width": 320, "height": 800}
DESK: ViewportSize = {"width": 1280, "height": 900}


async def fits(page: Page, name: str) -> None:
    """The page can be used by everybody on every screen; where a folder for pictures is named, they are taken."""
    shots = os.environ.get("CROSSWALK_SHOTS")
    for scheme, size in (("light", DESK), ("dark", DESK), ("light", PHONE)):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        await page.set_viewport_size(size)
        if shots:
            await page.screenshot(path=Path(shots) / f"{name}-{scheme}-{size['width']}.png", full_page=True)
        if size is PHONE:
            assert await too_wide(page) == []
        else:
            assert await complaints(page) == []
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(DESK)


async def schedule(page: Page, about: str, partner: str) -> None:
    """A weekly meeting with somebody who is found by name."""
    await page.get_by_label("What is it about?").fill(about)
    await page.get_by_label("Partner").select_option(ORGANIZATION)
    await page.get_by_label("Day").fill(f"{SOON:%Y-%m-%d}")
    await page.get_by_label("Begins at").fill("15:30")
    await page.get_by_label("How often").select_option("weekly")
    await page.get_by_label("Until").fill(f"{SOON + timedelta(days=40):%Y-%m-%d}")
    await page.get_by_label("Place", exact=True).fill("Room 12")
    await page.get_by_label("Agenda").fill("Who comes to homework club\nThe new room")
    await page.get_by_label("Find people by name").fill(partner)
    await page.get_by_role("button", name="Find").click()
    await expect(page.get_by_label("What is it about?")).to_have_value(about)
    await page.locator("input[name=person_ids]").first.check()
    await fits(page, "form")
    await page.get_by_role("button", name="Schedule and invite").click()


@pytest.mark.parametrize("javascript", [True, pytest.param(False, marks=pytest.mark.slow)])
async def test_a_meeting_is_scheduled_answered_and_moved_and_everybody_hears(people: People, javascript: bool) -> None:
    mailbox, partner_email = people.system.mailbox, cast.partner_email(ORGANIZATION)
    about = f"How the fall goes {uuid4().hex[:6]}"
    before = await mailbox.newest(partner_email)
    staff = await people.come(staff_email(a_child("ar", 3)), "/agreements/meetings/new", javascript=javascript)
    await schedule(staff, about, partner_email)
    await expect(staff.get_by_role("heading", level=1)).to_have_text(about)

    invited = await mailbox.wait(partner_email, after=before, holding="by-link")
    link = re.search(r"http\S+/agreements/meetings/by-link/\S+", invited["text"])
    assert link is not None
    guest = await people.visit(width=320)
    await guest.goto(link[0])
    await fits(guest, "invitation")
    await guest.get_by_role("button", name="I come").click()
    await expect(guest.locator(".note--good")).to_be_visible()
    await staff.reload()
    await expect(staff.locator("aside")).to_contain_text("Comes")
    await fits(staff, "meeting")

    first = staff.locator("main ul.list > li").first
    await first.locator("summary", has_text="For this date only").click()
    await first.locator("summary", has_text="Move this date").click()
    await first.get_by_label("New hour").fill("08:15")
    await first.get_by_role("button", name="Move and tell everybody").click()
    await expect(staff.locator(".note--good")).to_contain_text("Moved.")
    await expect(staff.get_by_role("main")).to_contain_text("8:15")
    moved = await mailbox.wait(partner_email, after=invited["id"], holding="new time")
    assert "8:15" in moved["text"]
    partner = await people.come(partner_email, "/agreements/meetings", javascript=javascript)
    moved_row = partner.get_by_role("row").filter(has_text=about).filter(has_text="8:15")
    await expect(moved_row).to_contain_text("Waits for your answer")
    await fits(partner, "list")


async def test_the_other_pages_of_meetings_fit_every_screen(people: People) -> None:
    staff = await people.come(staff_email(a_child("ar", 3)), "/agreements/tasks")
    for path, name in (
        ("/agreements/tasks", "tasks"),
        ("/agreements/calendar", "calendar"),
        ("/notifications/preferences", "preferences"),
    ):
        await staff.goto(people.system.url + path)
        await fits(staff, name)
