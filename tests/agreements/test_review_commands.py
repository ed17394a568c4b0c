"""Ratings and looks back as commands: kept, given, decided, refused; who is told; what waits for whom."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.commands.reviews import hand_over_reviews, opened_review
from services.agreements.models import Organization, Rating, Review, Sheet, YearEnd
from services.agreements.rules.agreements import Side
from services.agreements.rules.ratings import RatingEntry, SheetState
from services.agreements.rules.vetting import PartnerStatus
from services.agreements.rules.year_ends import YearEndState
from shared.clock import new_id
from shared.events.agreements import RatingsGiven, RatingsTakenBack, YearEndDecided, YearEndReopened
from shared.events.vocabulary import RoleName
from shared.identity.actor import Actor
from shared.refusals import Kind, Refusal
from tests.agreements.review_support import (
    CALENDAR,
    CODES,
    SPRING,
    YEAR,
    Pair,
    a_look_back,
    a_pair,
    a_referral,
    an_agreement,
    decided,
    entries,
    rated,
)
from tests.agreements.support import a_known_school, a_program_of, an_organization, partner_of, the_district
from tests.support.builders import an_actor
from tests.support.events import outbox


def how(actor: Actor, now: datetime = SPRING) -> dict[str, Any]:
    """By whom and when."""
    return {"calendar": CALENDAR, "actor": actor, "now": now}


async def test_ratings_are_kept_and_gone_on_with(session_agreements: AsyncSession) -> None:
    pair = await a_pair(session_agreements)

    await commands.save_ratings(
        session_agreements, pair.review_id, entries=entries(3)[:3], version=0, **how(pair.principal)
    )
    again = [RatingEntry(indicator="SA1", rating=4, evidence="The plan is on the school's page.")]
    sheet = await commands.save_ratings(
        session_agreements, pair.review_id, entries=again, version=1, **how(pair.principal)
    )

    rows = (await session_agreements.exec(select(Rating).order_by(Rating.indicator))).all()
    assert [(row.indicator, row.answer, row.evidence) for row in rows] == [
        ("SA1", "4", "The plan is on the school's page."),
        ("SA2", "3", ""),
        ("SA3", "3", ""),
    ]
    assert (sheet.state, sheet.version) == (SheetState.DRAFT, 2)
    assert not any(map(is_rating, await outbox(session_agreements)))


def is_rating(fact: object) -> bool:
    return isinstance(fact, RatingsGiven | RatingsTakenBack)


async def test_the_same_ratings_sent_twice_change_nothing(session_agreements: AsyncSession) -> None:
    pair = await a_pair(session_agreements)

    for _ in range(2):
        sheet = await commands.save_ratings(
            session_agreements, pair.review_id, entries=entries(2), version=0, **how(pair.principal)
        )

    assert sheet.version == 1


async def test_colleagues_who_rate_different_indicators_do_not_stand_in_each_others_way(
    session_agreements: AsyncSession,
) -> None:
    pair = await a_pair(session_agreements)
    one, other = entries(3)[:2]
    mine = [RatingEntry(indicator=one.indicator, rating=1)]

    await commands.save_ratings(session_agreements, pair.review_id, entries=[one], version=0, **how(pair.principal))
    await commands.save_ratings(session_agreements, pair.review_id, entries=[other], version=0, **how(pair.principal))
    with pytest.raises(Refusal) as refused:
        await commands.save_ratings(session_agreements, pair.review_id, entries=mine, version=0, **how(pair.principal))

    assert refused.value.code == "stale_version"
    assert "SA1" in refused.value.message
    kept = await session_agreements.get_one(Rating, (pair.review_id, Side.SCHOOL, "SA1"))
    assert kept.answer == "3"


@pytest.mark.parametrize("side", Side)
async def test_given_ratings_are_told_with_every_answer_and_without_words(
    session_agreements: AsyncSession, side: Side
) -> None:
    pair = await a_pair(session_agreements)

    await rated(session_agreements, pair, side, 1, 2, 3, 4, "not_known", evidence="Ms. Diaz said so.")

    (fact,) = [fact for fact in await outbox(session_agreements) if isinstance(fact, RatingsGiven)]
    assert (fact.side, fact.year, fact.school_id, fact.organization_id) == (
        side.value,
        YEAR,
        pair.school_id,
        pair.organization_id,
    )
    assert [one.indicator for one in fact.ratings] == list(CODES)
    assert [one.answer for one in fact.ratings][:6] == ["1", "2", "3", "4", "not_known", "not_known"]
    assert "Diaz" not in fact.model_dump_json()


async def test_ratings_are_given_whole_or_the_missing_ones_are_named(session_agreements: AsyncSession) -> None:
    pair = await a_pair(session_agreements)
    some = [one for one in entries(3) if one.indicator not in ("DL2", "SU5")]
    await commands.save_ratings(session_agreements, pair.review_id, entries=some, version=0, **how(pair.principal))

    with pytest.raises(Refusal) as refused:
        await commands.give_ratings(session_agreements, pair.review_id, version=1, **how(pair.principal))

    assert list(refused.value.fields) == ["rating-DL2", "rating-SU5"]
    assert (await session_agreements.get_one(Sheet, (pair.review_id, Side.SCHOOL))).state is SheetState.DRAFT


async def test_given_ratings_do_not_change_until_they_are_taken_back(session_agreements: AsyncSession) -> None:
    pair = await a_pair(session_agreements)
    await rated(session_agreements, pair, Side.SCHOOL, 3)
    colleague = pair.principal

    with pytest.raises(Refusal) as refused:
        await commands.save_ratings(session_agreements, pair.review_id, entries=entries(4), version=2, **how(colleague))
    for _ in range(2):
        await commands.take_ratings_back(session_agreements, pair.review_id, version=2, **how(colleague))
    await commands.save_ratings(session_agreements, pair.review_id, entries=entries(4), version=3, **how(colleague))
    for _ in range(2):
        sheet = await commands.give_ratings(session_agreements, pair.review_id, version=4, **how(colleague))

    assert refused.value.kind is Kind.CONFLICT
    assert (sheet.state, sheet.version) == (SheetState.GIVEN, 5)
    said = [type(fact) for fact in await outbox(session_agreements) if is_rating(fact)]
    assert said == [RatingsGiven, RatingsTakenBack, RatingsGiven]


async def test_ratings_that_a_colleague_changed_meanwhile_are_not_given(session_agreements: AsyncSession) -> None:
    pair = await a_pair(session_agreements)
    await commands.save_ratings(
        session_agreements, pair.review_id, entries=entries(3), version=0, **how(pair.principal)
    )
    await commands.save_ratings(
        session_agreements, pair.review_id, entries=entries(4)[:1], version=1, **how(pair.principal)
    )

    with pytest.raises(Refusal) as refused:
        await commands.give_ratings(session_agreements, pair.review_id, version=1, **how(pair.principal))

    assert refused.value.code == "stale_version"


async def test_a_year_that_is_over_for_good_is_not_rated_any_more(session_agreements: AsyncSession) -> None:
    pair = await a_pair(session_agreements)
    late = datetime(2027, 9, 1, tzinfo=UTC)

    for refused_call in (
        commands.save_ratings(
            session_agreements, pair.review_id, entries=entries(3), version=0, **how(pair.principal, late)
        ),
        commands.decide_year_end(
            session_agreements, pair.review_id, None, entry=a_look_back(), version=0, **how(pair.principal, late)
        ),
        commands.start_review(
            session_agreements,
            school_id=pair.school_id,
            organization_id=pair.organization_id,
            year=YEAR,
            **how(pair.principal, late),
        ),
    ):
        with pytest.raises(Refusal) as refused:
            await refused_call
        assert refused.value.code == "year_closed"


async def test_only_the_two_sides_rate_the_district_reads_and_nobody_else_knows(
    session_agreements: AsyncSession,
) -> None:
    pair = await a_pair(session_agreements)
    kinds = {}

    for name, actor in {
        "district": the_district(),
        "another school": an_actor(RoleName.SCHOOL_STAFF, new_id()),
        "another partner": partner_of(new_id()),
        "family": an_actor(RoleName.GUARDIAN, new_id()),
    }.items():
        with pytest.raises(Refusal) as refused:
            await commands.save_ratings(session_agreements, pair.review_id, entries=entries(4), version=0, **how(actor))
        kinds[name] = refused.value.kind

    assert kinds == {
        "district": Kind.FORBIDDEN,
        "another school": Kind.NOT_FOUND,
        "another partner": Kind.NOT_FOUND,
        "family": Kind.NOT_FOUND,
    }


async def start(session: AsyncSession, school_id: Any, organization_id: Any, actor: Actor) -> Review:
    return await commands.start_review(
        session, school_id=school_id, organization_id=organization_id, year=YEAR, **how(actor)
    )


async def test_a_school_starts_a_review_with_any_partner_and_starting_twice_gives_one(
    session_agreements: AsyncSession,
) -> None:
    school = await a_known_school(session_agreements)
    partner = await an_organization(session_agreements)
    principal = an_actor(RoleName.SCHOOL_STAFF, school.id)

    first = await start(session_agreements, school.id, partner.id, principal)
    again = await start(session_agreements, school.id, partner.id, the_district())

    assert first.id == again.id
    assert (await session_agreements.exec(select(func.count()).select_from(Review))).one() == 1


@pytest.mark.parametrize("known_by", ["nothing", "referral", "agreement", "agreement of the district"])
async def test_a_partner_starts_a_review_where_it_is_known_to_work(
    session_agreements: AsyncSession, known_by: str
) -> None:
    school = await a_known_school(session_agreements)
    partner = await an_organization(session_agreements)
    if known_by == "referral":
        await a_referral(session_agreements, school.id, partner.id)
    elif known_by == "agreement":
        await an_agreement(session_agreements, partner.id, school.id, school_id=school.id)
    elif known_by == "agreement of the district":
        await an_agreement(session_agreements, partner.id)

    if known_by in ("referral", "agreement"):
        assert await start(session_agreements, school.id, partner.id, partner_of(partner.id))
    else:
        with pytest.raises(Refusal) as refused:
            await start(session_agreements, school.id, partner.id, partner_of(partner.id))
        assert refused.value.code == "no_partnership"


async def test_nobody_starts_a_review_for_others_or_with_what_is_not_there(session_agreements: AsyncSession) -> None:
    school = await a_known_school(session_agreements)
    partner = await an_organization(session_agreements)
    principal = an_actor(RoleName.SCHOOL_STAFF, school.id)

    for school_id, organization_id, actor in (
        (school.id, partner.id, an_actor(RoleName.SCHOOL_STAFF, new_id())),
        (school.id, new_id(), principal),
        (new_id(), partner.id, the_district()),
    ):
        with pytest.raises(Refusal) as refused:
            await start(session_agreements, school_id, organization_id, actor)
        assert refused.value.kind is Kind.NOT_FOUND


async def test_there_is_no_review_with_a_partner_that_is_not_approved(session_agreements: AsyncSession) -> None:
    school = await a_known_school(session_agreements)
    partner = await an_organization(session_agreements)
    partner.status = PartnerStatus.REGISTERING
    await session_agreements.flush()

    refused = []
    for actor in (an_actor(RoleName.SCHOOL_STAFF, school.id), the_district()):
        with pytest.raises(Refusal) as caught:
            await start(session_agreements, school.id, partner.id, actor)
        refused.append(caught.value.code)

    assert refused == ["organization_not_found", "partner_not_approved"]


async def test_both_sides_write_and_the_school_decides(session_agreements: AsyncSession) -> None:
    pair = await a_pair(session_agreements)

    await commands.save_year_end(
        session_agreements,
        pair.review_id,
        None,
        entry=a_look_back(decision="", learnt="Buses leave too early."),
        version=0,
        **how(pair.partner),
    )
    with pytest.raises(Refusal) as refused:
        await commands.decide_year_end(
            session_agreements, pair.review_id, None, entry=a_look_back(), version=1, **how(pair.partner)
        )
    row = await commands.decide_year_end(
        session_agreements,
        pair.review_id,
        None,
        entry=a_look_back(learnt="Buses leave too early."),
        version=1,
        **how(pair.principal),
    )

    assert refused.value.kind is Kind.FORBIDDEN
    assert (row.state, row.decision, row.learnt) == (YearEndState.DECIDED, "continue", "Buses leave too early.")
    (fact,) = [fact for fact in await outbox(session_agreements) if isinstance(fact, YearEndDecided)]
    assert (fact.decision, fact.program_id, fact.review_id) == ("continue", None, pair.review_id)
    assert "Buses" not in fact.model_dump_json()


async def test_a_look_back_that_says_too_little_decides_nothing(session_agreements: AsyncSession) -> None:
    pair = await a_pair(session_agreements)

    with pytest.raises(Refusal) as refused:
        await decided(session_agreements, pair, reason="", known_by="")

    assert list(refused.value.fields) == ["reason", "known_by"]
    assert (await session_agreements.exec(select(YearEnd))).all() == []


async def test_who_wrote_meanwhile_is_not_overwritten(session_agreements: AsyncSession) -> None:
    pair = await a_pair(session_agreements)
    await commands.save_year_end(
        session_agreements, pair.review_id, None, entry=a_look_back(), version=0, **how(pair.partner)
    )

    with pytest.raises(Refusal) as refused:
        await decided(session_agreements, pair, learnt="Mine")

    assert refused.value.code == "stale_version"
    assert refused.value.message.startswith("The partner has changed this")


async def test_a_decision_sent_twice_is_told_once_and_can_be_reopened(session_agreements: AsyncSession) -> None:
    pair = await a_pair(session_agreements)
    principal = pair.principal

    for version in (0, 0):
        row = await commands.decide_year_end(
            session_agreements, pair.review_id, None, entry=a_look_back(), version=version, **how(principal)
        )
    for _ in range(2):
        row = await commands.reopen_year_end(session_agreements, pair.review_id, None, version=1, **how(principal))

    assert (row.state, row.version, row.decided_at) == (YearEndState.DRAFT, 2, None)
    said = [
        type(fact) for fact in await outbox(session_agreements) if isinstance(fact, YearEndDecided | YearEndReopened)
    ]
    assert said == [YearEndDecided, YearEndReopened]


async def test_a_program_has_a_decision_of_its_own(session_agreements: AsyncSession) -> None:
    pair = await a_pair(session_agreements)
    partner = await an_organization(session_agreements, "Another")
    mine = await a_program_of(session_agreements, await organization_of(session_agreements, pair))
    foreign = await a_program_of(session_agreements, partner)

    await decided(session_agreements, pair)
    row = await decided(session_agreements, pair, mine.id, decision="stop")
    with pytest.raises(Refusal) as refused:
        await decided(session_agreements, pair, foreign.id)

    assert refused.value.kind is Kind.NOT_FOUND
    assert row.program_id == mine.id
    told = [fact for fact in await outbox(session_agreements) if isinstance(fact, YearEndDecided)]
    assert [(fact.program_id, fact.decision) for fact in told] == [(None, "continue"), (mine.id, "stop")]


async def organization_of(session: AsyncSession, pair: Pair) -> Organization:
    return await session.get_one(Organization, pair.organization_id)


async def test_reviews_go_over_when_two_partners_are_one_and_are_found_by_the_new_one(
    session_agreements: AsyncSession,
) -> None:
    into = await a_pair(session_agreements)
    twice = await a_pair(session_agreements, partner="City Years", school_id=into.school_id)
    once = await a_pair(session_agreements, "Roosevelt", organization_id=twice.organization_id)

    await hand_over_reviews(session_agreements, twice.organization_id, into.organization_id)
    again = await opened_review(session_agreements, once.school_id, into.organization_id, YEAR, now=SPRING)

    rows = await session_agreements.exec(select(Review.id, Review.organization_id))
    assert dict(rows.all()) == {
        into.review_id: into.organization_id,
        twice.review_id: twice.organization_id,
        once.review_id: into.organization_id,
    }
    assert again.id == once.review_id
