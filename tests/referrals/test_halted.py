"""A partner whose programs take no new referrals: nothing new goes there, what is there stays, and everybody hears."""

import pytest
from sqlalchemy import text

from services.referrals.rules import AttemptState, ReferralState, Verb
from shared.clock import new_id
from shared.events import agreements
from shared.events.referrals import ChoiceSkipped, ProgramHalted
from shared.events.vocabulary import Outcome
from shared.refusals import Refusal
from tests.referrals.world import World
from tests.support.clients import Client

A, R = AttemptState, ReferralState


def halted(program: agreements.ProgramChanged, halt: str | None = "insurance_expired") -> agreements.ProgramChanged:
    return program.model_copy(update={"halt": halt})


def stopped(world: World, halt: str = "insurance_expired") -> agreements.OrganizationHalted:
    return agreements.OrganizationHalted(organization_id=world.program.organization_id, halt=halt)


@pytest.mark.parametrize(
    ("halt", "words"),
    [
        ("suspended", "the district has suspended its partner"),
        ("insurance_expired", "the insurance of its partner has run out"),
        ("checks_expired", "the background checks of its partner have run out"),
        ("not_approved", "the district has not approved its partner yet"),
        ("invented_later", "its partner may take none at the moment"),
    ],
)
async def test_a_referral_to_it_is_refused_in_words(world: World, halt: str, words: str) -> None:
    await world.hear(halted(world.program, halt))

    with pytest.raises(Refusal, match=words) as refused:
        await world.submit()

    assert refused.value.code == "program_halted"
    assert "program_ids" in refused.value.fields


async def test_it_takes_referrals_again_when_it_may(world: World) -> None:
    await world.hear(halted(world.program), halted(world.program, None))

    id = await world.submit()

    assert (await world.attempts(id))[0] is A.SENT


async def test_what_lies_there_stays_and_is_told_once(world: World) -> None:
    id = await world.submit()
    await world.hear(halted(world.program), stopped(world))

    told = [fact for fact in await world.published() if isinstance(fact, ProgramHalted)]
    assert [(one.referral_id, one.program_id, one.halt) for one in told] == [
        (id, world.program.program_id, "insurance_expired")
    ]
    assert (await world.attempts(id))[0] is A.SENT
    await world.answer(id, Verb.ACCEPT)
    assert (await world.attempts(id))[0] is A.ACCEPTED


async def test_the_timeline_says_so(world: World, client_referrals: Client) -> None:
    id = await world.submit()
    await world.hear(stopped(world))

    page = (await client_referrals(world.staff).get(f"/referrals/{id}")).text

    assert "takes no new referrals for now; this one stays there" in page


async def test_referrals_elsewhere_and_those_that_ended_are_left_alone(world: World) -> None:
    id = await world.submit()
    await world.answer(id, Verb.ACCEPT)
    await world.move("complete", id, Outcome.SERVED, "", actor=world.partner)

    await world.hear(stopped(world), agreements.OrganizationHalted(organization_id=new_id(), halt="suspended"))

    assert not any(isinstance(fact, ProgramHalted) for fact in await world.published())


async def test_a_choice_whose_turn_comes_then_is_passed_over(world: World) -> None:
    id = await world.submit()
    await world.hear(halted(world.second))

    await world.answer(id, Verb.DECLINE)

    skipped = next(fact for fact in await world.published() if isinstance(fact, ChoiceSkipped))
    assert (skipped.program_id, skipped.reason) == (world.second.program_id, "halted")
    assert await world.state(id) is R.RETURNED


async def test_what_lies_with_a_merged_partner_lies_with_the_one_that_took_it_over(world: World) -> None:
    id = await world.submit()
    into = new_id()

    await world.hear(world.program.model_copy(update={"organization_id": into, "organization_name": "Both"}))

    async with world.db.transaction() as session:
        rows = await session.execute(
            text("SELECT organization_id FROM attempt WHERE referral_id = :id ORDER BY position"), {"id": id}
        )
        organizations = rows.scalars().all()
    assert organizations[0] == into
