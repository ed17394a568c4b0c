"""Two organizations that are one: what goes over, who hears, and what is refused."""

from pathlib import Path

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands, queries
from services.agreements.models import Agreement, Document, Organization, Review, School, Todo
from services.agreements.rules.agreements import AgreementState
from services.agreements.rules.terms import AgreementKind
from services.agreements.rules.vetting import PartnerStatus
from shared.clock import new_id
from shared.db import Database
from shared.events import agreements
from shared.events.vocabulary import TodoKind
from shared.refusals import Refusal
from tests.agreements.agreeing import a_colleague
from tests.agreements.partners import BOSTON, INSURED, NOW, a_registrant, approved, begun, sent
from tests.agreements.support import a_known_school, a_program_of, an_organization, csv_of, partner_of, the_district
from tests.support.events import outbox


async def merged(session: AsyncSession, gone: Organization, into: Organization) -> Organization:
    return await commands.merge_organizations(
        session, gone.id, into.id, version=gone.version, actor=the_district(), now=NOW, zone=BOSTON
    )


async def test_programs_documents_and_what_is_blank_go_over_and_the_old_one_is_no_longer_listed(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    into = await an_organization(session_agreements, "Harbor Sailing Center")
    await a_program_of(session_agreements, into, name="Rowing")
    gone = await approved(session_agreements, tmp_path, a_registrant(), sure=True)
    program = await a_program_of(session_agreements, gone, name="Sailing")

    for _ in range(2):
        await merged(session_agreements, gone, into)

    assert (gone.status, gone.merged_into) == (PartnerStatus.MERGED, into.id)
    assert (into.tax_id, into.domain, into.insurance_until) == ("04-2103580", "harborsailing.org", INSURED)
    told = (await queries.partner_view(session_agreements, into.id, actor=the_district(), today=NOW.date())).told
    assert told.evidence == "Nine of ten come back."
    documents = (await session_agreements.exec(select(Document))).all()
    assert {one.organization_id for one in documents} == {into.id}
    found, total = await queries.find_organizations(session_agreements, seen_by=the_district())
    assert ([one.programs for one in found], total) == ([2], 1)
    facts = await outbox(session_agreements)
    assert facts.count(agreements.OrganizationMerged(organization_id=gone.id, into_id=into.id)) == 1
    states = [f for f in facts if isinstance(f, agreements.ProgramChanged) and f.program_id == program.id]
    assert [(one.organization_id, one.organization_name) for one in states] == [
        (gone.id, "Harbor Sailing"),
        (into.id, "Harbor Sailing Center"),
    ]


async def test_both_timelines_say_what_happened(session_agreements: AsyncSession) -> None:
    gone, into = [await an_organization(session_agreements, name) for name in ("City Yaer", "City Year")]

    await merged(session_agreements, gone, into)

    left, _ = await queries.partner_history(session_agreements, gone.id)
    took, entered = await queries.partner_history(session_agreements, into.id)
    assert (left.what, left.words, left.by_label) == ("merged", "City Year", "The district office")
    assert (took.what, took.words) == ("took_over", "City Yaer")
    assert entered.what == "entered"


async def test_what_waited_for_the_old_one_waits_for_the_new_one(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    into = await an_organization(session_agreements, "Harbor Sailing Center")
    gone = await sent(session_agreements, tmp_path, a_registrant(), sure=True)
    await commands.open_todo(
        session_agreements,
        TodoKind.PROGRAM_CONFIRM,
        into.id,
        to=commands.for_organization(gone.id),
        organization_id=gone.id,
        actor=the_district(),
        now=NOW,
    )

    await merged(session_agreements, gone, into)

    (todo,) = (await session_agreements.exec(select(Todo).where(Todo.closed_at == None))).all()  # noqa: E711
    assert (todo.kind, todo.audience_id, todo.organization_id) == (TodoKind.PROGRAM_CONFIRM, into.id, into.id)


async def test_the_same_program_at_both_is_refused_and_nothing_changes(session_agreements: AsyncSession) -> None:
    gone, into = [await an_organization(session_agreements, name) for name in ("City Yaer", "City Year")]
    for one in (gone, into):
        await a_program_of(session_agreements, one)

    with pytest.raises(Refusal, match="Both have the program Homework club"):
        await merged(session_agreements, gone, into)

    assert gone.status is PartnerStatus.APPROVED


async def test_nothing_is_merged_into_itself_into_what_was_merged_or_out_of_its_approval(
    session_agreements: AsyncSession,
) -> None:
    one, two, three = [await an_organization(session_agreements, name) for name in ("Ada", "Bela", "Cleo")]
    draft = await begun(session_agreements, a_registrant())
    await merged(session_agreements, three, two)

    for gone, into in ((one, one), (one, three), (one, draft), (three, one)):
        with pytest.raises(Refusal):
            await merged(session_agreements, gone, into)


async def test_only_the_district_merges(session_agreements: AsyncSession) -> None:
    gone, into = [await an_organization(session_agreements, name) for name in ("City Yaer", "City Year")]

    with pytest.raises(Refusal) as refused:
        await commands.merge_organizations(
            session_agreements, gone.id, into.id, version=1, actor=partner_of(gone.id), now=NOW, zone=BOSTON
        )

    assert refused.value.code == "not_your_move"


async def test_the_next_file_that_knows_the_old_name_finds_the_new_partner(
    db_agreements: Database, tmp_path: Path
) -> None:
    file = tmp_path / "programs.csv"
    file.write_bytes(csv_of("City Yaer,Chess club,arts,6-8,,,,Rosa Lima,rosa@example.org,,12 Main Street"))
    async with db_agreements.transaction() as session:
        gone, into = [await an_organization(session, name) for name in ("City Yaer", "City Year")]
        await merged(session, gone, into)

    await commands.import_programs(db_agreements, file, "crosswalk", lambda done, total: None, the_district(), NOW)

    async with db_agreements.transaction() as session:
        view = await queries.organization_view(session, into.id)
        total = (await queries.find_organizations(session))[1]
    assert (view.programs, total) == (1, 2)


async def test_agreements_and_reviews_go_over_and_what_there_can_be_only_once_stays(
    session_agreements: AsyncSession,
) -> None:
    gone, into = [await an_organization(session_agreements, name) for name in ("City Yaer", "City Year")]
    here, there = [await a_known_school(session_agreements, name) for name in ("Lincoln", "Harbor View")]
    only_there = a_review(gone, there)
    twice = a_review(gone, here), a_review(into, here)
    session_agreements.add_all([only_there, *twice])
    session_agreements.add(an_agreement(gone, there))
    await session_agreements.flush()

    await merged(session_agreements, gone, into)

    reviews = select(Review.id, Review.organization_id)
    assert dict((await session_agreements.exec(reviews)).all()) == {
        only_there.id: into.id,
        twice[0].id: gone.id,
        twice[1].id: into.id,
    }
    covered = [f for f in await outbox(session_agreements) if isinstance(f, agreements.CoverageChanged)]
    assert {one.organization_id: one.school_ids for one in covered} == {gone.id: (), into.id: (there.id,)}


async def test_the_fact_says_who_worked_for_the_one_that_is_gone(session_agreements: AsyncSession) -> None:
    gone, into = [await an_organization(session_agreements, name) for name in ("City Yaer", "City Year")]
    theirs = await a_colleague(session_agreements, partner_of(gone.id))
    await a_colleague(session_agreements, partner_of(into.id))

    await merged(session_agreements, gone, into)

    (fact,) = [f for f in await outbox(session_agreements) if isinstance(f, agreements.OrganizationMerged)]
    assert fact.person_ids == (theirs.person_id,)


def a_review(organization: Organization, school: School) -> Review:
    return Review(
        id=new_id(), school_id=school.id, organization_id=organization.id, year=2026, framework="boston",
        framework_version=1, started_at=NOW,
    )  # fmt: skip


def an_agreement(organization: Organization, school: School) -> Agreement:
    return Agreement(
        id=new_id(), organization_id=organization.id, school_id=school.id, school_ids=[school.id], title="Reading",
        kind=AgreementKind.NO_COST_MOU, state=AgreementState.ACTIVE, starts_on=NOW.date(), ends_on=NOW.date(),
        notice_days=60, drafted_at=NOW, changed_at=NOW, changed_by="system:tests",
    )  # fmt: skip
