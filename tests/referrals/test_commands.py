"""Routing and answering: what partners, schools and families do with a referral, and what follows by itself."""

import asyncio
from datetime import date

import pytest

from services.referrals import commands
from services.referrals.commands import Answer
from services.referrals.models import Attempt, Consent
from services.referrals.rules import AttemptState, ReferralState, Verb
from shared.clock import new_id
from shared.events.referrals import ChoiceSkipped, ReferralDeclined, ReferralWithdrawn
from shared.events.vocabulary import DeclineReason, Outcome
from shared.refusals import Kind, Refusal
from tests.referrals.world import CALENDAR, NOW, World, closed, later

A, R = AttemptState, ReferralState


async def test_a_partner_acknowledges_and_then_accepts(world: World) -> None:
    id = await world.submit()

    await world.move("acknowledge", id, actor=world.partner)
    await world.answer(id, Verb.ACCEPT)

    assert (await world.told())[-2:] == ["acknowledged", "accepted"]
    assert (await world.state(id), await world.attempts(id)) == (R.ACCEPTED, [A.ACCEPTED, A.QUEUED])


async def test_who_accepts_straight_away_has_also_acknowledged(world: World) -> None:
    id = await world.submit()

    await world.answer(id, Verb.ACCEPT)

    assert (await world.told())[-2:] == ["acknowledged", "accepted"]


async def test_from_the_waiting_list_a_student_is_accepted_or_declined(world: World) -> None:
    taken, not_taken = await world.submit(), await world.submit(even_though_duplicate=True)
    for id in (taken, not_taken):
        await world.answer(id, Verb.WAITLIST)

    await world.answer(taken, Verb.ACCEPT)
    await world.answer(not_taken, Verb.DECLINE)

    assert await world.state(taken) is R.ACCEPTED
    assert await world.attempts(not_taken) == [A.DECLINED, A.SENT]


async def test_a_declined_attempt_goes_to_the_next_choice_by_itself(world: World) -> None:
    id = await world.submit()

    await world.answer(id, Verb.DECLINE, reason=DeclineReason.NO_CAPACITY, words="We are full until spring.")

    declined, sent = (await world.published())[-2:]
    assert isinstance(declined, ReferralDeclined)
    assert declined.next_program_id == world.second.program_id
    assert "spring" not in declined.model_dump_json()
    assert sent.type == "referral.sent.v1"
    assert await world.attempts(id) == [A.DECLINED, A.SENT]


async def test_without_another_choice_the_referral_comes_back(world: World) -> None:
    id = await world.submit(program_ids=(world.program.program_id,))

    await world.answer(id, Verb.DECLINE)

    assert (await world.told())[-2:] == ["declined", "returned"]
    assert await world.state(id) is R.RETURNED


async def test_a_choice_whose_program_closed_is_passed_over_for_all_to_see(world: World) -> None:
    third = world.second.model_copy(update={"program_id": new_id(), "name": "Saturday School"})
    await world.hear(third)
    choices = (world.program.program_id, world.second.program_id, third.program_id)
    id = await world.submit(program_ids=choices)
    await world.hear(closed(world.second))

    await world.answer(id, Verb.DECLINE)

    skipped = next(fact for fact in await world.published() if isinstance(fact, ChoiceSkipped))
    assert (skipped.program_id, skipped.reason) == (world.second.program_id, "closed")
    assert await world.attempts(id) == [A.DECLINED, A.SKIPPED, A.SENT]


async def test_a_returned_referral_goes_out_again_to_programs_that_are_added(world: World) -> None:
    id = await world.submit(program_ids=(world.program.program_id,))
    await world.answer(id, Verb.DECLINE)

    await world.move("add_choices", id, (world.second.program_id,), actor=world.staff)

    assert (await world.told())[-2:] == ["choices_added", "sent"]
    assert await world.attempts(id) == [A.DECLINED, A.SENT]


async def test_a_program_that_has_declined_is_not_asked_again(world: World) -> None:
    id = await world.submit(program_ids=(world.program.program_id,))
    await world.answer(id, Verb.DECLINE)

    refused = await world.refused("add_choices", id, (world.program.program_id,), actor=world.staff)

    assert (refused.kind, refused.code) == (Kind.CONFLICT, "program_asked")


async def test_declining_needs_a_reason_and_the_reason_other_needs_words(world: World) -> None:
    id = await world.submit()

    without = await world.refused("give_answer", id, Answer(Verb.DECLINE), actor=world.partner)
    other = Answer(Verb.DECLINE, reason=DeclineReason.OTHER)
    wordless = await world.refused("give_answer", id, other, actor=world.partner)

    assert set(without.fields) == {"reason"}
    assert set(wordless.fields) == {"words"}
    assert await world.state(id) is R.OPEN


