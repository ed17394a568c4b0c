"""An agreement is drafted, edited by both, signed by both, amended, renewed, ended: what each step leaves and tells."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.models import Agreement, AgreementEntry, Edition, Goal, Organization, Signature
from services.agreements.rules.agreements import AgreementState, EditionState, Side
from services.agreements.rules.goals import MeasurementEntry
from services.agreements.rules.signing import CONSENT, digest_of
from shared.clock import new_id
from shared.db import Database
from shared.events import agreements as facts
from shared.events.base import Fact
from shared.events.vocabulary import RoleName
from shared.refusals import Kind, Refusal
from tests.agreements.agreeing import (
    CURRENCY,
    NOW,
    ZONE,
    Two,
    a_colleague,
    a_draft,
    an_agreed_entry,
    an_agreement,
    at,
    fill,
    sent,
    settled,
    sign,
    signed,
    two_sides,
    waiting,
)
from tests.agreements.support import a_known_school, an_organization, partner_of
from tests.support.builders import an_actor
from tests.support.events import outbox

LATER = NOW + timedelta(minutes=5)


async def told(session: AsyncSession, *kinds: type[Fact]) -> list[Fact]:
    return [fact for fact in await outbox(session) if isinstance(fact, kinds)]


async def test_a_draft_starts_from_its_template_and_waits_for_the_other_side(
    session_agreements: AsyncSession,
) -> None:
    two = await two_sides(session_agreements)
    id_ = new_id()

    for _ in range(2):
        agreement = await commands.draft_agreement(
            session_agreements,
            agreement_id=id_,
            organization_id=two.organization_id,
            school_id=two.school_id,
            template="no_cost_mou",
            title=" Mentors ",
            starts_on="2026-09-01",
            ends_on="2027-06-30",
            actor=two.school,
            now=NOW,
            zone=ZONE,
        )

    text = await session_agreements.get_one(Edition, (id_, 1))
    assert (agreement.state, agreement.title, agreement.school_ids) == ("draft", "Mentors", [two.school_id])
    assert agreement.school_contact_id == two.school.person_id
    assert "acknowledges a referral" in text.terms["partner_duties"]
    (drafted,) = await told(session_agreements, facts.AgreementDrafted)
    assert drafted.kind == "no_cost_mou"  # type: ignore[attr-defined]
    assert await waiting(session_agreements, agreement) == {("agreement_review", "organization")}


async def test_both_sides_edit_and_each_change_is_kept_field_by_field(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)

    await fill(two, agreement, by=two.partner, now=LATER, scope="Three mentors.", goals=[])

    entries = await session_agreements.exec(
        select(AgreementEntry).where(AgreementEntry.what == "edit").order_by(col(AgreementEntry.id).desc())
    )
    entry = entries.first()
    assert entry is not None
    assert (entry.by_label, entry.side) == ("City Year", Side.PARTNER)
    assert [change["field"] for change in entry.changes] == ["scope", "goals"]
    assert entry.changes[0]["before"] == "Two mentors, three afternoons a week."
    assert entry.changes[0]["after"] == "Three mentors."
    changed = (await told(session_agreements, facts.AgreementChanged))[-1]
    assert (changed.side, changed.fields) == ("partner", ("scope", "goals"))  # type: ignore[attr-defined]
    assert await waiting(session_agreements, agreement) == {("agreement_review", "person")}


async def test_changes_to_different_fields_made_at_once_are_joined(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two, goals=[])
    shown = agreement.version
    entry = an_agreed_entry(goals=[])

    for by, change in ((two.school, {"scope": "New scope"}), (two.partner, {"students": "Grade 10"})):
        await commands.change_agreement(
            session_agreements,
            agreement.id,
            version=shown,
            entry=entry.model_copy(update=change),
            actor=by,
            now=LATER,
            zone=ZONE,
        )

    text = await session_agreements.get_one(Edition, (agreement.id, 1))
    assert (text.terms["scope"], text.terms["students"]) == ("New scope", "Grade 10")


async def test_two_who_change_the_same_field_at_once_do_not_overwrite_each_other(
    session_agreements: AsyncSession,
) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two, goals=[])
    shown = agreement.version
    await fill(two, agreement, by=two.partner, goals=[], scope="Theirs")

    with pytest.raises(Refusal) as refused:
        await commands.change_agreement(
            session_agreements,
            agreement.id,
            version=shown,
            entry=an_agreed_entry(goals=[], scope="Mine"),
            actor=two.school,
            now=LATER,
            zone=ZONE,
        )

    assert (refused.value.kind, refused.value.code) == (Kind.CONFLICT, "stale_version")
    assert list(refused.value.fields) == ["scope"]


async def test_a_comment_is_kept_once_however_often_the_form_arrives(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)
    shown = agreement.version

    for _ in range(2):
        await commands.comment_on_agreement(
            session_agreements,
            agreement.id,
            version=shown,
            words="Can we add Fridays?",
            field="schedule",
            actor=two.partner,
            now=LATER,
            zone=ZONE,
        )

    (commented,) = await told(session_agreements, facts.AgreementCommented)
    assert commented.field == "schedule"  # type: ignore[attr-defined]


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


async def measured(two: Two, agreement: Agreement, goal_id: UUID, value: str, *, on: str) -> UUID:
    id_ = new_id()
    await commands.measure_goal(
        two.session,
        agreement.id,
        goal_id,
        measurement_id=id_,
        entry=MeasurementEntry(measured_on=on, value=value),
        actor=two.school,
        now=at(on),
        zone=ZONE,
    )
    return id_


async def test_a_measurement_says_how_the_goal_stands_and_can_be_struck(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await an_agreement(two, now=at("2026-10-05"))
    (goal,) = (await session_agreements.exec(select(Goal))).all()

    for value, day in (("81", "2026-11-01"), ("86", "2027-01-01"), ("91", "2027-03-01")):
        last = await measured(two, agreement, goal.id, value, on=day)
    await commands.strike_measurement(
        session_agreements, agreement.id, last, actor=two.partner, now=at("2027-03-02"), zone=ZONE
    )

    stands = await told(session_agreements, facts.GoalMeasured)
    assert [fact.progress for fact in stands] == ["behind", "on_the_way", "met"]  # type: ignore[attr-defined]
    assert len(await told(session_agreements, facts.MeasurementStruck)) == 1


async def test_a_contact_who_leaves_is_replaced_everywhere_with_what_waited(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreed = [await a_draft(two) for _ in range(2)]
    for agreement in agreed:
        await sent(two, agreement)
    other = await a_colleague(session_agreements, an_actor(RoleName.SCHOOL_STAFF, two.school_id))
    assert two.school.person_id
    assert other.person_id

    count = await commands.replace_contact(
        session_agreements,
        leaver_id=two.school.person_id,
        successor_id=other.person_id,
        actor=two.school,
        now=LATER,
        zone=ZONE,
    )

    assert count == 2
    assert {agreement.school_contact_id for agreement in agreed} == {other.person_id}
    changed = await told(session_agreements, facts.AgreementContactChanged)
    assert {fact.person_id for fact in changed[-2:]} == {other.person_id}  # type: ignore[attr-defined]
    opened = [fact for fact in await told(session_agreements, facts.TodoOpened) if fact.kind == "agreement_sign"]  # type: ignore[attr-defined]
    assert [fact.audience_id for fact in opened[-2:]] == [other.person_id] * 2  # type: ignore[attr-defined]


async def test_a_contact_must_work_for_the_side_and_each_side_names_its_own(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)
    stranger = await a_colleague(session_agreements, partner_of(new_id()))
    colleague = await a_colleague(session_agreements, partner_of(two.organization_id))

    for person, by in ((stranger, two.partner), (colleague, two.school)):
        assert person.person_id
        with pytest.raises(Refusal) as refused:
            await commands.name_agreement_contact(
                session_agreements,
                agreement.id,
                side=Side.PARTNER,
                person_id=person.person_id,
                actor=by,
                now=LATER,
                zone=ZONE,
            )
        assert refused.value.code == "contact_invalid"


async def test_others_agreements_are_not_there(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)
    elsewhere = await a_known_school(session_agreements, "Roosevelt")

    for stranger in (partner_of(new_id()), an_actor(RoleName.SCHOOL_STAFF, elsewhere.id)):
        with pytest.raises(Refusal) as refused:
            await fill(two, agreement, by=stranger)
        assert refused.value.kind is Kind.NOT_FOUND


async def test_a_school_agrees_for_itself_and_only_the_district_for_several(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    other = await a_known_school(session_agreements, "Roosevelt")
    ids = [str(other.id), str(two.school_id)]

    own = await a_draft(two, school_ids=ids)
    several = await a_draft(two, by=two.district, school_id=None, school_ids=ids)

    assert own.school_ids == [two.school_id]
    assert set(several.school_ids) == {other.id, two.school_id}


async def test_a_move_on_a_page_that_is_old_says_who_did_what(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await a_draft(two)
    shown = agreement.version
    await fill(two, agreement, by=two.partner, scope="Other")

    with pytest.raises(Refusal) as refused:
        await commands.send_for_signature(
            session_agreements,
            agreement.id,
            version=shown,
            currency=CURRENCY,
            actor=two.school,
            now=LATER,
            zone=ZONE,
        )

    assert "City Year changed it" in refused.value.message


async def test_partners_that_become_one_are_covered_by_the_agreements_of_both(
    session_agreements: AsyncSession,
) -> None:
    two = await two_sides(session_agreements)
    agreement = await an_agreement(two, now=at("2026-10-05"))
    gone = await session_agreements.get_one(Organization, two.organization_id)
    into = await an_organization(session_agreements, "City Steps")

    await commands.merge_organizations(
        session_agreements, gone.id, into.id, version=gone.version, actor=two.district, now=at("2026-10-06"), zone=ZONE
    )

    await session_agreements.refresh(agreement)
    covered = {
        fact.organization_id: fact.school_ids  # type: ignore[attr-defined]
        for fact in await told(session_agreements, facts.CoverageChanged)
    }
    assert agreement.organization_id == into.id
    assert covered == {gone.id: (), into.id: (two.school_id,)}
