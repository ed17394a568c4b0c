"""An agreement is amended, ended early, renewed: what each leaves and tells."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.models import Agreement, Edition, Goal
from services.agreements.rules.agreements import AgreementState, EditionState
from shared.clock import new_id
from shared.events import agreements as facts
from shared.refusals import Refusal
from tests.agreements.agreeing import (
    NOW,
    ZONE,
    Two,
    an_agreement,
    at,
    fill,
    settled,
    signed,
    told,
    two_sides,
    waiting,
)
from tests.agreements.test_agreement_commands import measured

LATER = NOW + timedelta(minutes=5)


async def test_an_amendment_leaves_the_old_text_in_force_until_both_have_signed(
    session_agreements: AsyncSession,
) -> None:
    two = await two_sides(session_agreements)
    now = at("2026-10-05")
    agreement = await an_agreement(two, now=now)

    await commands.start_amendment(
        session_agreements, agreement.id, version=agreement.version, actor=two.partner, now=now, zone=ZONE
    )
    await fill(two, agreement, by=two.partner, now=now, ends_on="2027-12-31", goals=[])
    meanwhile = (agreement.state, agreement.ends_on.isoformat(), agreement.edition)
    await signed(two, agreement, now=now)

    assert meanwhile == ("active", "2027-06-30", 1)
    assert (agreement.state, agreement.ends_on.isoformat(), agreement.edition) == ("active", "2027-12-31", 2)
    texts = (await session_agreements.exec(select(Edition).order_by(col(Edition.number)))).all()
    assert [text.state for text in texts] == [EditionState.REPLACED, EditionState.HOLDS]
    assert texts[1].text is not None
    assert "an amendment of the text before it" in texts[1].text
    (goal,) = (await session_agreements.exec(select(Goal))).all()
    assert goal.dropped_at == now
    assert len(await told(session_agreements, facts.AmendmentStarted)) == 1


async def test_an_amendment_that_is_discarded_changes_nothing(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await an_agreement(two, now=at("2026-10-05"))
    await commands.start_amendment(
        session_agreements, agreement.id, version=agreement.version, actor=two.school, now=LATER, zone=ZONE
    )

    await commands.discard_draft(
        session_agreements, agreement.id, version=agreement.version, actor=two.partner, now=LATER, zone=ZONE
    )

    assert (agreement.state, agreement.edition, agreement.open_edition) == ("active", 1, None)
    assert len(await told(session_agreements, facts.AgreementDiscarded)) == 1
    assert await waiting(session_agreements, agreement) == set()


async def test_an_agreement_ended_early_says_why_and_covers_nothing_any_more(
    session_agreements: AsyncSession,
) -> None:
    two = await two_sides(session_agreements)
    agreement = await an_agreement(two, now=at("2026-10-05"))

    for _ in range(2):
        await commands.terminate_agreement(
            session_agreements,
            agreement.id,
            version=agreement.version if agreement.state is AgreementState.ACTIVE else agreement.version - 1,
            reason="funding",
            words="The grant ran out.",
            actor=two.partner,
            now=at("2027-01-10"),
            zone=ZONE,
        )

    assert (agreement.state, agreement.end_reason, agreement.end_words) == (
        "terminated",
        "funding",
        "The grant ran out.",
    )
    (ended,) = await told(session_agreements, facts.AgreementTerminated)
    assert (ended.reason, ended.on.isoformat()) == ("funding", "2027-01-10")  # type: ignore[attr-defined]
    coverage = (await told(session_agreements, facts.CoverageChanged))[-1]
    assert coverage.school_ids == ()  # type: ignore[attr-defined]
    assert await settled(two, at("2027-07-02")) == 6
    assert await told(session_agreements, facts.AgreementReminded, facts.AgreementExpired) == []


async def test_ending_early_needs_a_reason_and_words(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await an_agreement(two)

    for reason, words, field in (("", "Because.", "reason"), ("funding", " ", "words")):
        with pytest.raises(Refusal) as refused:
            await commands.terminate_agreement(
                session_agreements,
                agreement.id,
                version=agreement.version,
                reason=reason,
                words=words,
                actor=two.school,
                now=LATER,
                zone=ZONE,
            )
        assert list(refused.value.fields) == [field]


async def test_a_renewal_carries_last_years_content_over(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await an_agreement(two, now=at("2026-10-05"), review_on="2027-05-31")
    (goal,) = (await session_agreements.exec(select(Goal))).all()
    await measured(two, agreement, goal.id, "88.5", on="2027-03-01")
    id_ = new_id()

    for successor_id in (id_, new_id()):
        new = await commands.renew_agreement(
            session_agreements,
            agreement.id,
            successor_id=successor_id,
            actor=two.partner,
            now=at("2027-04-10"),
            zone=ZONE,
        )

    assert (new.id, new.state, new.renews_id) == (id_, "draft", agreement.id)
    assert (new.starts_on.isoformat(), new.ends_on.isoformat()) == ("2027-09-01", "2028-06-30")
    assert new.review_on is not None
    assert new.review_on.isoformat() == "2028-05-31"
    assert new.school_contact_id == agreement.school_contact_id
    text = await session_agreements.get_one(Edition, (id_, 1))
    (aim,) = text.terms["goals"]
    assert (aim["baseline"], aim["target"], aim["id"] == str(goal.id)) == (88.5, 90, False)
    assert text.terms["scope"] == "Two mentors, three afternoons a week."


DECISION = {("agreement_renewal", "person"), ("agreement_renewal", "district")}


async def amended(two: Two, agreement: Agreement, now: datetime, **changes: object) -> None:
    """Both sign other terms."""
    await commands.start_amendment(
        two.session, agreement.id, version=agreement.version, actor=two.school, now=now, zone=ZONE
    )
    await fill(two, agreement, by=two.school, now=now, **changes)
    await signed(two, agreement, now=now)


async def renewed(two: Two, agreement: Agreement, now: datetime) -> Agreement:
    """A renewal is drafted, or the one that is there is given."""
    return await commands.renew_agreement(
        two.session, agreement.id, successor_id=new_id(), actor=two.school, now=now, zone=ZONE
    )


@pytest.mark.parametrize(("ends_on", "waits"), [("2028-06-30", set()), ("2027-07-05", DECISION)])
async def test_an_amendment_that_prolongs_an_agreement_takes_the_decision_about_its_end_away(
    session_agreements: AsyncSession, ends_on: str, waits: set[tuple[str, str]]
) -> None:
    two = await two_sides(session_agreements)
    agreement = await an_agreement(two)
    now = at("2027-06-01")
    await settled(two, now)
    before = await waiting(session_agreements, agreement)

    await amended(two, agreement, now, ends_on=ends_on)

    assert before == DECISION
    assert await waiting(session_agreements, agreement) == waits


async def test_an_agreement_that_is_signed_shortly_before_its_end_has_the_decision_wait_at_once(
    session_agreements: AsyncSession,
) -> None:
    two = await two_sides(session_agreements)

    agreement = await an_agreement(two, now=at("2027-06-01"))

    assert agreement.state is AgreementState.RENEWAL_DUE
    assert await waiting(session_agreements, agreement) == DECISION


async def test_a_renewal_that_is_discarded_has_the_decision_wait_again(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await an_agreement(two)
    now = at("2027-04-10")
    await settled(two, now)
    draft = await renewed(two, agreement, now)
    meanwhile = await waiting(session_agreements, agreement)

    await commands.discard_draft(
        session_agreements, draft.id, version=draft.version, actor=two.school, now=now, zone=ZONE
    )

    assert meanwhile == set()
    assert await waiting(session_agreements, agreement) == DECISION


async def test_a_renewal_that_was_ended_early_leaves_room_for_another(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await an_agreement(two)
    now = at("2027-05-03")
    await settled(two, now)
    first = await signed(two, await renewed(two, agreement, now), now=now)
    await commands.terminate_agreement(
        session_agreements, first.id, version=first.version, reason="funding", words="No grant.", actor=two.partner,
        now=now, zone=ZONE,
    )  # fmt: skip
    meanwhile = await waiting(session_agreements, agreement)

    second = await renewed(two, agreement, now)

    assert meanwhile == DECISION
    assert (second.state, second.renews_id) == ("draft", agreement.id)
    assert await waiting(session_agreements, agreement) == set()
    assert (await renewed(two, agreement, now)).id == second.id


async def test_after_a_renewal_that_was_ended_early_the_calendar_asks_again(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await an_agreement(two)
    now = at("2026-12-01")
    first = await signed(two, await renewed(two, agreement, now), now=now)
    await commands.terminate_agreement(
        session_agreements, first.id, version=first.version, reason="funding", words="No grant.", actor=two.partner,
        now=now, zone=ZONE,
    )  # fmt: skip

    await settled(two, at("2027-04-10"))

    assert await waiting(session_agreements, agreement) == DECISION