async def test_of_two_people_who_answer_at_the_same_instant_one_wins_and_the_other_sees_who(world: World) -> None:
    id = await world.submit()
    version = (await world.referral(id)).version

    became = await asyncio.gather(
        world.answer(id, Verb.ACCEPT, version=version),
        world.answer(id, Verb.DECLINE, actor=world.colleague, version=version),
        return_exceptions=True,
    )

    (refused,) = [one for one in became if isinstance(one, Refusal)]
    assert refused.kind is Kind.CONFLICT
    assert "Ana Reis accepted" in refused.message or "Bo Chen declined" in refused.message
    assert len([one for one in became if one is None]) == 1


async def test_an_answer_without_a_version_that_comes_too_late_is_refused_too(world: World) -> None:
    id = await world.submit()
    await world.answer(id, Verb.ACCEPT)

    refused = await world.refused("give_answer", id, Answer(Verb.WAITLIST), actor=world.colleague)

    assert (refused.kind, refused.code) == (Kind.CONFLICT, "already_answered")
    assert "Ana Reis accepted this referral" in refused.message


async def test_the_same_answer_sent_twice_by_the_same_person_counts_once(world: World) -> None:
    id = await world.submit()
    version = (await world.referral(id)).version

    for _ in range(2):
        await world.answer(id, Verb.DECLINE, version=version)

    assert (await world.told()).count("declined") == 1
    assert await world.attempts(id) == [A.DECLINED, A.SENT]


async def test_several_are_answered_at_once_each_by_itself(world: World) -> None:
    open_one, gone = await world.submit(), await world.submit(even_though_duplicate=True)
    await world.move("withdraw", gone, actor=world.staff)

    async with world.db.transaction() as session:
        became = await commands.answer_many(
            session,
            [(open_one, None), (gone, None)],
            Answer(Verb.ACCEPT),
            actor=world.partner,
            now=NOW,
            calendar=CALENDAR,
        )

    assert became[open_one] is None
    refused = became[gone]
    assert refused is not None
    assert refused.kind is Kind.CONFLICT
    assert await world.state(open_one) is R.ACCEPTED


@pytest.mark.parametrize("verb", [Verb.ACCEPT, Verb.WAITLIST, Verb.DECLINE])
async def test_a_partner_that_was_not_asked_yet_finds_no_such_referral(world: World, verb: Verb) -> None:
    id = await world.submit()
    answer = Answer(verb, reason=DeclineReason.OTHER, words="no")

    for actor in (world.other_partner, world.another_partner()):
        refused = await world.refused("give_answer", id, answer, actor=actor)
        assert (refused.kind, refused.code) == (Kind.NOT_FOUND, "no_such_referral")


async def test_another_school_or_family_finds_no_such_referral(world: World) -> None:
    id = await world.submit()

    for actor in (world.another_school_s(), world.another_parent()):
        refused = await world.refused("withdraw", id, actor=actor)
        assert refused.kind is Kind.NOT_FOUND


async def test_the_school_cannot_answer_for_the_partner_nor_the_partner_withdraw_for_the_school(world: World) -> None:
    id = await world.submit()

    answered = await world.refused("give_answer", id, Answer(Verb.ACCEPT), actor=world.staff)
    withdrawn = await world.refused("withdraw", id, actor=world.partner)

    assert {answered.kind, withdrawn.kind} == {Kind.FORBIDDEN}


async def test_a_guardian_who_agrees_sends_the_referral_on(world: World) -> None:
    id = await world.submit(consent=None)

    await world.move("give_consent", id, None, actor=world.guardian)

    assert (await world.told())[-2:] == ["consent_given", "sent"]
    async with world.db.transaction() as session:
        consent = await session.get_one(Consent, (await world.referral(id)).consent_id)
    assert (consent.guardian_id, consent.method, consent.valid_until) == (
        world.mother.person_id,
        "online",
        date(2027, 6, 30),
    )


async def test_the_school_records_a_consent_that_came_by_phone(world: World) -> None:
    id = await world.submit(consent=None)

    await world.move("give_consent", id, world.consent(), actor=world.staff)

    assert await world.state(id) is R.OPEN


async def test_a_family_that_does_not_agree_ends_the_referral_unshared(world: World) -> None:
    id = await world.submit(consent=None)

    await world.move("refuse_consent", id, actor=world.guardian)

    assert await world.state(id) is R.CONSENT_REFUSED
    assert await world.attempts(id) == [A.WITHDRAWN, A.WITHDRAWN]
    assert "sent" not in await world.told()


