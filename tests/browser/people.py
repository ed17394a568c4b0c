"""People of the demo district at their browsers."""

import re
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Page, StorageState, expect

from deploy.demo_district import roster
from deploy.first_account import OFFICE_EMAIL
from deploy.play import cast
from deploy.play.people import CODE
from tests.browser.chromium import Visit
from tests.journeys.system import RunningSystem

__all__ = ["OFFICE_EMAIL", "People", "a_child", "people", "staff_email", "tickets"]

PATIENCE = 60_000
"""Milliseconds; a page that shows what is new by itself looks every few seconds."""


class People:
    """Opens browsers for people who are signed in, each once by the code from the mail."""

    def __init__(self, system: RunningSystem, visit: Visit, tickets: dict[str, StorageState]) -> None:
        self.system, self.visit, self.tickets = system, visit, tickets

    async def come(self, email: str, path: str = "/", **how: object) -> Page:
        """Somebody's page at a path; `how` as for `visit`."""
        if email not in self.tickets:
            self.tickets[email] = await self._sign_in(email)
        page = await self.visit(cookies=self.tickets[email], **how)
        page.set_default_timeout(PATIENCE)
        await page.goto(self.system.url + path)
        return page

    async def stranger(self, path: str = "/", **how: object) -> Page:
        """The page of somebody who is not signed in."""
        page = await self.visit(**how)
        page.set_default_timeout(PATIENCE)
        await page.goto(self.system.url + path)
        return page

    async def _sign_in(self, email: str) -> StorageState:
        before = await self.system.mailbox.newest(email)
        page = await self.stranger("/sign-in")
        await page.get_by_label("Your e-mail address").fill(email)
        await page.get_by_role("button", name="Send me a code").click()
        mail = await self.system.mailbox.wait(email, after=before, holding=CODE)
        code = re.search(CODE, mail["text"], re.MULTILINE)
        assert code is not None
        await page.get_by_label("Code of six digits").fill(code[0])
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.locator("form[action='/sign-out']")).to_have_count(1)
        return await page.context.storage_state()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def tickets() -> AsyncIterator[dict[str, StorageState]]:
    """The cookies of everybody who has signed in so far."""
    yield {}


@pytest_asyncio.fixture(loop_scope="session")
async def people(system: RunningSystem, visit: Visit, tickets: dict[str, StorageState]) -> People:
    """Everybody."""
    return People(system, visit, tickets)


def a_child(language: str, place: int) -> cast.Child:
    """A student in first to fifth grade whose family speaks a language and reads e-mail."""
    return [child for child in cast.children() if child.language == language and "01" <= child.grade <= "05"][place]


def staff_email(child: cast.Child) -> str:
    """The address of the one who leads the child's school."""
    return next(person["email"] for person in roster.staff() if person["orgSourcedIds"] == child.school)
