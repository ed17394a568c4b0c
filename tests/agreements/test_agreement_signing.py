"""What is signed is the exact text; it holds once both have signed it."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.models import Agreement, Edition, Goal, Signature
from services.agreements.rules.agreements import AgreementState, Side
from services.agreements.rules.signing import CONSENT, digest_of
from shared.db import Database
from shared.events import agreements as facts
from shared.events.vocabulary import RoleName
from shared.refusals import Kind, Refusal
from tests.agreements.agreeing import (
    NOW,
    ZONE,
    Two,
    a_draft,
    an_agreement,
    at,
    fill,
    sent,
    sign,
    signed,
    told,
    two_sides,
    waiting,
)
from tests.support.builders import an_actor

LATER = NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("missing", "field"),
    [
        ({"scope": ""}, "scope"),
        ({"students": " "}, "students"),
        ({"kind": "paid_contract"}, "amount"),
        ({"data_sharing": "Names", "data_basis": "none"}, "data_basis"),
        ({"starts_on": "2025-09-01", "ends_on": "2026-06-30"}, "ends_on"),
    ],
)
async def test_what_lacks_a_part_is_not_sent_for_signature(
    session_agreements: AsyncSession, missing: dict[str, Any], field: str
) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two, **missing)

    with pytest.raises(Refusal) as refused:
        await sent(two, agreement)

    assert refused.value.kind is Kind.INVALID
    assert list(refused.value.fields) == [field]


async def test_an_agreement_without_contacts_is_not_sent_for_signature(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)
    agreement.partner_contact_id = None

    with pytest.raises(Refusal) as refused:
        await sent(two, agreement)

    assert refused.value.code == "contact_missing"


async def test_what_is_signed_is_the_exact_text_and_its_digest(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two, kind="paid_contract", amount="$12,500")

    digest = await sent(two, agreement)

    text = await session_agreements.get_one(Edition, (agreement.id, 1))
    assert text.text is not None
    assert digest == digest_of(text.text)
    for said in (
        "Paid contract: Mentors for grade 9",
        "Lincoln (the school's side)\nCity Year (the partner)",
        "For the partner: Rosa Lima",
        "AMOUNT TO BE PAID\nUSD 12,500.00",
        "From September 1, 2026 (2026-09-01) to June 30, 2027 (2027-06-30), both included.",
        "Target: from 82 percent to 90 percent.",
    ):
        assert said in text.text
    assert Decimal(text.terms["amount"]) == 12500
    assert await waiting(session_agreements, agreement) == {("agreement_sign", "person")}


async def test_with_both_signatures_it_holds_from_its_first_day(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)
    digest = await sent(two, agreement)

    await sign(two, agreement, digest, by=two.partner)
    first = agreement.state
    await sign(two, agreement, digest, by=two.school, now=LATER)

    assert (first, agreement.state, agreement.edition, agreement.open_edition) == ("signing", "upcoming", 1, None)
    signatures = (await session_agreements.exec(select(Signature).order_by(col(Signature.at)))).all()
    assert [(one.side, one.name, one.digest, one.consent) for one in signatures] == [
        (Side.PARTNER, "Dana Okafor", digest, CONSENT),
        (Side.SCHOOL, "Ada Diaz", digest, CONSENT),
    ]
    signs = await told(session_agreements, facts.AgreementSigned, facts.AgreementConcluded)
    assert [fact.type for fact in signs] == ["agreement.signed.v1", "agreement.signed.v1", "agreement.concluded.v1"]
    assert await told(session_agreements, facts.CoverageChanged) == []
    assert await waiting(session_agreements, agreement) == set()
    (goal,) = (await session_agreements.exec(select(Goal))).all()
    assert (goal.agreement_id, goal.baseline, goal.target) == (agreement.id, 82, 90)


async def test_a_text_signed_after_its_first_day_holds_at_once_and_covers_the_school(
    session_agreements: AsyncSession,
) -> None:
    two = await two_sides(session_agreements)

    agreement = await an_agreement(two, now=at("2026-10-05"))

    assert agreement.state is AgreementState.ACTIVE
    (coverage,) = await told(session_agreements, facts.CoverageChanged)
    assert coverage == facts.CoverageChanged(
        organization_id=two.organization_id, everywhere=False, school_ids=(two.school_id,)
    )
    assert [type(fact) for fact in await told(session_agreements, facts.AgreementBegan)] == [facts.AgreementBegan]


async def test_the_same_signature_twice_is_one(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)
    digest = await sent(two, agreement)

    for _ in range(2):
        await sign(two, agreement, digest, by=two.school)

    assert len((await session_agreements.exec(select(Signature))).all()) == 1
    assert agreement.state is AgreementState.SIGNING


async def test_two_who_sign_at_once_conclude_it_once(db_agreements: Database) -> None:
    async with db_agreements.transaction() as session:
        two = await two_sides(session)
        agreement = await a_draft(two)
        digest = await sent(two, agreement)

    async def sign_by(side: Side) -> None:
        async with db_agreements.transaction() as session:
            mine = Two(session, two.school_id, two.organization_id, two.school, two.partner, two.district)
            await sign(mine, agreement, digest, by=two.of(side))

    await asyncio.gather(*map(sign_by, Side))

    async with db_agreements.transaction() as session:
        assert len(await told(session, facts.AgreementConcluded)) == 1
        found = await session.get_one(Agreement, agreement.id)
        assert found.state is AgreementState.UPCOMING


async def test_a_signature_needs_a_name_and_consent(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)
    digest = await sent(two, agreement)

    with pytest.raises(Refusal) as refused:
        await commands.sign_agreement(
            session_agreements,
            agreement.id,
            name=" ",
            consents=False,
            digest=digest,
            actor=two.school,
            now=NOW,
            zone=ZONE,
        )

    assert set(refused.value.fields) == {"name", "consents"}


async def test_nobody_signs_a_text_that_was_not_shown(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)
    await sent(two, agreement)

    with pytest.raises(Refusal) as refused:
        await sign(two, agreement, digest_of("another text"), by=two.school)

    assert refused.value.code == "text_changed"


async def test_one_side_signs_once_and_nobody_for_both(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)
    digest = await sent(two, agreement)
    await sign(two, agreement, digest, by=two.school)
    both = an_actor(RoleName.PARTNER_STAFF, two.organization_id, person_id=two.school.person_id)

    with pytest.raises(Refusal) as second:
        await sign(two, agreement, digest, by=two.district)
    with pytest.raises(Refusal) as for_both:
        await sign(two, agreement, digest, by=both)

    assert (second.value.code, for_both.value.code) == ("signed_already", "signs_for_both")


async def test_a_text_taken_back_makes_its_signature_void(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)
    digest = await sent(two, agreement)
    await sign(two, agreement, digest, by=two.school)

    await commands.take_back_agreement(
        session_agreements,
        agreement.id,
        version=agreement.version,
        words="The amount is wrong.",
        actor=two.partner,
        now=LATER,
        zone=ZONE,
    )

    (signature,) = (await session_agreements.exec(select(Signature))).all()
    assert signature.void_at == LATER
    assert agreement.state is AgreementState.DRAFT
    assert len(await told(session_agreements, facts.AgreementTakenBack)) == 1
    await fill(two, agreement, by=two.partner, now=LATER, scope="Other")
    assert (await signed(two, agreement, now=LATER)).state is AgreementState.UPCOMING
