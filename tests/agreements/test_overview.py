"""The district's picture of its partnerships."""

from datetime import date, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import ReferralNeed, School
from services.agreements.queries.overview import NeedSearch, Overview, partnerships_overview
from services.agreements.rules.agreements import AgreementState
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.events.vocabulary import Need, RoleName
from tests.agreements.review_support import CALENDAR, SPRING, an_agreement
from tests.agreements.support import a_known_school, a_program_of, an_organization, the_district
from tests.agreements.test_review_evidence import a_goal, measured
from tests.support.builders import an_actor
from tests.support.clients import Client

TODAY = date(2027, 4, 20)


async def pictured(session: AsyncSession, **search: Any) -> Overview:
    return await partnerships_overview(session, NeedSearch(**search), calendar=CALENDAR, today=TODAY)


async def test_agreements_are_counted_by_state_and_those_that_end_soon_are_named(
    session_agreements: AsyncSession,
) -> None:
    school = await a_known_school(session_agreements)
    partner = await an_organization(session_agreements)
    day = timedelta(days=1)
    for state, ends in (
        (AgreementState.ACTIVE, TODAY + 91 * day),
        (AgreementState.ACTIVE, TODAY + 90 * day),
        (AgreementState.RENEWAL_DUE, TODAY + day),
        (AgreementState.DRAFT, TODAY + day),
        (AgreementState.EXPIRED, TODAY - day),
    ):
        await an_agreement(session_agreements, partner.id, school.id, school_id=school.id, state=state, ends_on=ends)

    found = await pictured(session_agreements)

    assert found.by_state == {AgreementState.DRAFT: 1, AgreementState.ACTIVE: 2, AgreementState.RENEWAL_DUE: 1}
    assert found.in_force == 3
    assert [(one.ends_on, one.school) for one in found.ending] == [
        (TODAY + day, "Lincoln"),
        (TODAY + 90 * day, "Lincoln"),
    ]


async def test_a_partner_whose_agreements_have_ended_has_none(session_agreements: AsyncSession) -> None:
    school = await a_known_school(session_agreements)
    covered, ended, none = [await an_organization(session_agreements, name) for name in ("Covered", "Ended", "None")]
    await an_agreement(session_agreements, covered.id, school.id)
    await an_agreement(session_agreements, ended.id, school.id, state=AgreementState.EXPIRED)
    await a_program_of(session_agreements, none)

    found = await pictured(session_agreements)

    assert [(one.name, one.open_programs) for one in found.partners_without] == [("Ended", 0), ("None", 1)]


async def test_goals_of_the_year_are_met_or_not(session_agreements: AsyncSession) -> None:
    school = await a_known_school(session_agreements)
    partner = await an_organization(session_agreements)
    agreement = await an_agreement(session_agreements, partner.id, school.id)
    draft = await an_agreement(session_agreements, partner.id, school.id, state=AgreementState.DRAFT, concluded_at=None)
    met = await a_goal(session_agreements, agreement.id, 90)
    missed = await a_goal(session_agreements, agreement.id, 90)
    await a_goal(session_agreements, draft.id, 90)
    await measured(session_agreements, met, 95, date(2027, 2, 1))
    await measured(session_agreements, missed, 80, date(2027, 2, 1))

    found = await pictured(session_agreements)

    assert (found.goals, found.goals_measured, found.goals_met) == (2, 2, 1)


async def test_a_need_is_served_by_an_open_program_under_an_agreement_that_covers_the_school(
    session_agreements: AsyncSession,
) -> None:
    lincoln = await a_known_school(session_agreements, "Lincoln")
    roosevelt = await a_known_school(session_agreements, "Roosevelt")
    district_wide = await an_organization(session_agreements, "District-wide")
    await an_agreement(session_agreements, district_wide.id)
    await a_program_of(session_agreements, district_wide, name="Food", needs=["food"])
    await a_program_of(session_agreements, district_wide, name="Meals", needs=["food", "health"])
    await a_program_of(session_agreements, district_wide, name="Choir", needs=["arts"], school_ids=[str(roosevelt.id)])
    one_school = await an_organization(session_agreements, "One school")
    await an_agreement(session_agreements, one_school.id, lincoln.id, school_id=lincoln.id)
    await a_program_of(session_agreements, one_school, needs=["food"])
    none = await an_organization(session_agreements, "No agreement")
    await a_program_of(session_agreements, none, needs=["housing"])
    for need in (Need.HOUSING, Need.HOUSING, Need.FOOD):
        session_agreements.add(ReferralNeed(referral_id=new_id(), school_id=lincoln.id, need=need, submitted_at=SPRING))
    await session_agreements.flush()

    cells = {one.school: one.cells for one in (await pictured(session_agreements)).needs}

    counts = {
        school: {need.value: cell.partners for need, cell in row.items() if cell.partners}
        for school, row in cells.items()
    }
    assert counts == {"Lincoln": {"food": 2, "health": 1}, "Roosevelt": {"arts": 1, "food": 1, "health": 1}}
    assert (cells["Lincoln"][Need.HOUSING].asked, cells["Lincoln"][Need.FOOD].asked) == (2, 1)
    assert cells["Roosevelt"][Need.HOUSING].asked == 0


async def test_schools_without_a_partner_for_a_need_are_found(session_agreements: AsyncSession) -> None:
    lincoln = await a_known_school(session_agreements, "Lincoln")
    await a_known_school(session_agreements, "Roosevelt")
    session_agreements.add(School(id=new_id(), name="Closed", active=False))
    partner = await an_organization(session_agreements)
    await an_agreement(session_agreements, partner.id, lincoln.id)
    await a_program_of(session_agreements, partner, needs=["food"])

    without = await pictured(session_agreements, need=Need.FOOD)
    named = await pictured(session_agreements, q="linc")

    assert [one.school for one in without.needs] == ["Roosevelt"]
    assert [one.school for one in named.needs] == ["Lincoln"]
    assert Need.FOOD not in named.needs[0].gaps


async def test_the_page_and_the_api_show_it_to_the_district_only(
    db_agreements: Database, client_agreements: Client
) -> None:
    async with db_agreements.transaction() as session:
        school = await a_known_school(session)
        await a_known_school(session, "Roosevelt")
        partner = await an_organization(session)
        await an_organization(session, "Without")
        today = utc_now().date()
        agreement = await an_agreement(
            session, partner.id, school.id, starts_on=today - timedelta(days=9), ends_on=today + timedelta(days=9)
        )
    district = client_agreements(the_district())

    page = await district.get("/agreements/overview")
    narrowed = await district.get("/agreements/overview", params={"q": "nobody", "need": ""})
    answer = await district.get("/agreements/api/v1/overview", params={"need": "food"})
    principal = await client_agreements(an_actor(RoleName.SCHOOL_STAFF, school.id)).get("/agreements/overview")
    wrong = await district.get("/agreements/api/v1/overview", params={"need": "gold"})

    assert f"/agreements/agreements/{agreement.id}" in page.text
    assert "Partners without an agreement" in page.text
    assert "2 in all" in page.text
    assert "No school fits" in narrowed.text
    assert [one["school"] for one in answer.json()["needs"]] == ["Lincoln", "Roosevelt"]
    assert (principal.status_code, wrong.status_code) == (403, 422)


async def test_an_empty_district_is_told_what_to_do(client_agreements: Client, db_agreements: Database) -> None:
    page = await client_agreements(the_district()).get("/agreements/overview")

    assert "No agreements yet" in page.text
