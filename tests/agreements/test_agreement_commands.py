"""An agreement is drafted, edited by both, signed by both, amended, renewed, ended: what each step leaves and tells."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.models import Agreement, AgreementEntry, Edition, Goal, Organization
from services.agreements.rules.agreements import Side
from services.agreements.rules.goals import MeasurementEntry
from services.agreements.rules.vetting import PartnerStatus
from shared.clock import new_id
from shared.events import agreements as facts
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
    told,
    two_sides,
    waiting,
)
from tests.agreements.support import a_known_school, an_organization, partner_of
from tests.support.builders import an_actor

LATER = NOW + timedelta(minutes=5)


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

    taken = await commands.replace_contact(
        session_agreements,
        leaver_id=two.school.person_id,
        successor_id=other.person_id,
        actor=two.school,
        now=LATER,
        zone=ZONE,
    )

    assert (taken.agreements, taken.meetings, taken.tasks) == (2, 0, 0)
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


@pytest.mark.parametrize("status", [PartnerStatus.REGISTERING, PartnerStatus.DECLINED, PartnerStatus.MERGED])
async def test_there_is_no_agreement_with_a_partner_that_is_not_approved(
    session_agreements: AsyncSession, status: PartnerStatus
) -> None:
    two = await two_sides(session_agreements)
    draft = await a_draft(two)
    partner = await session_agreements.get_one(Organization, two.organization_id)
    partner.status = status
    await session_agreements.flush()

    refused = []
    for by in (two.school, two.partner, two.district):
        with pytest.raises(Refusal) as caught:
            await a_draft(two, by=by)
        refused.append(caught.value.code)
    with pytest.raises(Refusal) as caught:
        await sent(two, draft)

    unknown = "partner_not_approved" if status is PartnerStatus.MERGED else "organization_not_found"
    assert refused == [unknown, "partner_not_approved", "partner_not_approved"]
    assert caught.value.code == "partner_not_approved"
