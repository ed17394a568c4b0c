"""Whom the roster disables comes back by a role from elsewhere for that role only."""

from services.people import commands
from services.people.consumers import on
from services.people.roster import person_id
from shared.clock import new_id
from shared.events import people
from shared.events.agreements import Contact, ProgramChanged
from shared.events.base import Role
from shared.events.vocabulary import RoleName
from tests.people.bundles import MOTHER, USERS, Row, a_user
from tests.people.importer import ACTOR, NOW, Importer, states
from tests.support.builders import a_program
from tests.support.events import deliver

ORGANIZATION = new_id()
PARTNER = {(RoleName.PARTNER_STAFF, ORGANIZATION)}
WORKS_AT_NORTH: Row = {
    "sourcedId": "line",
    "status": "active",
    "userSourcedId": "ms-lee",
    "roleType": "primary",
    "role": "teacher",
    "orgSourcedId": "north",
}
DISABLED: list[Row] = [*USERS[:3], a_user("ms-lee", "teacher", enabledUser="false")]


def naming(sourced_id: str) -> ProgramChanged:
    """A program with this person's address as contact."""
    contact = Contact(name="Whoever", email=f"{sourced_id}@example.org")
    return a_program(organization_id=ORGANIZATION, contact=contact)


async def test_a_disabled_teacher_with_a_partner_role_is_no_school_staff(roster: Importer) -> None:
    await roster()
    await deliver(roster.db, on, naming("ms-lee"))

    await roster(DISABLED)

    assert (await roster.person("ms-lee")).active
    assert await roster.roles("ms-lee") == PARTNER


async def test_a_partner_who_names_a_disabled_teacher_as_contact_gives_back_no_school(roster: Importer) -> None:
    await roster(DISABLED)
    await roster.published()

    await deliver(roster.db, on, naming("ms-lee"))
    await roster(DISABLED)

    assert await roster.roles("ms-lee") == PARTNER
    published = states(await roster.published())
    assert published[person_id("ms-lee")].roles == (Role(name=RoleName.PARTNER_STAFF, scope_id=ORGANIZATION),)
    assert published[person_id("ms-lee")].active


async def test_a_role_given_by_hand_to_a_disabled_teacher_gives_back_no_school(roster: Importer) -> None:
    await roster(DISABLED)

    async with roster.db.transaction() as session:
        office = Role(name=RoleName.DISTRICT_OFFICE)
        await commands.grant_role(session, person_id("ms-lee"), office, actor=ACTOR, now=NOW)

    assert await roster.roles("ms-lee") == {(RoleName.DISTRICT_OFFICE, None)}


async def test_a_disabled_guardian_who_becomes_a_contact_hears_nothing_of_the_children(roster: Importer) -> None:
    await roster([*USERS[:2], MOTHER | {"enabledUser": "false"}])
    await roster.published()

    await deliver(roster.db, on, naming("mother"))

    published = states(await roster.published())
    assert await roster.roles("mother") == PARTNER
    assert (published[person_id("jean")].guardian_ids, published[person_id("lea")].guardian_ids) == ((), ())


async def test_a_delta_that_disables_a_contact_takes_the_school_away_and_ends_nothing_else(roster: Importer) -> None:
    await roster()
    await deliver(roster.db, on, naming("ms-lee"), naming("mother"))
    await roster.published()
    users: list[Row] = [a_user("ms-lee", "teacher", status="active", enabledUser="false")]

    await roster(users, (), mode="delta")

    assert await roster.roles("ms-lee") == PARTNER
    assert len(await roster.roles("mother")) == 3
    assert list(states(await roster.published())) == [person_id("ms-lee")]


async def test_a_delta_of_the_child_alone_does_not_give_it_back_to_a_disabled_guardian(roster: Importer) -> None:
    await roster([*USERS[:2], MOTHER | {"enabledUser": "false"}])
    await deliver(roster.db, on, naming("mother"))
    await roster.published()

    await roster([a_user("jean", status="active", grades="05")], (), mode="delta")

    published = states(await roster.published())
    assert await roster.roles("mother") == PARTNER
    assert list(published) == [person_id("jean")]
    assert published[person_id("jean")].guardian_ids == ()


async def test_a_delta_of_the_child_alone_leaves_out_a_guardian_whom_the_office_gave_a_role(roster: Importer) -> None:
    await roster()
    office = Role(name=RoleName.DISTRICT_OFFICE)
    async with roster.db.transaction() as session:
        await commands.grant_role(session, person_id("mother"), office, actor=ACTOR, now=NOW)
    await roster([MOTHER | {"status": "active", "enabledUser": "false"}], (), mode="delta")

    await roster([a_user("jean", status="active")], (), mode="delta")

    assert await roster.roles("mother") == {(RoleName.DISTRICT_OFFICE, None)}


async def test_a_delta_of_roles_alone_gives_a_disabled_teacher_no_school(roster: Importer) -> None:
    await roster(DISABLED)
    await deliver(roster.db, on, naming("ms-lee"))
    await roster.published()

    await roster((), (), [WORKS_AT_NORTH], mode="delta")

    assert await roster.roles("ms-lee") == PARTNER
    assert states(await roster.published()) == {}


async def test_a_delta_that_enables_a_guardian_and_names_the_children_gives_them_back(roster: Importer) -> None:
    await roster([*USERS[:2], MOTHER | {"enabledUser": "false"}])
    await deliver(roster.db, on, naming("mother"))

    await roster([MOTHER | {"status": "active"}, a_user("jean", status="active")], (), mode="delta")
    await roster([a_user("lea", status="active", grades="02")], (), mode="delta")

    children = {(RoleName.GUARDIAN, person_id("jean")), (RoleName.GUARDIAN, person_id("lea"))}
    assert await roster.roles("mother") == PARTNER | children


async def test_a_teacher_who_is_enabled_again_has_the_school_again(roster: Importer) -> None:
    await roster(DISABLED)
    await deliver(roster.db, on, naming("ms-lee"))
    await roster.published()

    await roster()

    facts = await roster.published()
    assert len(await roster.roles("ms-lee")) == 2
    assert isinstance(facts[-1], people.RosterImported)
    assert len(states(facts)[person_id("ms-lee")].roles) == 2
