"""The demo district after the roster of somebody else came in: whoever is offered is there."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.journeys.system import RunningSystem
from tests.people.bundles import USERS, a_bundle, a_user, bundle_files

NO_ADDRESSES = [
    a_user("mother", "parent", email="", sms="(617) 555-0123") if u["role"] == "parent" else u for u in USERS
]


@pytest_asyncio.fixture
async def fresh() -> AsyncIterator[RunningSystem]:
    """A system that was never started."""
    running = RunningSystem()
    yield running
    await running.remove()


@pytest.mark.slow
async def test_links_lead_to_people_who_are_there_and_the_demo_says_at_once_that_its_people_are_gone(
    fresh: RunningSystem, tmp_path: Path
) -> None:
    await fresh.start()
    path = str(a_bundle(tmp_path, bundle_files(NO_ADDRESSES)))

    refused = await fresh.run("roster", "import", path)
    imported = await fresh.run("roster", "import", path, "--even-though-many-leave")
    played = await fresh.run("demo")
    await fresh.stop()
    await fresh.start()
    links = dict(re.findall(r"^  (.+?)  +(http\S+key=\S+)$", fresh.output.read_text(), re.MULTILINE))

    assert (refused.returncode, imported.returncode) == (1, 0), refused.stdout + imported.stdout
    assert played.returncode == 1
    assert "no longer there: grace.lindqvist@" in played.stderr
    assert played.stderr.count("\n") == 1
    assert [who.split(", ")[0] for who in links] == ["District office", "School staff", "Partner", "Family"]
    assert "Family, Mother Baptiste" in links
    async with httpx.AsyncClient(headers={"sec-fetch-site": "same-origin"}) as browser:
        for who, link in links.items():
            answer = await browser.post(link.split("?")[0], data={"key": link.split("key=")[1]})
            assert answer.status_code == 303, f"{who}: {answer.text}"
