"""What is new appears by itself, and nobody is disturbed while they write or read."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, expect

from shared.web.render import STATIC
from tests.browser.chromium import Visit
from tests.journeys.system import until

pytestmark = pytest.mark.browser

SITE = "http://crosswalk.test"
FRAME = """<!doctype html><title>Page</title><script src="/static/live.js" defer></script>
<a href="#" data-waiting="waiting">Messages</a><p id="elsewhere" tabindex="0">Elsewhere</p>
<div data-live id="list">{list}</div><p role="status" id="live-words" data-words="There is news."></p>"""


@dataclass
class Site:
    """A site whose page says what `list` says, and that keeps count of how often it was asked."""

    page: Page
    list: str = "<p>One</p>"
    count: int = 0
    asked: int = field(default=0)

    async def answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        if path == "/static/live.js":
            await route.fulfill(path=STATIC / "live.js")
        elif path == "/notifications/api/v1/inbox/count":
            await route.fulfill(content_type="application/json", body=json.dumps({"count": self.count}))
        else:
            self.asked += 1
            await route.fulfill(content_type="text/html", body=FRAME.format(list=self.list))

    async def time_passes(self) -> None:
        """The page looks again; when it looks once more after that, it has shown what it saw."""
        wanted = self.asked + 2

        async def looked() -> bool:
            await self.page.clock.run_for(1_000)
            return self.asked >= wanted

        await until(looked, "a look at what is new")

    async def messages_say(self, words: str) -> None:
        """The count is asked for, and stands beside the messages."""

        async def said() -> bool:
            await self.page.clock.run_for(1_000)
            return await self.page.get_by_text("Messages").inner_text() == words

        await until(said, f"“{words}”")


@pytest_asyncio.fixture(loop_scope="session")
async def site(visit: Visit) -> AsyncIterator[Site]:
    page = await visit()
    site = Site(page)
    await page.clock.install()
    await page.route("**/*", site.answer)
    await page.goto(f"{SITE}/list")
    yield site


async def test_what_is_new_appears_and_is_announced(site: Site) -> None:
    site.list = "<p>One</p><p>Two</p>"

    await site.time_passes()

    await expect(site.page.locator("#list p")).to_have_text(["One", "Two"])
    await expect(site.page.get_by_role("status")).to_have_text("There is news.")


async def test_a_time_grows_older_without_an_announcement(site: Site) -> None:
    site.list = '<p>One <time datetime="2026-11-21T20:00Z">1 minute ago</time></p>'
    await site.time_passes()
    await site.page.evaluate("document.getElementById('live-words').textContent = ''")
    site.list = site.list.replace("1 minute", "2 minutes")

    await site.time_passes()

    await expect(site.page.locator("time")).to_have_text("2 minutes ago")
    await expect(site.page.get_by_role("status")).to_have_text("")


async def test_nothing_is_taken_from_somebody_who_writes(site: Site) -> None:
    form = '<form><input type="hidden" value="{}"><textarea></textarea></form>'
    site.list = form.format("first")
    await site.time_passes()
    area = site.page.locator("textarea")
    await area.fill("We speak Somali")
    await site.page.locator("#elsewhere").focus()
    site.list = form.format("second") + "<p>Two</p>"

    await site.time_passes()
    await expect(area).to_have_value("We speak Somali")
    await area.fill("")
    await site.page.locator("#elsewhere").focus()
    await site.time_passes()

    await expect(site.page.locator("#list p")).to_have_text("Two")


async def test_a_region_in_which_the_focus_is_stays(site: Site) -> None:
    site.list = '<a href="#one">One</a>'
    await site.time_passes()
    await site.page.locator("#list a").focus()
    site.list = '<a href="#two">Two</a>'

    await site.time_passes()

    await expect(site.page.locator("#list a")).to_have_text("One")
    await expect(site.page.locator("#list a")).to_be_focused()


async def test_what_somebody_unfolded_stays_open(site: Site) -> None:
    site.list = "<details><summary>More</summary><p>Words</p></details>"
    await site.time_passes()
    await site.page.locator("summary").click()
    await site.page.locator("#elsewhere").focus()
    site.list += "<p>Two</p>"

    await site.time_passes()

    await expect(site.page.get_by_text("Words")).to_be_visible()


async def test_a_page_that_nobody_sees_does_not_ask(site: Site) -> None:
    await site.page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    await site.page.clock.run_for(4_000)
    await site.page.evaluate("fetch('/last')")
    before = site.asked

    await site.page.clock.run_for(60_000)
    assert site.asked == before
    await site.page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    await site.time_passes()


async def test_what_waits_is_counted_beside_the_messages(site: Site) -> None:
    await site.messages_say("Messages")

    site.count = 3
    await site.messages_say("Messages 3 waiting")
    site.count = 0

    await site.messages_say("Messages")
