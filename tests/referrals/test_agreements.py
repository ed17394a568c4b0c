"""A program takes referrals only from schools that an agreement covers, once the district keeps agreements here."""

from uuid import UUID

import pytest

from services.referrals import queries
from services.referrals.rules import Verb
from shared.clock import new_id
from shared.events.agreements import CoverageChanged
from shared.events.referrals import ChoiceSkipped
from shared.events.vocabulary import Need
from shared.refusals import Kind, Refusal
from tests.referrals.world import NOW, World


def covering(world: World, *organizations: UUID, everywhere: bool = False) -> list[CoverageChanged]:
    """Agreements of these partners that cover the world's school."""
    schools = () if everywhere else (world.school.school_id,)
    return [CoverageChanged(organization_id=one, everywhere=everywhere, school_ids=schools) for one in organizations]


async def test_without_any_agreement_in_the_district_none_is_needed(world: World) -> None:
    assert await world.submit()


@pytest.mark.parametrize("everywhere", [False, True])
async def test_a_school_that_an_agreement_covers_can_refer(world: World, everywhere: bool) -> None:
    organizations = (world.program.organization_id, world.second.organization_id)
    await world.hear(*covering(world, *organizations, everywhere=everywhere))

    assert await world.submit()


async def test_a_school_that_no_agreement_covers_is_refused_and_told_why(world: World) -> None:
    elsewhere = CoverageChanged(organization_id=world.second.organization_id, everywhere=False, school_ids=(new_id(),))
    await world.hear(*covering(world, world.program.organization_id), elsewhere)

    with pytest.raises(Refusal) as refused:
        await world.submit()

    assert (refused.value.kind, refused.value.code) == (Kind.CONFLICT, "no_agreement")
    assert "No agreement with Harbor Tutors that is in force covers this school" in refused.value.message
    assert await world.published() == []


async def test_an_agreement_that_ended_covers_nothing_any_more(world: World) -> None:
    await world.hear(*covering(world, world.program.organization_id))
    await world.hear(CoverageChanged(organization_id=world.program.organization_id, everywhere=False))

    with pytest.raises(Refusal) as refused:
        await world.submit(program_ids=(world.program.program_id,))

    assert refused.value.code == "no_agreement"


async def test_the_choice_of_programs_says_which_have_no_agreement(world: World) -> None:
    await world.hear(*covering(world, world.program.organization_id))

    async with world.db.transaction() as session:
        student = await queries.student_line(session, world.student.person_id, actor=world.staff)
        assert student is not None
        judged = await queries.fitting(session, student, Need.ACADEMIC, now=NOW)

    assert [(one.offer.name, one.against) for one in judged] == [
        ("Homework Club", ()),
        ("Evening Tutors", ("No agreement in force covers this school",)),
    ]


async def test_a_choice_whose_agreement_ended_meanwhile_is_passed_over(world: World) -> None:
    await world.hear(*covering(world, world.program.organization_id, world.second.organization_id))
    referral = await world.submit()
    await world.hear(CoverageChanged(organization_id=world.second.organization_id, everywhere=False))

    await world.answer(referral, Verb.DECLINE)

    skipped = [fact for fact in await world.published() if isinstance(fact, ChoiceSkipped)]
    assert [(one.program_id, one.reason) for one in skipped] == [(world.second.program_id, "no_agreement")]
    assert await world.state(referral) == "returned"
