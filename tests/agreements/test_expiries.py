"""Insurance, background checks and approvals run out: who is reminded when, and what becomes of referrals."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.models import Organization, Todo
from services.agreements.rules.documents import DocumentKind
from services.agreements.rules.standing import Halt
from services.agreements.rules.vetting import Verb
from shared.db import Database
from shared.events import agreements
from tests.agreements.partners import BOSTON, CHECKED, INSURED, NOW, a_registrant, approved, attached, moved
from tests.agreements.support import a_program_of, partner_of, the_district
from tests.support.events import outbox


async def look_daily(session: AsyncSession, start: datetime, end: datetime) -> None:
    """What the job does, four times a day."""
    at = start
    while at < end:
        await commands.look_at_expiries(session, now=at, zone=BOSTON)
        at += timedelta(hours=6)


async def test_in_a_year_each_thing_that_runs_out_is_said_once_per_stage_and_then_stops_referrals(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    organization = await approved(session_agreements, tmp_path, a_registrant())
    await a_program_of(session_agreements, organization)

    await look_daily(session_agreements, NOW, NOW + timedelta(days=380))

    facts = await outbox(session_agreements)
    said = Counter((f.what, f.days) for f in facts if isinstance(f, agreements.OrganizationExpiring))
    assert said == dict.fromkeys(
        ((what, days) for what in ("insurance", "checks", "certification") for days in (60, 30, 7)), 1
    )
    assert [f.halt for f in facts if isinstance(f, agreements.OrganizationHalted)] == ["insurance_expired"]
    assert [f.halt for f in facts if isinstance(f, agreements.ProgramChanged)] == [None, "insurance_expired"]
    lapsed = agreements.CertificationLapsed(organization_id=organization.id, on=date(2027, 11, 22))
    assert lapsed in facts
    assert organization.halt is Halt.INSURANCE_EXPIRED


async def test_what_ran_out_stops_referrals_until_the_district_has_accepted_a_new_document(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    organization = await approved(session_agreements, tmp_path, a_registrant())
    after = datetime(2027, 7, 1, 12, tzinfo=UTC)
    await commands.look_at_expiries(session_agreements, now=after, zone=BOSTON)
    staff = partner_of(organization.id)

    document = await attached(session_agreements, organization.id, tmp_path, staff, until=date(2028, 6, 30), now=after)
    assert organization.halt is Halt.INSURANCE_EXPIRED
    await commands.accept_document(
        session_agreements, organization.id, document.id, actor=the_district(), now=after, zone=BOSTON
    )

    assert organization.halt is None
    facts = await outbox(session_agreements)
    assert agreements.OrganizationResumed(organization_id=organization.id) in facts
    assert organization.look_at == datetime(2027, 7, 3, 9, tzinfo=BOSTON)


async def test_what_the_district_has_not_looked_at_counts_for_nothing_also_when_it_accepts_something_else(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    organization = await approved(session_agreements, tmp_path, a_registrant())
    staff = partner_of(organization.id)
    await attached(session_agreements, organization.id, tmp_path, staff, until=date(2029, 1, 1))
    other = await attached(
        session_agreements, organization.id, tmp_path, staff, kind=DocumentKind.CHECKS, until=date(2028, 1, 1)
    )

    await commands.accept_document(
        session_agreements, organization.id, other.id, actor=the_district(), now=NOW, zone=BOSTON
    )

    assert (organization.insurance_until, organization.checks_until) == (INSURED, date(2028, 1, 1))


async def test_whoever_must_renew_has_it_among_what_waits_until_a_newer_document_is_there(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    organization = await approved(session_agreements, tmp_path, a_registrant())
    later = datetime(2027, 6, 5, 12, tzinfo=UTC)
    open_ones = select(Todo).where(Todo.closed_at == None)  # noqa: E711

    await commands.look_at_expiries(session_agreements, now=later, zone=BOSTON)
    (todo,) = (await session_agreements.exec(open_ones)).all()
    assert (todo.kind, todo.audience_id, todo.due_on) == ("document_renewal", organization.id, date(2027, 6, 30))

    staff = partner_of(organization.id)
    await attached(session_agreements, organization.id, tmp_path, staff, until=date(2028, 6, 30), now=later)

    (todo,) = (await session_agreements.exec(open_ones)).all()
    assert (todo.kind, todo.audience) == ("document_review", "district")


async def test_insurance_holds_through_its_last_day_in_the_districts_time(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    organization = await approved(session_agreements, tmp_path, a_registrant())

    await commands.look_at_expiries(session_agreements, now=datetime(2027, 7, 1, 3, 59, tzinfo=UTC), zone=BOSTON)
    before = organization.halt
    await commands.look_at_expiries(session_agreements, now=datetime(2027, 7, 1, 4, 0, tzinfo=UTC), zone=BOSTON)

    assert (before, organization.halt) == (None, Halt.INSURANCE_EXPIRED)


async def test_a_suspended_partner_is_reminded_too_and_its_reinstatement_does_not_renew_its_papers(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    organization = await approved(session_agreements, tmp_path, a_registrant())
    await moved(session_agreements, organization, Verb.SUSPEND)
    after = datetime(2027, 7, 2, 12, tzinfo=UTC)
    await commands.look_at_expiries(session_agreements, now=after, zone=BOSTON)

    await moved(session_agreements, organization, Verb.REINSTATE, now=after)

    assert organization.halt is Halt.INSURANCE_EXPIRED


@pytest.mark.parametrize("looks", [1, 4])
async def test_nothing_is_said_twice_however_many_workers_look(
    db_agreements: Database, tmp_path: Path, looks: int
) -> None:
    async with db_agreements.transaction() as session:
        organization = await approved(session, tmp_path, a_registrant())
    due = datetime(2027, 5, 1, 13, tzinfo=UTC)

    for _ in range(looks):
        async with db_agreements.transaction() as session, db_agreements.transaction() as other:
            await commands.look_at_expiries(session, now=due, zone=BOSTON)
            await commands.look_at_expiries(other, now=due, zone=BOSTON)

    async with db_agreements.transaction() as session:
        said = [f for f in await outbox(session) if isinstance(f, agreements.OrganizationExpiring)]
        looked = await session.get(Organization, organization.id)
    assert [one.days for one in said] == [60]
    assert looked is not None
    assert looked.look_at == datetime(2027, 5, 31, 9, tzinfo=BOSTON)


async def test_what_came_due_before_the_district_moved_the_partner_is_said_all_the_same(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    organization = await approved(session_agreements, tmp_path, a_registrant())
    due = datetime(2027, 5, 1, 13, 30, tzinfo=UTC)

    await moved(session_agreements, organization, Verb.SUSPEND, now=due)
    await commands.look_at_expiries(session_agreements, now=due + timedelta(minutes=1), zone=BOSTON)

    facts = await outbox(session_agreements)
    assert [f.days for f in facts if isinstance(f, agreements.OrganizationExpiring)] == [60]


async def renewals(session: AsyncSession) -> list[date | None]:
    """The days until which papers wait to be renewed."""
    waiting = select(Todo).where(Todo.closed_at == None, Todo.kind == "document_renewal")  # noqa: E711
    return [todo.due_on for todo in await session.exec(waiting)]


async def test_each_paper_waits_to_be_renewed_until_it_is_there_itself(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    organization = await approved(session_agreements, tmp_path, a_registrant())
    both = datetime(2027, 7, 5, 12, tzinfo=UTC)
    staff, checks = partner_of(organization.id), DocumentKind.CHECKS
    await commands.look_at_expiries(session_agreements, now=both, zone=BOSTON)

    said = [await renewals(session_agreements)]
    await attached(session_agreements, organization.id, tmp_path, staff, until=date(2028, 6, 30), now=both)
    said.append(await renewals(session_agreements))
    second = await attached(
        session_agreements, organization.id, tmp_path, staff, kind=checks, until=date(2028, 9, 1), now=both
    )
    said.append(await renewals(session_agreements))
    await commands.remove_document(session_agreements, organization.id, second.id, actor=staff, now=both, zone=BOSTON)
    said.append(await renewals(session_agreements))

    assert said == [[INSURED], [CHECKED], [], [CHECKED]]


async def test_who_attached_the_renewal_is_reminded_no_more_while_the_district_has_not_looked(
    session_agreements: AsyncSession, tmp_path: Path
) -> None:
    organization = await approved(session_agreements, tmp_path, a_registrant())
    staff, early = partner_of(organization.id), datetime(2027, 5, 5, 12, tzinfo=UTC)
    await look_daily(session_agreements, NOW, early)
    await attached(session_agreements, organization.id, tmp_path, staff, until=date(2028, 6, 30), now=early)

    await look_daily(session_agreements, early, datetime(2027, 7, 2, 12, tzinfo=UTC))

    facts = await outbox(session_agreements)
    assert [f.days for f in facts if isinstance(f, agreements.OrganizationExpiring)] == [60]
    assert await renewals(session_agreements) == []
    assert organization.halt is Halt.INSURANCE_EXPIRED