async def test_a_family_agrees_or_not_but_not_both(world: World) -> None:
    id = await world.submit(consent=None)
    await world.move("give_consent", id, None, actor=world.guardian)

    refused = await world.refused("refuse_consent", id, actor=world.guardian)

    assert (refused.kind, refused.code) == (Kind.CONFLICT, "consent_answered")


async def test_where_every_choice_closed_while_the_family_thought_the_referral_comes_back(world: World) -> None:
    id = await world.submit(consent=None)
    await world.hear(closed(world.program), closed(world.second))

    await world.move("give_consent", id, None, actor=world.guardian)

    assert await world.state(id) is R.RETURNED
    assert await world.attempts(id) == [A.SKIPPED, A.SKIPPED]


async def test_a_consent_that_ran_out_stops_the_next_choice_until_the_family_is_asked_again(world: World) -> None:
    id = await world.submit(consent=world.consent(valid_until=date(2026, 12, 1)))

    await world.move(
        "give_answer", id, Answer(Verb.DECLINE, DeclineReason.NO_CAPACITY), actor=world.partner, now=later(days=30)
    )
    asked = await world.state(id)
    declined = next(fact for fact in await world.published() if isinstance(fact, ReferralDeclined))
    await world.move("give_consent", id, None, actor=world.guardian, now=later(days=31))

    assert asked is R.AWAITING_CONSENT
    assert (declined.next_program_id, declined.asks_family) == (None, True)
    assert await world.attempts(id) == [A.DECLINED, A.SENT]


async def test_the_family_is_not_asked_again_where_no_choice_is_left(world: World) -> None:
    consent = world.consent(valid_until=date(2026, 12, 1))
    id = await world.submit(consent=consent, program_ids=(world.program.program_id,))

    await world.move(
        "give_answer", id, Answer(Verb.DECLINE, DeclineReason.NO_CAPACITY), actor=world.partner, now=later(days=30)
    )

    assert await world.state(id) is R.RETURNED
    assert (await world.told())[-2:] == ["declined", "returned"]


async def test_the_school_withdraws_and_the_partner_s_attempt_ends(world: World) -> None:
    id = await world.submit()

    await world.move("withdraw", id, "Found another place", actor=world.staff)

    withdrawn = (await world.published())[-1]
    assert isinstance(withdrawn, ReferralWithdrawn)
    assert (withdrawn.by, withdrawn.organization_id) == ("school", world.program.organization_id)
    assert await world.attempts(id) == [A.WITHDRAWN, A.WITHDRAWN]


async def test_a_family_that_says_no_thanks_is_asked_before_anything_is_shared_again(world: World) -> None:
    id = await world.submit()
    await world.move("withdraw", id, actor=world.guardian)

    again = await world.submit(consent=None)

    withdrawn = next(fact for fact in await world.published() if isinstance(fact, ReferralWithdrawn))
    assert withdrawn.by == "family"
    assert await world.state(again) is R.AWAITING_CONSENT


async def test_a_partner_says_how_it_ended_and_nothing_moves_after_that(world: World) -> None:
    id = await world.submit()
    await world.answer(id, Verb.ACCEPT)

    await world.move("complete", id, Outcome.ENROLLED, "Comes every day", actor=world.partner)
    refused = await world.refused("withdraw", id, actor=world.staff)

    assert (await world.told())[-1] == "completed"
    assert await world.state(id) is R.COMPLETED
    assert (refused.kind, refused.code) == (Kind.CONFLICT, "ended")


async def test_a_link_is_good_for_its_own_referral_only(world: World) -> None:
    first, second = await world.submit(consent=None), await world.submit(consent=None, even_though_duplicate=True)
    by_link = world.guardian.__class__(
        person_id=world.guardian.person_id, name="Marie Joseph", roles=world.guardian.roles, only=first
    )

    await world.move("give_consent", first, None, actor=by_link)
    refused = await world.refused("give_consent", second, None, actor=by_link)

    assert refused.kind is Kind.NOT_FOUND


async def test_an_answer_is_noted_with_who_gave_it_and_when(world: World) -> None:
    id = await world.submit()

    await world.answer(id, Verb.WAITLIST)

    async with world.db.transaction() as session:
        attempt = await session.get_one(Attempt, (await world.referral(id)).attempt_id)
    assert (attempt.answered_by, attempt.answered_at) == (world.partner.person_id, NOW)
    assert attempt.acknowledged_at == NOW
