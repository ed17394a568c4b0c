"""What the directory says of partners: who has an agreement, who may take nobody now, in which money they count."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.consumers import on
from services.agreements.hsds.write import Partner, Writer
from services.agreements.mappings import mapping_named
from services.agreements.models import Organization, Program
from services.agreements.programs_csv import read_programs
from services.agreements.queries import ProgramSearch, find_programs, program_view
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.refusals import Refusal
from tests.agreements.agreeing import an_agreement, two_sides
from tests.agreements.support import NOW, a_program_of, an_entry, an_organization, partner_of, the_district
from tests.agreements.test_agreement_pages import TERM
from tests.agreements.test_hsds_import import SERVICE, read, said
from tests.support.builders import a_school
from tests.support.clients import Client
from tests.support.events import deliver

API = "/agreements/api/v1"


async def halt(db: Database, organization_id: UUID, why: str | None) -> None:
    """What the vetting does when papers run out, or are there again."""
    async with db.transaction() as session:
        values = {"why": why, "id": organization_id}
        await session.execute(text("UPDATE organization SET halt = :why WHERE id = :id"), values)


async def order(db: Database, **query: str) -> list[str]:
    """The names of what a search finds, best first."""
    async with db.transaction() as session:
        found = await find_programs(session, ProgramSearch.model_validate(query), limit=25)
        return [program.name for program in found.programs]


async def test_programs_of_a_partner_that_may_take_nobody_sink_and_say_why(
    db_agreements: Database, client_agreements: Client
) -> None:
    async with db_agreements.transaction() as session:
        here, far = await an_organization(session, "City Year"), await an_organization(session, "Casa Abierta")
        await a_program_of(
            session, here, name="Art", position="42.34, -71.07", neighborhood="South End", open_places="3"
        )
        await a_program_of(
            session, far, name="Books", position="42.35, -71.08", neighborhood="South End", open_places="0"
        )

    before, near_before = await order(db_agreements), await order(db_agreements, near="42.34, -71.07")
    await halt(db_agreements, here.id, "insurance_expired")
    halted, near_halted = await order(db_agreements), await order(db_agreements, near="42.34, -71.07")
    family = (await client_agreements(None).get("/agreements/programs")).text
    staff = (await client_agreements(the_district()).get("/agreements/programs?need=academic")).text
    roomy = await order(db_agreements, room="yes")
    listed = (await client_agreements(None).get(f"{API}/programs")).json()["items"]
    inside = (await client_agreements(the_district()).get(f"{API}/programs")).json()["items"]
    await halt(db_agreements, here.id, None)

    assert (before, near_before) == (["Art", "Books"], ["Art", "Books"])
    assert (halted, near_halted) == (["Books", "Art"], ["Books", "Art"])
    assert family.count("This program takes no new students at the moment.") == 1
    assert "insurance" not in family
    assert "The insurance has run out." in staff
    assert [(one["halted"], one["halt"]) for one in listed] == [(False, None), (True, None)]
    assert [one["halt"] for one in inside] == [None, "insurance_expired"]
    assert roomy == []
    assert await order(db_agreements) == ["Art", "Books"]


async def test_a_school_s_page_shows_the_partners_whose_agreements_cover_it(
    db_agreements: Database, client_agreements: Client
) -> None:
    async with db_agreements.transaction() as session:
        two = await two_sides(session)
        partner = await session.get_one(Organization, two.organization_id)
        await a_program_of(session, partner, name="Mentors")
        other = await an_organization(session, "Casa Abierta")
        await a_program_of(session, other, name="For all")
        quiet = await an_organization(session, "Open Door")
        await a_program_of(session, quiet, name="Named", school_ids=[str(two.school_id)])
    client = client_agreements(None)
    before = (await client.get(f"{API}/schools/{two.school_id}")).json()

    async with db_agreements.transaction() as session:
        two.session = session
        await an_agreement(two, now=utc_now(), **TERM)
    after = (await client.get(f"{API}/schools/{two.school_id}")).json()
    page = (await client.get(f"/agreements/schools/{two.school_id}")).text

    def partners(answer: dict[str, list[dict[str, object]]]) -> list[tuple[object, object]]:
        return [(one["name"], one["agreed"]) for one in answer["partners"]]

    assert partners(before) == [("Open Door", False)]
    assert before["for_every_school"] == 2
    assert partners(after) == [("City Year", True), ("Open Door", False)]
    assert [program["name"] for program in after["partners"][0]["programs"]] == ["Mentors"]
    assert after["for_every_school"] == 1
    assert page.count("Has an agreement with this school") == 1
    assert "Mentors" in page


async def test_a_partner_without_an_open_program_stands_there_by_its_agreement(
    db_agreements: Database, client_agreements: Client
) -> None:
    async with db_agreements.transaction() as session:
        two = await two_sides(session)
        await an_agreement(two, now=utc_now(), **TERM)

    page = (await client_agreements(None).get(f"/agreements/schools/{two.school_id}")).text

    assert "City Year" in page
    assert "This partner has no open program at the moment." in page


async def test_a_cost_is_shown_in_its_own_money_and_else_in_the_district_s(
    db_agreements: Database, client_agreements: Client
) -> None:
    async with db_agreements.transaction() as session:
        organization = await an_organization(session)
        await a_program_of(session, organization, name="Here", cost="12.50")
        await a_program_of(session, organization, name="North", cost="40", currency="cad")

    page = (await client_agreements(None).get("/agreements/programs")).text

    assert "$12.50" in page
    assert "CA$40" in page


async def test_a_currency_must_exist_and_stays_where_nobody_speaks_of_it(session_agreements: AsyncSession) -> None:
    organization = await an_organization(session_agreements)
    staff = partner_of(organization.id)
    program = await a_program_of(session_agreements, organization, cost="40", currency="CAD")

    with pytest.raises(Refusal) as unknown:
        await a_program_of(session_agreements, organization, name="Other", currency="XQZ")
    await commands.change_program(
        session_agreements, program.id, version=1, entry=an_entry(cost="45"), country="US", actor=staff, now=NOW
    )
    kept = program.currency
    await commands.change_program(
        session_agreements, program.id, version=2, entry=an_entry(cost="45", currency=""), country="US", actor=staff,
        now=NOW,
    )  # fmt: skip

    assert "currency" in unknown.value.fields
    assert (kept, program.currency) == ("CAD", "")


async def test_hsds_brings_and_gives_the_currency(session_agreements: AsyncSession) -> None:
    def costing(currency: str) -> dict[str, object]:
        return SERVICE | {"id": str(new_id()), "cost_options": [{"amount": 40, "currency": currency}]}

    reading = read(costing("cad"), costing("usd"), costing("zzz"))
    organization = await an_organization(session_agreements)
    program = await a_program_of(session_agreements, organization, cost="40", currency="CAD")
    await session_agreements.flush()
    row = await program_view(session_agreements, program.id)
    given = Writer("District", "USD", "US", {}).full_service(row, Partner(organization.id, organization.name, ""))

    assert [program.values.currency for program in reading.programs] == ["CAD", "", ""]
    assert [value for _, value in said(reading, "currency")] == ["ZZZ"]
    assert given["cost_options"][0]["currency"] == "cad"


async def test_the_csv_file_carries_the_currency_there_and_back(
    db_agreements: Database, client_agreements: Client
) -> None:
    async with db_agreements.transaction() as session:
        await a_program_of(session, await an_organization(session), cost="40", currency="CAD")
    exported = (await client_agreements(the_district()).get("/agreements/programs.csv")).text

    reading = read_programs(exported.encode(), mapping_named("crosswalk"), {})

    assert [program.values.currency for program in reading.programs] == ["CAD"]
    async with db_agreements.transaction() as session:
        assert (await session.exec(select(Program.currency))).one() == "CAD"


async def test_what_is_near_a_school_is_found_where_people_said_where_it_is(
    db_agreements: Database, client_agreements: Client
) -> None:
    school = a_school(name="Lincoln Élementary", latitude=42.34, longitude=-71.07)
    await deliver(db_agreements, on, school, a_school(name="Nowhere School"))
    async with db_agreements.transaction() as session:
        organization = await an_organization(session)
        await a_program_of(session, organization, name="Near", position="42.341, -71.07")
        await a_program_of(session, organization, name="Far", position="42.50, -71.30")
        await session.flush()
        await commands.survey_places(session)

    page = (await client_agreements(None).get("/agreements/programs", params={"near": "Lincoln Élementary"})).text

    assert await order(db_agreements, near="lincoln elementary") == ["Near"]
    assert '<option value="Lincoln Élementary" selected>' in page
    assert "Nowhere School" in page
    assert '<option value="Nowhere School"' not in page
    assert ">Lincoln Élementary</text>" in page
