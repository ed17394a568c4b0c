"""What lies unanswered at a program that closes goes on as if it had been declined."""

import asyncio
import re
from pathlib import Path

import pytest

from services.referrals import commands, jobs
from services.referrals.rules import AttemptState, ReferralState, Verb
from services.referrals.settings import Settings
from shared.clock import utc_now
from shared.events.referrals import ReferralDeclined
from tests.referrals.world import CALENDAR, World, closed, later
from tests.support.clients import Client
from tests.support.databases import settings_of

A, R = AttemptState, ReferralState


async def look(world: World) -> int:
    """What the scheduler does."""
    async with world.db.transaction() as session:
        return await commands.leave_closed(session, now=later(minutes=1), calendar=CALENDAR)


@pytest.mark.parametrize("seen", [False, True])
async def test_what_a_closed_program_has_not_answered_goes_to_the_next_choice(world: World, seen: bool) -> None:
    id = await world.submit()
    if seen:
        await world.move("acknowledge", id, actor=world.partner)
    await world.hear(closed(world.program))

    await look(world)

    declined, sent = (await world.published())[-2:]
    assert isinstance(declined, ReferralDeclined)
    assert (declined.reason, declined.next_program_id) == ("program_closed", world.second.program_id)
    assert sent.type == "referral.sent.v1"
    assert await world.attempts(id) == [A.DECLINED, A.SENT]


async def test_without_another_choice_it_comes_back_and_the_page_says_that_the_program_closed(
    world: World, client_referrals: Client
) -> None:
    id = await world.submit(program_ids=(world.program.program_id,))
    await world.hear(closed(world.program))

    await look(world)

    page = (await client_referrals(world.staff).get(f"/referrals/{id}")).text
    assert (await world.told())[-2:] == ["declined", "returned"]
    assert await world.state(id) is R.RETURNED
    assert "Homework Club, City Steps closed before it answered" in page
    assert re.search(r"<td[^>]*>The program closed</td>", page)


async def test_every_scheduler_looks_for_it_each_second(world: World, postgres: str, data_dir: Path) -> None:
    id = await world.submit()
    await world.hear(closed(world.program))
    settings = settings_of("referrals", postgres, data_dir)
    assert isinstance(settings, Settings)

    (run,) = (run for run, every, _ in jobs.jobs.runs if run is jobs.leave_closed and every == 1)
    assert await run(world.db, settings, utc_now()) == 1

    assert (await world.attempts(id))[0] is A.DECLINED


@pytest.mark.parametrize("answer", [Verb.ACCEPT, Verb.WAITLIST])
async def test_what_was_answered_before_the_program_closed_stays(world: World, answer: Verb) -> None:
    id = await world.submit()
    await world.answer(id, answer)
    before = await world.attempts(id)
    await world.hear(closed(world.program))

    assert await look(world) == 0
    assert await world.attempts(id) == before


async def test_a_program_that_pauses_keeps_what_it_has_in_hand(world: World) -> None:
    id = await world.submit()
    await world.hear(world.program.model_copy(update={"status": "paused"}))

    assert await look(world) == 0
    assert await world.attempts(id) == [A.SENT, A.QUEUED]


async def test_two_schedulers_that_look_at_once_move_it_on_once(world: World) -> None:
    id = await world.submit()
    await world.hear(closed(world.program))

    await asyncio.gather(*(look(world) for _ in range(4)))

    assert (await world.told()).count("declined") == 1
    assert await world.attempts(id) == [A.DECLINED, A.SENT]


async def test_a_partner_who_answers_after_that_is_told_what_happened(world: World) -> None:
    id = await world.submit()
    version = (await world.referral(id)).version
    await world.hear(closed(world.program))
    await look(world)

    with pytest.raises(Exception, match="has changed since"):
        await world.answer(id, Verb.ACCEPT, version=version)
