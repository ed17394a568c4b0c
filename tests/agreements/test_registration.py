"""Registering: begin, tell, attach, send; and the district's answer."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands, queries
from services.agreements.models import Organization, Todo
from services.agreements.rules.vetting import CRITERIA, DeclineCause, Grade, PartnerStatus, Review, Verb
from shared.clock import new_id
from shared.events import agreements
from shared.events.vocabulary import RoleName
from shared.identity.actor import Actor
from shared.refusals import Refusal
from tests.agreements.partners import (
    BOSTON,
    INSURED,
    NOW,
    a_registrant,
    a_telling,
    an_identity,
    approved,
    attached,
    begun,
    completed,
    moved,
    rated,
    sent,
)
from tests.agreements.support import a_program_of, an_organization, partner_of, the_district
from tests.support.builders import an_actor
from tests.support.events import outbox


async def waiting(session: AsyncSession) -> list[tuple[str, str]]:
    """What waits, and for which side."""
    rows = (await session.exec(select(Todo).where(Todo.closed_at == None))).all()  # noqa: E711
    return sorted((row.kind.value, row.audience.value) for row in rows)


async def test_a_registration_is_begun_once_and_its_person_may_act_for_it(session_agreements: AsyncSession) -> None:
    ana, id_ = a_registrant(), new_id()

    for _ in range(2):
        await commands.start_registration(
            session_agreements, organization_id=id_, identity=an_identity(), sure=False, actor=ana, now=NOW
        )

    assert ana.person_id is not None
    assert await outbox(session_agreements) == [
        agreements.OrganizationRegistered(organization_id=id_, name="Harbor Sailing"),
        agreements.RegistrationStarted(organization_id=id_, person_id=ana.person_id),
    ]


async def test_what_may_be_there_already_is_shown_before_a_second_one_is_made(
    session_agreements: AsyncSession,
) -> None:
    await begun(session_agreements, a_registrant(), website="harborsailing.org")

    for again in (
        {"name": "Sailors of the Harbour", "tax_id": "042103580"},
        {"name": "Boats for All", "tax_id": "", "website": "https://www.harborsailing.org/boston"},
        {"name": "Harbour Sailing", "tax_id": ""},
    ):
        with pytest.raises(Refusal) as refused:
            await begun(session_agreements, a_registrant(), sure=False, **again)
        assert refused.value.code == "duplicates_found"
    second = await begun(session_agreements, a_registrant(), sure=True, name="Harbour Sailing", tax_id="")

    assert second.status is PartnerStatus.REGISTERING


async def test_who_registers_sees_of_others_only_what_is_public(session_agreements: AsyncSession) -> None:
    await begun(session_agreements, a_registrant())
    listed = await an_organization(session_agreements, "Harbor Sails")
    identity = an_identity(name="Harbor Sailings")

    outside = await commands.duplicates_of(session_agreements, identity, actor=a_registrant())
    office = await commands.duplicates_of(session_agreements, identity, actor=the_district())

    assert {one.name for one in office} == {"Harbor Sailing", listed.name}
    assert {one.name for one in outside} == {"An organization that is being registered", listed.name}
    assert {one.tax_id for one in outside} == {""}


async def test_a_name_that_is_taken_is_refused_however_sure_somebody_is(session_agreements: AsyncSession) -> None:
    await begun(session_agreements, a_registrant())

    with pytest.raises(Refusal) as refused:
        await begun(session_agreements, a_registrant(), sure=True, name="The Harbor Sailing, Inc.")
    assert refused.value.code == "organization_exists"


async def test_one_person_has_at_most_three_registrations_open(session_agreements: AsyncSession) -> None:
    ana = a_registrant()
    for name in ("Cello Club", "Night Library", "Garden Friends"):
        await begun(session_agreements, ana, name=name, tax_id="")

    with pytest.raises(Refusal) as refused:
        await begun(session_agreements, ana, name="Chess Masters", tax_id="")
    assert refused.value.code == "too_many_registrations"


async def test_what_was_saved_is_there_on_return_and_saving_it_again_changes_nothing(
    session_agreements: AsyncSession,
) -> None:
    ana = a_registrant()
    organization = await begun(session_agreements, ana)

    for _ in range(2):
        await commands.save_registration(
            session_agreements, organization.id, version=1, entry=a_telling(about=""), country="US", actor=ana, now=NOW
        )

    view = await queries.partner_view(session_agreements, organization.id, actor=ana, today=NOW.date())
    assert (view.told.evidence, view.told.needs, view.version) == ("Nine of ten come back.", ("mentoring", "sports"), 2)
    assert list(view.missing) == ["about", "insurance", "checks"]
    detailed = [fact for fact in await outbox(session_agreements) if isinstance(fact, agreements.OrganizationDetailed)]
    assert len(detailed) == 1
    assert "evidence" in detailed[0].fields


async def test_two_who_write_at_once_do_not_overwrite_each_other(session_agreements: AsyncSession) -> None:
    ana = a_registrant()
    organization = await begun(session_agreements, ana)
    id_ = organization.id
    await commands.save_registration(
        session_agreements, id_, version=1, entry=a_telling(), country="US", actor=ana, now=NOW
    )

    with pytest.raises(Refusal) as refused:
        await commands.save_registration(
            session_agreements, id_, version=1, entry=a_telling(about="Else."), country="US", actor=ana, now=NOW
        )
    assert refused.value.code == "stale_version"


async def test_a_registration_is_nobody_elses_business(session_agreements: AsyncSession, tmp_path: Path) -> None:
    ana = a_registrant()
    organization = await sent(session_agreements, tmp_path, ana)
    others: list[Actor] = [a_registrant(), partner_of(new_id()), an_actor(RoleName.SCHOOL_STAFF, new_id())]

    for other in others:
        with pytest.raises(Refusal) as refused:
            await queries.partner_view(session_agreements, organization.id, actor=other, today=NOW.date())
        assert refused.value.code == "partner_not_found"
        found, total = await queries.find_organizations(session_agreements, seen_by=other)
        assert (found, total) == ([], 0)
    assert (await queries.find_organizations(session_agreements, seen_by=the_district()))[1] == 1


async def test_after_the_decision_only_a_role_lets_the_registrant_in(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    ana = a_registrant()
    organization = await approved(session_agreements, tmp_path, ana)

    with pytest.raises(Refusal):
        await queries.partner_view(session_agreements, organization.id, actor=ana, today=NOW.date())
    view = await queries.partner_view(
        session_agreements, organization.id, actor=partner_of(organization.id), today=NOW.date()
    )
    assert view.moves == [Verb.SUBMIT]


async def test_what_is_not_complete_is_not_sent_and_all_that_is_missing_is_said(
    session_agreements: AsyncSession,
) -> None:
    ana = a_registrant()
    organization = await begun(session_agreements, ana)

    with pytest.raises(Refusal) as refused:
        await commands.submit_registration(
            session_agreements, organization.id, version=1, actor=ana, now=NOW, zone=BOSTON
        )

    assert {"address", "evidence", "insurance", "checks"} <= set(refused.value.fields)
    assert organization.review is Review.DRAFT


async def test_a_document_that_has_run_out_meanwhile_is_missing(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    ana = a_registrant()
    organization = await begun(session_agreements, ana)
    later = NOW + timedelta(days=400)
    await commands.save_registration(
        session_agreements, organization.id, version=1, entry=a_telling(), country="US", actor=ana, now=NOW
    )
    await attached(session_agreements, organization.id, tmp_path, ana)

    with pytest.raises(Refusal) as refused:
        await commands.submit_registration(
            session_agreements, organization.id, version=2, actor=ana, now=later, zone=BOSTON
        )
    assert set(refused.value.fields) == {"insurance", "checks"}


async def test_from_sending_to_approval_everybody_knows_whose_turn_it_is(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    ana = a_registrant()
    organization = await sent(session_agreements, tmp_path, ana)
    assert await waiting(session_agreements) == [("registration_review", "district")]

    await moved(session_agreements, organization, Verb.ASK, words="Where is Pier 1?")
    assert await waiting(session_agreements) == [("registration_questions", "organization")]

    await commands.submit_registration(
        session_agreements, organization.id, version=organization.version, actor=ana, now=NOW, zone=BOSTON
    )
    assert await waiting(session_agreements) == [("registration_review", "district")]

    await moved(session_agreements, await rated(session_agreements, organization), Verb.APPROVE, words="")
    assert await waiting(session_agreements) == []
    assert (organization.status, organization.halt) == (PartnerStatus.APPROVED, None)
    assert (organization.insurance_until, organization.certified_until) == (INSURED, date(2027, 11, 22))
    told = [fact for fact in await outbox(session_agreements) if fact.key == "organization_id"]
    assert told[-5:] == [
        agreements.RegistrationSubmitted(organization_id=organization.id, status="registering"),
        agreements.RegistrationQuestioned(organization_id=organization.id),
        agreements.RegistrationSubmitted(organization_id=organization.id, status="registering"),
        agreements.RegistrationRated(organization_id=organization.id, criteria=tuple(sorted(CRITERIA))),
        agreements.OrganizationApproved(organization_id=organization.id, conditional=False, on=date(2027, 11, 22)),
    ]


async def test_nothing_is_approved_without_the_rubric(session_agreements: AsyncSession, tmp_path: Path) -> None:
    organization = await sent(session_agreements, tmp_path, a_registrant())

    with pytest.raises(Refusal, match="Rate every criterion"):
        await moved(session_agreements, organization, Verb.APPROVE)
    await rated(session_agreements, organization, fit=Grade.NOT_MET)
    with pytest.raises(Refusal, match="Not met: Fit"):
        await moved(session_agreements, organization, Verb.APPROVE)
    await moved(session_agreements, organization, Verb.APPROVE_WITH_CONDITIONS, words="Show us by May.")

    (approval,) = [f for f in await outbox(session_agreements) if isinstance(f, agreements.OrganizationApproved)]
    assert approval.conditional
    assert organization.status is PartnerStatus.CONDITIONAL


async def test_a_declined_partner_hears_the_reasons_mends_them_and_is_rated_anew(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    ana = a_registrant()
    organization = await rated(session_agreements, await sent(session_agreements, tmp_path, ana))
    causes = (DeclineCause.EVIDENCE_WEAK, DeclineCause.REFERENCES)

    await moved(session_agreements, organization, Verb.DECLINE, causes=causes, words="Show results.")
    staff = partner_of(organization.id)
    again = await commands.submit_registration(
        session_agreements, organization.id, version=organization.version, actor=staff, now=NOW, zone=BOSTON
    )

    assert again.standing == (PartnerStatus.REGISTERING, Review.WAITING)
    assert await queries.rubric(session_agreements, organization.id) == {}
    declined = next(f for f in await outbox(session_agreements) if isinstance(f, agreements.OrganizationDeclined))
    assert declined.reasons == ("evidence_weak", "references")
    line = next(
        one for one in await queries.partner_history(session_agreements, organization.id) if one.codes == list(causes)
    )
    assert (line.what, line.words, line.by_label) == ("decline", "Show results.", "The district office")


async def test_a_decision_sent_twice_counts_once_and_one_on_an_old_state_is_refused(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    organization = await rated(session_agreements, await sent(session_agreements, tmp_path, a_registrant()))
    office, version = the_district(), organization.version

    for _ in range(2):
        await moved_at(session_agreements, organization, version, office)
    with pytest.raises(Refusal) as refused:
        await moved_at(session_agreements, organization, version, the_district())

    assert refused.value.code in ("stale_version", "move_not_possible")
    approvals = [f for f in await outbox(session_agreements) if isinstance(f, agreements.OrganizationApproved)]
    assert len(approvals) == 1


async def moved_at(session: AsyncSession, organization: Organization, version: int, actor: Actor) -> None:
    await commands.move_partner(
        session, organization.id, Verb.APPROVE, version=version, actor=actor, now=NOW, zone=BOSTON
    )


async def test_programs_come_after_the_approval(session_agreements: AsyncSession, tmp_path: Path) -> None:
    organization = await sent(session_agreements, tmp_path, a_registrant())

    with pytest.raises(Refusal) as refused:
        await a_program_of(session_agreements, organization)
    assert refused.value.code == "partner_not_approved"
    await moved(session_agreements, await rated(session_agreements, organization), Verb.APPROVE)
    await a_program_of(session_agreements, organization)

    state = [fact for fact in await outbox(session_agreements) if isinstance(fact, agreements.ProgramChanged)]
    assert [one.halt for one in state] == [None]


async def test_a_year_later_the_partner_stays_approved_while_its_details_are_read(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    organization = await approved(session_agreements, tmp_path, a_registrant())
    staff, later = partner_of(organization.id), NOW + timedelta(days=200)

    await commands.submit_registration(
        session_agreements, organization.id, version=organization.version, actor=staff, now=later, zone=BOSTON
    )
    assert organization.standing == (PartnerStatus.APPROVED, Review.WAITING)
    assert organization.halt is None
    await moved(session_agreements, await rated(session_agreements, organization), Verb.APPROVE, now=later)

    assert organization.certified_until == date(2028, 6, 10)
    assert organization.round == 2


async def test_a_suspended_partner_takes_no_referrals_until_it_is_reinstated(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    organization = await approved(session_agreements, tmp_path, a_registrant())
    program = await a_program_of(session_agreements, organization)

    await moved(session_agreements, organization, Verb.SUSPEND)
    await moved(session_agreements, organization, Verb.REINSTATE, words="")

    facts = await outbox(session_agreements)
    halts = [fact.halt for fact in facts if isinstance(fact, agreements.ProgramChanged)]
    assert halts == [None, "suspended", None]
    assert {fact.program_id for fact in facts if isinstance(fact, agreements.ProgramChanged)} == {program.id}
    assert [
        fact for fact in facts if isinstance(fact, agreements.OrganizationHalted | agreements.OrganizationResumed)
    ] == [
        agreements.OrganizationHalted(organization_id=organization.id, halt="suspended"),
        agreements.OrganizationResumed(organization_id=organization.id),
    ]
    assert agreements.OrganizationSuspended(organization_id=organization.id) in facts
    assert agreements.OrganizationReinstated(organization_id=organization.id) in facts


async def test_a_partner_from_an_import_counts_as_approved_and_may_be_asked_for_its_details(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    organization = await an_organization(session_agreements)

    await moved(session_agreements, organization, Verb.ASK, words="Please tell us who you are.")
    await completed(session_agreements, organization, tmp_path, partner_of(organization.id))

    assert organization.standing == (PartnerStatus.APPROVED, Review.WAITING)


async def test_that_the_district_entered_and_renamed_a_partner_stands_in_its_timeline(
    session_agreements: AsyncSession,
) -> None:
    organization = await an_organization(session_agreements, "City Yaer")
    await commands.rename_organization(
        session_agreements,
        organization.id,
        name="City Year",
        version=organization.version,
        actor=the_district(),
        now=NOW,
    )
    await session_agreements.flush()

    happened = await queries.partner_history(session_agreements, organization.id)

    assert {(line.what, line.words) for line in happened} == {("entered", ""), ("renamed", "City Year")}
