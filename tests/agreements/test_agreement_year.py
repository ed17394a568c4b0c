"""A whole school year passes in seconds: every turn and every reminder of many agreements is counted."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.models import Agreement, AgreementDue
from shared.clock import new_id
from shared.db import Database
from shared.events import agreements as facts
from tests.agreements.agreeing import ZONE, a_draft, an_agreement, at, fill, settled, signed, two_sides, waiting
from tests.support.events import outbox


async def reminders(session: AsyncSession) -> Counter[tuple[object, int]]:
    told = [fact for fact in await outbox(session) if isinstance(fact, facts.AgreementReminded)]
    return Counter((fact.agreement_id, fact.days_before) for fact in told)


async def test_a_school_year_day_by_day_reminds_each_once_and_ends_what_was_not_renewed(
    session_agreements: AsyncSession,
) -> None:
    two = await two_sides(session_agreements)
    left = await an_agreement(two, review_on="2027-03-15")
    renewed = await an_agreement(two)
    ended = await an_agreement(two)
    longer = await an_agreement(two)
    session = session_agreements

    day = at("2026-08-04", "09:00")
    while day < at("2027-09-15"):
        await settled(two, day)
        if day == at("2027-02-01"):
            await commands.terminate_agreement(
                session, ended.id, version=ended.version, reason="funding", words="Gone.", actor=two.school, now=day,
                zone=ZONE,
            )  # fmt: skip
        if day == at("2027-05-10"):
            after = await commands.renew_agreement(
                session, renewed.id, successor_id=new_id(), actor=two.school, now=day, zone=ZONE
            )
            await signed(two, after, now=day)
            await commands.start_amendment(
                session, longer.id, version=longer.version, actor=two.school, now=day, zone=ZONE
            )
            await fill(two, longer, by=two.school, now=day, ends_on="2028-06-30")
            await signed(two, longer, now=day)
        day = at((day.astimezone(ZONE).date() + timedelta(days=1)).isoformat())

    assert await reminders(session) == {
        (left.id, 90): 1, (left.id, 60): 1, (left.id, 30): 1, (left.id, 7): 1,
        (renewed.id, 90): 1, (renewed.id, 60): 1,
        (longer.id, 90): 1, (longer.id, 60): 1,
    }  # fmt: skip
    assert (left.state, renewed.state, ended.state, longer.state, after.state) == (
        "expired", "expired", "terminated", "active", "active",
    )  # fmt: skip
    counted = Counter(type(fact) for fact in await outbox(session))
    assert (counted[facts.AgreementBegan], counted[facts.AgreementExpired]) == (5, 2)
    assert counted[facts.AgreementRenewalFellDue] == 3
    assert counted[facts.AgreementReviewNeared] == 1
    assert await waiting(session, left) == set()
    coverage = [fact for fact in await outbox(session) if isinstance(fact, facts.CoverageChanged)]
    assert coverage[-1].school_ids == (two.school_id,)


async def test_the_decision_about_the_end_waits_for_both_contacts_and_the_district(
    session_agreements: AsyncSession,
) -> None:
    two = await two_sides(session_agreements)
    agreement = await an_agreement(two)

    await settled(two, at("2026-09-02"))
    before = await waiting(session_agreements, agreement)
    await settled(two, at("2027-04-01", "10:00"))
    after = await waiting(session_agreements, agreement)
    await commands.renew_agreement(
        session_agreements, agreement.id, successor_id=new_id(), actor=two.school, now=at("2027-04-02"), zone=ZONE
    )

    assert before == set()
    assert after == {("agreement_renewal", "person"), ("agreement_renewal", "district")}
    assert await waiting(session_agreements, agreement) == set()


async def test_after_a_long_stop_nobody_is_reminded_twice_at_once(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await an_agreement(two)

    await settled(two, at("2027-06-10"))

    assert await reminders(session_agreements) == {(agreement.id, 30): 1}
    rows = await session_agreements.exec(select(AgreementDue).where(AgreementDue.kind == "renewal"))
    assert {row.days_before: row.settled for row in rows} == {
        90: "superseded", 60: "superseded", 30: "done", 7: None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("notice", "before"), [("120", [120, 90, 60, 30, 7]), ("60", [90, 60, 30, 7]), ("0", [90, 60, 30, 7])]
)
async def test_everybody_hears_when_renewal_falls_due(
    session_agreements: AsyncSession, notice: str, before: list[int]
) -> None:
    two = await two_sides(session_agreements)
    agreement = await an_agreement(two, notice_days=notice)

    day = at("2027-01-01", "10:00")
    while day < at("2027-07-02"):
        await settled(two, day)
        day += timedelta(days=1)

    assert await reminders(session_agreements) == {(agreement.id, days): 1 for days in before}


async def test_four_replicas_at_once_remind_and_turn_each_once(db_agreements: Database) -> None:
    async with db_agreements.transaction() as session:
        two = await two_sides(session)
        ids = [(await an_agreement(two)).id for _ in range(12)]

    async def replica() -> None:
        while True:
            async with db_agreements.transaction() as session:
                if not await commands.settle_agreements(session, now=at("2027-04-01", "10:00"), zone=ZONE):
                    return

    await asyncio.gather(*(replica() for _ in range(4)))
    # What another replica had in hand was left for the next look.
    await replica()

    async with db_agreements.transaction() as session:
        assert await reminders(session) == {(id, 90): 1 for id in ids}
        began = [fact for fact in await outbox(session) if isinstance(fact, facts.AgreementBegan)]
        assert Counter(fact.agreement_id for fact in began) == dict.fromkeys(ids, 1)
        states = {one.state for one in await session.exec(select(Agreement))}
        assert states == {"active"}


async def test_a_draft_is_left_alone_by_the_calendar(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    draft = await a_draft(two)

    assert await settled(two, at("2028-01-01")) == 0
    assert draft.state == "draft"
