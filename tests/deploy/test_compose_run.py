"""docker-compose.yml run for real (CROSSWALK_COMPOSE=1): the main job through the gateway, every container killed.

The images are those of the file, or stand-ins named by its variables: PYTHON_IMAGE, KAFKA_IMAGE, POSTGRES_IMAGE,
CADDY_IMAGE.
"""

import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from deploy.demo_district import roster
from deploy.demo_district.stories import COUNSELOR
from deploy.first_account import OFFICE_EMAIL
from deploy.play import cast
from deploy.play.people import Caller, Mailbox, Refused
from tests.support.compose import ComposedSystem, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "it runs")
COMMAND = Path(sys.executable).with_name("crosswalk")
PAUSE = 0.3
"""Seconds between two referrals of the load."""
SETTLE = 120.0
"""Seconds until all that was taken must have had its effects."""
ONCE = ("referral.submitted.v1", "referral.consent_given.v1", "referral.sent.v1")
Taken = dict[str, str]
"""Referrals by id, and of each the first of the same child and program: that one was taken while nothing was killed."""


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposedSystem]:
    system = ComposedSystem(tmp_path_factory.mktemp("composed"))
    try:
        system.start()
        system.operator("load-demo")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SSL_CERT_FILE", str(system.authority))
            yield system
    finally:
        system.end()


def test_the_image_is_pulled_with_less_than_250_mb(system: ComposedSystem) -> None:
    assert system.image_bytes() < 250_000_000


def test_the_main_job_is_played_through_the_gateway(system: ComposedSystem) -> None:
    command = [str(COMMAND), "demo", "--url", system.url, "--mail", system.mail]

    done = subprocess.run(command, env=system.environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "referral.completed.v1" in done.stdout


def test_the_image_has_what_a_backup_takes(system: ComposedSystem) -> None:
    assert "no event was taken into account" in system.operator("backup", "/tmp/today")


async def test_nothing_is_lost_or_doubled_while_every_container_is_killed_in_turn(system: ComposedSystem) -> None:
    targets = system.running()

    async with load(system) as taken:
        await effects(system, taken)
        for target in targets:
            before = len(taken)
            await asyncio.to_thread(system.kill, target)
            await asyncio.to_thread(system.revive, target)
            await until(lambda before=before: len(taken) > before + 2)

    assert len(targets) >= 14
    found = await effects(system, taken)
    assert {id: counts for id, counts in found.items() if counts != found[taken[id]]} == {}
    for first in set(taken.values()):
        assert {fact: found[first][fact] for fact in ONCE} == dict.fromkeys(ONCE, 1)
        assert found[first]["message.sent.v1"] >= 2
    assert "✓" in system.operator("audit", "verify")


@pytest.mark.parametrize("name", ["people-web", "referrals-web", "referrals-worker", "notifications-worker", "mail"])
def test_a_container_ends_cleanly_within_10_s_of_being_asked_to(system: ComposedSystem, name: str) -> None:
    began = time.monotonic()
    system.compose("stop", "--timeout", "20", name)
    took, state = time.monotonic() - began, system.state(name)
    system.revive(name)

    assert took < 11
    assert state["ExitCode"] in (0, 143)
    assert not state["OOMKilled"]


@asynccontextmanager
async def load(system: ComposedSystem) -> AsyncIterator[Taken]:
    """In the block a counselor refers one child after another; begins when each was referred once."""
    taken: Taken = {}
    mailbox = Mailbox(system.mail)
    staff = await Caller(system.url, cast.staff_email(COUNSELOR)).sign_in(mailbox)
    school = next(person["orgSourcedIds"] for person in roster.staff() if person["sourcedId"] == COUNSELOR)
    students = [
        one
        for child in cast.children(school)[:8]
        for one in (await staff.get("/referrals/api/v1/students", q=child.name))["items"][:1]
    ]
    referring = asyncio.create_task(_refer_for_ever(staff, students, taken))
    try:
        await until(lambda: len(taken) > len(set(taken.values())))
        yield taken
    finally:
        referring.cancel()
        with suppress(asyncio.CancelledError):
            await referring
        await staff.close()
        await mailbox.close()


async def _refer_for_ever(staff: Caller, students: list[dict[str, object]], taken: Taken) -> None:
    bodies = []
    for student in students:
        offers = await staff.get(f"/referrals/api/v1/students/{student['id']}/programs", need="academic")
        guardian = student["guardians"][0]["id"]  # type: ignore[index]
        bodies += [
            {
                "student_id": student["id"], "need": "academic", "even_though_duplicate": True, "words": "",
                "program_ids": [offer["program_id"]],
                "consent": {"method": "phone", "given_on": today(), "guardian_id": guardian},
            }
            for offer in offers if offer["fits"]
        ][:2]  # fmt: skip
    first = [str(uuid4()) for _ in bodies]
    for ids in chain([first], ([str(uuid4()) for _ in bodies] for _ in count())):
        for id, body, before in zip(ids, bodies, first, strict=True):
            await _until_taken(staff, {"id": id, **body})
            taken[id] = before
            await asyncio.sleep(PAUSE)


async def _until_taken(staff: Caller, body: dict[str, object]) -> None:
    """Say it again, the same thing with the same id, until somebody says that it was taken."""
    while True:
        try:
            await staff.post("/referrals/api/v1/referrals", body)
        except (Refused, httpx.HTTPError) as error:
            if isinstance(error, Refused) and error.status < 500:
                raise
            await asyncio.sleep(PAUSE)
        else:
            return


async def effects(system: ComposedSystem, now_taken: Taken) -> dict[str, Counter[str]]:
    """What the record says of each referral, once all have what the first of them has, or time is up."""
    taken = dict(now_taken)
    mailbox = Mailbox(system.mail)
    office = await Caller(system.url, OFFICE_EMAIL).sign_in(mailbox)
    found: dict[str, Counter[str]] = {}

    async def look() -> None:
        for id, first in taken.items():
            if id == first or found.get(id) != found[first]:
                entries = (await office.get("/audit/api/v1/entries", thing=id))["entries"]
                found[id] = Counter(entry["type"] for entry in entries)

    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLE):
            while True:
                await look()
                if all(found[id] == found[first] and found[id]["message.sent.v1"] >= 2 for id, first in taken.items()):
                    break
                await asyncio.sleep(0.5)
    await office.close()
    await mailbox.close()
    return found


async def until(true: "object", *, seconds: float = SETTLE) -> None:
    """Wait for a condition."""
    assert callable(true)
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.1)


def today() -> str:
    return datetime.now(ZoneInfo("America/New_York")).date().isoformat()
