"""Partners and programs change by commands; each change is published, refused changes leave nothing."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.models import Change, Organization, Program
from services.agreements.rules import ProgramStatus
from services.agreements.rules.registration import Identity
from shared.clock import new_id
from shared.db import Database
from shared.events.agreements import (
    Contact,
    OrganizationRegistered,
    OrganizationRenamed,
    ProgramChanged,
    ProgramClosed,
    ProgramOpened,
)
from shared.refusals import Kind, Refusal
from tests.agreements.support import (
    NOW,
    a_known_school,
    a_program_of,
    an_entry,
    an_organization,
    partner_of,
    the_district,
)
from tests.support.events import outbox

LATER = NOW + timedelta(minutes=3)


async def test_a_partner_is_registered_once_however_often_the_form_arrives(session_agreements: AsyncSession) -> None:
    id_ = new_id()

    for _ in range(2):
        await commands.register_organization(
            session_agreements,
            organization_id=id_,
            identity=Identity(name=" City  Year "),
            actor=the_district(),
            now=NOW,
        )

    assert await outbox(session_agreements) == [OrganizationRegistered(organization_id=id_, name="City Year")]


async def test_a_second_partner_of_the_same_name_is_refused_however_it_is_spelled(
    session_agreements: AsyncSession,
) -> None:
    await an_organization(session_agreements, "The Children's Aid Society")

    with pytest.raises(Refusal) as refused:
        await an_organization(session_agreements, "Childrens Aid Society, Inc.")

    assert refused.value.kind is Kind.CONFLICT
    assert "The Children's Aid Society" in refused.value.fields["name"]


async def test_two_people_who_register_the_same_partner_at_once_make_one(db_agreements: Database) -> None:
    async def register() -> None:
        async with db_agreements.transaction() as session:
            await an_organization(session)

    outcomes = await asyncio.gather(register(), register(), return_exceptions=True)

    refused = [one for one in outcomes if isinstance(one, Refusal)]
    assert [one.code for one in refused] == ["organization_exists"]
    async with db_agreements.transaction() as session:
        assert len((await session.exec(select(Organization))).all()) == 1


async def test_a_renamed_partner_publishes_its_programs_anew(session_agreements: AsyncSession) -> None:
    organization = await an_organization(session_agreements)
    program = await a_program_of(session_agreements, organization)

    await commands.rename_organization(
        session_agreements, organization.id, name="City Steps", version=1, actor=the_district(), now=LATER
    )

    renamed, state = (await outbox(session_agreements))[-2:]
    assert renamed == OrganizationRenamed(organization_id=organization.id, name="City Steps")
    assert isinstance(state, ProgramChanged)
    assert (state.program_id, state.organization_name) == (program.id, "City Steps")


async def test_a_partner_can_take_another_spelling_of_its_own_name(session_agreements: AsyncSession) -> None:
    organization = await an_organization(session_agreements, "City Year Inc")

    renamed = await commands.rename_organization(
        session_agreements, organization.id, name="City Year", version=1, actor=the_district(), now=LATER
    )

    assert (renamed.name, renamed.version) == ("City Year", 2)


async def test_a_partner_renamed_by_somebody_else_meanwhile_is_a_conflict(session_agreements: AsyncSession) -> None:
    organization = await an_organization(session_agreements)
    await commands.rename_organization(
        session_agreements, organization.id, name="City Steps", version=1, actor=the_district(), now=NOW
    )

    with pytest.raises(Refusal) as refused:
        await commands.rename_organization(
            session_agreements, organization.id, name="City Walks", version=1, actor=the_district(), now=LATER
        )

    assert (refused.value.kind, refused.value.code) == (Kind.CONFLICT, "stale_version")


async def test_a_new_program_is_open_and_published_whole(session_agreements: AsyncSession) -> None:
    organization = await an_organization(session_agreements)
    school = await a_known_school(session_agreements)

    program = await a_program_of(
        session_agreements,
        organization,
        grades=["KG"],
        school_ids=[str(school.id)],
        languages=["ht"],
        schedule="Mondays",
        capacity="25",
        contact_phone="(617) 555-0123 x 9",
        site="12 Main Street",
        description="Quiet rooms.",
    )

    assert (await outbox(session_agreements))[1:] == [
        ProgramChanged(
            program_id=program.id,
            organization_id=organization.id,
            organization_name="City Year",
            name="Homework club",
            description="Quiet rooms.",
            needs=("academic",),
            grades=("KG",),
            school_ids=(school.id,),
            languages=("ht",),
            schedule="Mondays",
            capacity=25,
            contact=Contact(name="Rosa Lima", email="rosa@example.org", phone="+16175550123", extension="9"),
            site="12 Main Street",
            status="open",
            confirmed_at=NOW,
        ),
        ProgramOpened(program_id=program.id, organization_id=organization.id),
    ]


async def test_a_replayed_form_adds_one_program(session_agreements: AsyncSession) -> None:
    organization = await an_organization(session_agreements)
    first = await a_program_of(session_agreements, organization)
    facts = len(await outbox(session_agreements))

    again = await commands.add_program(
        session_agreements,
        program_id=first.id,
        organization_id=organization.id,
        entry=an_entry(),
        country="US",
        actor=partner_of(organization.id),
        now=LATER,
    )

    assert again is first
    assert len(await outbox(session_agreements)) == facts


async def test_two_programs_of_one_name_at_one_place_are_refused(session_agreements: AsyncSession) -> None:
    organization = await an_organization(session_agreements)
    await a_program_of(session_agreements, organization)

    with pytest.raises(Refusal) as refused:
        await a_program_of(session_agreements, organization, name="HOMEWORK  club")

    assert (refused.value.kind, refused.value.code) == (Kind.CONFLICT, "program_exists")
    assert "name" in refused.value.fields
    assert len((await session_agreements.exec(select(Program))).all()) == 1


async def test_two_programs_of_one_name_at_two_places_are_two_programs(session_agreements: AsyncSession) -> None:
    organization = await an_organization(session_agreements)

    await a_program_of(session_agreements, organization, site="12 Main Street")
    await a_program_of(session_agreements, organization, site="9 Elm Street")

    assert len((await session_agreements.exec(select(Program))).all()) == 2


async def test_a_program_cannot_take_the_name_of_another_by_a_change(session_agreements: AsyncSession) -> None:
    organization = await an_organization(session_agreements)
    await a_program_of(session_agreements, organization)
    chess = await a_program_of(session_agreements, organization, name="Chess club")

    with pytest.raises(Refusal) as refused:
        await change(session_agreements, chess, version=1, name="Homework club")

    assert refused.value.code == "program_exists"


async def test_somebody_elses_organization_does_not_exist(session_agreements: AsyncSession) -> None:
    organization = await an_organization(session_agreements)
    program = await a_program_of(session_agreements, organization)
    stranger = partner_of(new_id())

    for attempt in (
        commands.add_program(
            session_agreements,
            program_id=new_id(),
            organization_id=organization.id,
            entry=an_entry(name="Mine now"),
            country="US",
            actor=stranger,
            now=NOW,
        ),
        commands.add_program(
            session_agreements,
            program_id=program.id,
            organization_id=organization.id,
            entry=an_entry(),
            country="US",
            actor=stranger,
            now=NOW,
        ),
        commands.change_program(
            session_agreements, program.id, version=1, entry=an_entry(), country="US", actor=stranger, now=NOW
        ),
        commands.pause_program(session_agreements, program.id, version=1, reason="", actor=stranger, now=NOW),
        commands.rename_organization(session_agreements, organization.id, name="x", version=1, actor=stranger, now=NOW),
    ):
        with pytest.raises(Refusal) as refused:
            await attempt
        assert refused.value.kind is Kind.NOT_FOUND


async def change(session: AsyncSession, program: Program, *, version: int, **changes: object) -> Program:
    return await commands.change_program(
        session,
        program.id,
        version=version,
        entry=an_entry(**changes),
        country="US",
        actor=partner_of(program.organization_id),
        now=LATER,
    )


async def test_a_change_is_counted_published_and_stands_in_the_timeline(session_agreements: AsyncSession) -> None:
    organization = await an_organization(session_agreements)
    program = await a_program_of(session_agreements, organization)

    await change(session_agreements, program, version=1, needs=["sports"], schedule="Mondays")

    state = (await outbox(session_agreements))[-1]
    assert isinstance(state, ProgramChanged)
    assert (state.needs, state.schedule) == (("sports",), "Mondays")
    added, changed = (await session_agreements.exec(select(Change).order_by("version"))).all()
    assert (added.what, changed.what, changed.fields) == ("added", "changed", ["needs", "schedule"])
    assert (changed.by_label, changed.version) == ("City Year", 2)


async def test_saving_what_is_there_already_changes_nothing_whatever_the_version(
    session_agreements: AsyncSession,
) -> None:
    program = await a_program_of(session_agreements, await an_organization(session_agreements))
    facts = len(await outbox(session_agreements))

    await change(session_agreements, program, version=99)

    assert program.version == 1
    assert len(await outbox(session_agreements)) == facts


async def test_a_stale_form_is_refused_with_who_did_what_when(session_agreements: AsyncSession) -> None:
    program = await a_program_of(session_agreements, await an_organization(session_agreements))
    await commands.change_program(
        session_agreements,
        program.id,
        version=1,
        entry=an_entry(needs=["sports"]),
        country="US",
        actor=the_district(),
        now=NOW,
    )

    with pytest.raises(Refusal) as refused:
        await change(session_agreements, program, version=1, schedule="Fridays")

    assert refused.value.code == "stale_version"
    assert "The district office changed needs, 3 minutes ago" in refused.value.message
    assert program.schedule == ""


async def test_two_people_saving_at_once_do_not_overwrite_each_other(db_agreements: Database) -> None:
    async with db_agreements.transaction() as session:
        program = await a_program_of(session, await an_organization(session))

    async def save(schedule: str) -> None:
        async with db_agreements.transaction() as session:
            await change(session, program, version=1, schedule=schedule)

    outcomes = await asyncio.gather(save("Mondays"), save("Fridays"), return_exceptions=True)

    refused = [one for one in outcomes if isinstance(one, Refusal)]
    assert [one.code for one in refused] == ["stale_version"]
    async with db_agreements.transaction() as session:
        kept = (await session.exec(select(Program))).one()
        assert (kept.version, kept.schedule in {"Mondays", "Fridays"}) == (2, True)


async def test_a_school_that_a_program_serves_already_may_stay_when_it_closes(session_agreements: AsyncSession) -> None:
    school = await a_known_school(session_agreements)
    organization = await an_organization(session_agreements)
    program = await a_program_of(session_agreements, organization, school_ids=[str(school.id)])
    school.active = False

    await change(session_agreements, program, version=1, school_ids=[str(school.id)], schedule="Mondays")

    assert program.school_ids == [school.id]


async def test_a_program_is_paused_closed_and_opened_and_each_move_is_a_fact(
    session_agreements: AsyncSession,
) -> None:
    organization = await an_organization(session_agreements)
    program = await a_program_of(session_agreements, organization)
    actor = partner_of(organization.id)
    facts = len(await outbox(session_agreements))

    await commands.pause_program(session_agreements, program.id, version=1, reason="Until May", actor=actor, now=LATER)
    await commands.close_program(session_agreements, program.id, version=2, reason="", actor=actor, now=LATER)
    await commands.reopen_program(session_agreements, program.id, version=3, actor=actor, now=LATER)

    ids = {"program_id": program.id, "organization_id": organization.id}
    paused, state, closed, _, opened, last = (await outbox(session_agreements))[facts:]
    assert paused == ProgramClosed(**ids, status="paused")
    assert isinstance(state, ProgramChanged)
    assert state.status == "paused"
    assert closed == ProgramClosed(**ids, status="closed")
    assert opened == ProgramOpened(**ids)
    assert isinstance(last, ProgramChanged)
    assert (last.status, program.status_reason) == ("open", "")


async def test_a_replayed_move_is_done_once_and_a_stale_one_refused(session_agreements: AsyncSession) -> None:
    organization = await an_organization(session_agreements)
    program = await a_program_of(session_agreements, organization)
    actor = partner_of(organization.id)
    for _ in range(2):
        await commands.pause_program(session_agreements, program.id, version=1, reason="", actor=actor, now=NOW)

    with pytest.raises(Refusal) as refused:
        await commands.close_program(
            session_agreements, program.id, version=1, reason="", actor=the_district(), now=LATER
        )

    assert (program.status, program.version) == (ProgramStatus.PAUSED, 2)
    assert refused.value.code == "stale_version"
    assert "City Year paused it" in refused.value.message


async def test_a_reason_may_not_be_a_novel(session_agreements: AsyncSession) -> None:
    program = await a_program_of(session_agreements, await an_organization(session_agreements))

    with pytest.raises(Refusal) as refused:
        await commands.pause_program(
            session_agreements, program.id, version=1, reason="x" * 501, actor=the_district(), now=NOW
        )

    assert refused.value.kind is Kind.INVALID
