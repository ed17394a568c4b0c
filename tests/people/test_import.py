"""A roster is applied whole or not at all; importing it again changes nothing; what changed is published."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import func
from sqlmodel import col, select

from services.people import commands
from services.people.commands import import_roster
from services.people.commands.staging import Difference
from services.people.models import ImportProblem, ImportState, Origin, Person, RoleHeld, RosterImport, School, Session
from services.people.roster import Limits, person_id, school_id
from shared.clock import new_id
from shared.db import Database
from shared.events import people
from shared.events.base import Role
from shared.events.vocabulary import RoleName
from shared.identity import system
from shared.messaging.tables import outbox as outbox_table
from tests.people.bundles import MOTHER, ORGS, USERS, a_user
from tests.people.importer import ACTOR, NOW, Importer, states


async def test_a_bundle_becomes_stored_and_published(roster: Importer) -> None:
    outcome = await roster()

    facts = await roster.published()
    published = states(facts)
    jean = published[person_id("jean")]
    mother = published[person_id("mother")]
    assert (outcome.state, outcome.schools, outcome.students) == (ImportState.APPLIED, 2, 2)
    assert {fact.name for fact in facts if isinstance(fact, people.SchoolChanged)} == {
        "North Elementary",
        "South Elementary",
    }
    assert (jean.school_id, jean.grade, jean.guardian_ids) == (school_id("north"), "04", (person_id("mother"),))
    assert (mother.phone, mother.language) == ("+16175550123", "ht")
    assert {role.scope_id for role in mother.roles} == {person_id("jean"), person_id("lea")}
    assert published[person_id("ms-lee")].roles == (Role(name="school_staff", scope_id=school_id("north")),)
    imported = facts[-1]
    assert isinstance(imported, people.RosterImported)
    assert (imported.changed, imported.students, imported.guardians, imported.staff) == (6, 2, 1, 1)


async def test_siblings_share_their_mother(roster: Importer) -> None:
    await roster()

    async with roster.db.transaction() as session:
        guardians = (await session.exec(select(Person).where(Person.kind == "guardian"))).all()
    assert [guardian.source_id for guardian in guardians] == ["mother"]


async def test_importing_twice_changes_nothing(roster: Importer) -> None:
    await roster()
    await roster.published()

    outcome = await roster()

    assert outcome.difference == Difference(0, 0, 0, listed=4)
    assert [type(fact) for fact in await roster.published()] == [people.RosterImported]


async def test_only_who_changed_is_published_again(roster: Importer) -> None:
    await roster()
    await roster.published()
    users = [a_user("jean", grades="05"), *USERS[1:]]

    outcome = await roster(users)

    assert (outcome.difference.added, outcome.difference.changed) == (0, 1)
    assert list(states(await roster.published())) == [person_id("jean")]


async def test_a_new_guardian_of_a_child_is_news_of_both(roster: Importer) -> None:
    await roster()
    await roster.published()
    users = [a_user("jean", agentSourcedIds="father,mother"), *USERS[1:], a_user("father", "parent")]

    await roster(users)

    published = states(await roster.published())
    assert set(published) == {person_id("jean"), person_id("father")}
    assert published[person_id("jean")].guardian_ids == (person_id("father"), person_id("mother"))


async def test_who_is_not_in_a_bulk_bundle_becomes_inactive(roster: Importer) -> None:
    await roster()
    await roster.published()

    outcome = await roster([USERS[0], MOTHER])

    published = states(await roster.published())
    assert outcome.difference.gone == 2
    assert {id: p.active for id, p in published.items()} == {
        person_id("lea"): False,
        person_id("ms-lee"): False,
        person_id("mother"): True,
    }
    assert published[person_id("mother")].roles == (Role(name="guardian", scope_id=person_id("jean")),)


async def test_who_comes_back_is_active_again(roster: Importer) -> None:
    await roster()
    await roster([USERS[0], MOTHER])
    await roster.published()

    await roster()

    assert (await roster.person("ms-lee")).active
    assert await roster.roles("ms-lee") == {(RoleName.SCHOOL_STAFF, school_id("north"))}


async def test_a_school_that_is_gone_becomes_inactive(roster: Importer) -> None:
    await roster()
    await roster.published()

    await roster(orgs=ORGS[:2])

    (school,) = [fact for fact in await roster.published() if isinstance(fact, people.SchoolChanged)]
    assert (school.name, school.active) == ("South Elementary", False)


async def test_somebody_disabled_is_inactive(roster: Importer) -> None:
    await roster([*USERS[:3], a_user("ms-lee", "teacher", enabledUser="false")])

    assert not (await roster.person("ms-lee")).active


async def test_a_role_given_by_hand_outlives_the_roster(roster: Importer) -> None:
    await roster()
    async with roster.db.transaction() as session:
        role = Role(name=RoleName.DISTRICT_OFFICE)
        await commands.grant_role(session, person_id("ms-lee"), role, actor=ACTOR, now=NOW)
    await roster.published()

    await roster(USERS[:3])

    published = states(await roster.published())[person_id("ms-lee")]
    assert (published.active, published.roles) == (True, (role,))


# All or nothing


async def test_a_bundle_with_one_error_changes_nothing_and_leaves_a_report(roster: Importer) -> None:
    outcome = await roster([*USERS, a_user("kim", agentSourcedIds="nobody")])

    async with roster.db.transaction() as session:
        assert (await session.exec(select(Person))).all() == []
        assert (await session.exec(select(School))).all() == []
        row = await session.get(RosterImport, outcome.import_id)
        (problem,) = (await session.exec(select(ImportProblem))).all()
    assert row is not None
    assert (row.state, row.errors) == (ImportState.REFUSED, 1)
    assert (problem.file, problem.line, problem.column, problem.value) == ("users.csv", 6, "agentSourcedIds", "nobody")
    assert await roster.published() == []


async def test_a_check_finds_the_differences_and_changes_nothing(roster: Importer) -> None:
    await roster()
    await roster.published()

    outcome = await roster([a_user("jean", grades="05"), MOTHER, a_user("kim")], apply=False)

    assert outcome.state is ImportState.CHECKED
    assert (outcome.difference.added, outcome.difference.changed, outcome.difference.gone) == (1, 1, 2)
    assert await roster.published() == []


async def test_a_bundle_that_cannot_be_opened_is_a_refusal_with_one_sentence(roster: Importer, tmp_path: Path) -> None:
    path = tmp_path / "huge.zip"
    path.write_bytes(b"0" * 5000)

    outcome = await import_roster(roster.db, path, actor=ACTOR, now=NOW, limits=Limits(packed=1000))

    assert (outcome.state, outcome.too_large) == (ImportState.REFUSED, True)
    assert "larger than" in outcome.problems[0].reason


async def test_warnings_are_kept_with_an_import_that_is_applied(roster: Importer) -> None:
    outcome = await roster([*USERS, a_user("kim", agentSourcedIds="")])

    async with roster.db.transaction() as session:
        (problem,) = (await session.exec(select(ImportProblem))).all()
    assert (outcome.state, outcome.warnings, problem.severity) == (ImportState.APPLIED, 1, "warning")


async def test_progress_is_told_from_reading_to_done(roster: Importer) -> None:
    told: list[tuple[int, int, str]] = []

    await roster(progress=lambda done, total, what: told.append((done, total, what)))

    words = list(dict.fromkeys(what for _, _, what in told))
    assert words == [
        "Reading the bundle",
        "Comparing with what is stored",
        "Writing what changed",
        "Telling the other services",
        "Done",
    ]


# Sessions and erased persons


async def test_sessions_end_when_the_roster_changes_the_roles_they_carry(roster: Importer) -> None:
    await roster()
    async with roster.db.transaction() as session:
        for sourced_id, school in (("ms-lee", "north"), ("mother", None)):
            session.add(a_session(sourced_id, school))
    await roster.published()

    await roster([*USERS[:3], a_user("ms-lee", "teacher", orgSourcedIds="south")])

    (ended,) = [fact for fact in await roster.published() if isinstance(fact, people.SessionsEnded)]
    assert (ended.person_id, ended.reason) == (person_id("ms-lee"), "roles_changed")
    async with roster.db.transaction() as session:
        live = (await session.exec(select(Session).where(col(Session.ended_at).is_(None)))).all()
    assert [row.person_id for row in live] == [person_id("mother")]


def a_session(sourced_id: str, school: str | None) -> Session:
    if school:
        roles = [[RoleName.SCHOOL_STAFF, str(school_id(school))]]
    else:
        roles = [[RoleName.GUARDIAN, str(person_id(child))] for child in ("lea", "jean")]
    return Session(
        id=new_id(),
        person_id=person_id(sourced_id),
        method="code",
        roles=roles,
        started_at=NOW,
        expires_at=NOW + timedelta(hours=12),
    )


async def test_the_next_roster_does_not_bring_an_erased_person_back(roster: Importer) -> None:
    await roster()
    async with roster.db.transaction() as session:
        await commands.erase_person(session, person_id("mother"), actor=ACTOR, now=NOW)
    await roster.published()

    await roster()

    async with roster.db.transaction() as session:
        assert await session.get(Person, person_id("mother")) is None
        assert (await session.exec(select(RoleHeld).where(RoleHeld.name == RoleName.GUARDIAN))).all() == []
    assert [type(fact) for fact in await roster.published()] == [people.RosterImported]


async def test_roles_of_the_roster_say_where_they_come_from(roster: Importer) -> None:
    await roster()

    async with roster.db.transaction() as session:
        origins = set((await session.exec(select(RoleHeld.origin))).all())
    assert origins == {Origin.ROSTER}


async def test_the_roster_of_a_real_city_imports_whole_and_once(db_people: Database, sample_data: Path) -> None:
    path = sample_data / "boston_roster.zip"

    first = await import_roster(db_people, path, actor=system("people"), now=NOW)
    second = await import_roster(db_people, path, actor=system("people"), now=NOW)

    assert (first.state, first.difference.added) == (ImportState.APPLIED, 50_802)
    assert (first.schools, first.students, first.guardians, first.staff) == (137, 22_420, 26_986, 1_259)
    assert second.difference == Difference(0, 0, 0, listed=50_665)
    async with db_people.transaction() as session:
        active = await session.exec(select(func.count()).select_from(Person).where(Person.active))
        facts = await session.exec(select(func.count()).select_from(outbox_table))
        assert (active.one(), facts.one()) == (50_665, 50_802 + 2)
