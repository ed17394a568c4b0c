"""A delta says what comes, changes and goes, and nothing else."""

from services.people.models import ImportState
from services.people.roster import person_id, school_id
from shared.events import people
from shared.events.vocabulary import RoleName
from tests.people.bundles import ORGS, Row, a_user
from tests.people.importer import Importer, states


async def test_a_delta_adds_changes_and_takes_away_only_what_it_names(roster: Importer) -> None:
    await roster()
    await roster.published()
    users: list[Row] = [
        a_user("jean", status="active", grades="05"),
        a_user("kim", status="active"),
        {"sourcedId": "ms-lee", "status": "tobedeleted"},
    ]

    outcome = await roster(users, (), mode="delta")

    published = states(await roster.published())
    assert (outcome.difference.added, outcome.difference.changed, outcome.difference.gone) == (1, 1, 1)
    assert {id: p.active for id, p in published.items()} == {
        person_id("jean"): True,
        person_id("kim"): True,
        person_id("mother"): True,
        person_id("ms-lee"): False,
    }
    assert (await roster.person("lea")).active
    assert await roster.roles("ms-lee") == set()
    assert len(published[person_id("mother")].roles) == 3


async def test_a_guardian_taken_away_by_a_delta_leaves_the_children(roster: Importer) -> None:
    await roster()
    await roster.published()

    await roster([{"sourcedId": "mother", "status": "tobedeleted"}], (), mode="delta")

    published = states(await roster.published())
    assert published[person_id("jean")].guardian_ids == ()
    assert published[person_id("lea")].guardian_ids == ()
    assert not published[person_id("mother")].active


async def test_a_delta_twice_changes_nothing(roster: Importer) -> None:
    await roster()
    users = [a_user("kim", status="active"), a_user("jean", status="active", orgSourcedIds="south,north")]
    await roster(users, (), mode="delta")
    await roster.published()

    await roster(users, (), mode="delta")

    assert [type(fact) for fact in await roster.published()] == [people.RosterImported]


async def test_a_delta_of_version_1_2_takes_one_role_away_by_its_line(roster: Importer) -> None:
    users = [{k: v for k, v in a_user("ms-lee", "teacher").items() if k not in ("role", "orgSourcedIds")}]
    roles: list[Row] = [
        {
            "sourcedId": f"r-{org}",
            "userSourcedId": "ms-lee",
            "roleType": "primary",
            "role": "teacher",
            "orgSourcedId": org,
        }
        for org in ("north", "south")
    ]
    await roster(users, ORGS, roles)
    await roster.published()

    await roster((), (), [{"sourcedId": "r-south", "status": "tobedeleted"}], mode="delta")

    assert await roster.roles("ms-lee") == {(RoleName.SCHOOL_STAFF, school_id("north"))}
    assert list(states(await roster.published())) == [person_id("ms-lee")]


async def test_a_delta_of_version_1_2_that_says_nothing_of_roles_leaves_them(roster: Importer) -> None:
    await roster()
    await roster.published()
    users = [
        {k: v for k, v in a_user(id, status="active", grades="05").items() if k not in ("role", "orgSourcedIds")}
        for id in ("jean", "ms-lee")
    ]

    await roster(users, (), [], mode="delta")

    jean = states(await roster.published())[person_id("jean")]
    assert (jean.grade, jean.school_id, jean.guardian_ids) == ("05", school_id("north"), (person_id("mother"),))
    assert (await roster.person("jean")).kind == "student"
    assert await roster.roles("ms-lee") == {(RoleName.SCHOOL_STAFF, school_id("north"))}


async def test_a_new_line_of_roles_csv_gives_a_stored_teacher_another_school(roster: Importer) -> None:
    await roster()
    roles: list[Row] = [
        {
            "sourcedId": "r-9", "status": "active", "userSourcedId": "ms-lee", "roleType": "secondary",
            "role": "teacher", "orgSourcedId": "south",
        }
    ]  # fmt: skip

    outcome = await roster((), (), roles, mode="delta")

    assert outcome.state is ImportState.APPLIED
    assert await roster.roles("ms-lee") == {
        (RoleName.SCHOOL_STAFF, school_id("north")),
        (RoleName.SCHOOL_STAFF, school_id("south")),
    }
