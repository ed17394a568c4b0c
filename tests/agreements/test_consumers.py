"""What agreements keeps of others' facts."""

from sqlmodel import select

from services.agreements.consumers import on
from services.agreements.models import Person, School
from services.agreements.queries import people_of, person_names
from shared.clock import new_id
from shared.db import Database
from shared.events.base import Role
from shared.events.people import PersonErased
from shared.events.vocabulary import RoleName
from tests.support.builders import a_person, a_school, a_student
from tests.support.events import deliver


async def test_the_newest_state_of_a_school_counts_however_often_it_is_told(db_agreements: Database) -> None:
    id_ = new_id()
    first, second = a_school(school_id=id_, name="Lincoln"), a_school(school_id=id_, name="Lincoln K-8", active=False)

    await deliver(db_agreements, on, first, second, a_school(name="Harbor View"), twice=True)

    async with db_agreements.transaction() as session:
        schools = (await session.exec(select(School).order_by(School.name))).all()
    assert [(school.name, school.active) for school in schools] == [("Harbor View", True), ("Lincoln K-8", False)]


async def test_only_people_with_work_here_are_kept(db_agreements: Database) -> None:
    school, organization = new_id(), new_id()
    teacher = a_person(RoleName.SCHOOL_STAFF, school, family_name="Alvarez")
    partner = a_person(RoleName.PARTNER_STAFF, organization)
    office = a_person(RoleName.DISTRICT_OFFICE)

    await deliver(db_agreements, on, teacher, partner, office, a_person(), a_student(), twice=True)

    async with db_agreements.transaction() as session:
        kept = {person.id for person in await session.exec(select(Person))}
        at_school = await people_of(session, school_id=school)
        at_partner = await people_of(session, organization_id=organization)
        in_office = await people_of(session, district=True)
    assert kept == {teacher.person_id, partner.person_id, office.person_id}
    assert [[person.id for person in found] for found in (at_school, at_partner, in_office)] == [
        [teacher.person_id],
        [partner.person_id],
        [office.person_id],
    ]


async def test_who_lost_the_work_or_was_erased_is_nobodys_contact_any_more(db_agreements: Database) -> None:
    school = new_id()
    left = a_person(RoleName.SCHOOL_STAFF, school, given_name="Mia", family_name="Left")
    erased = a_person(RoleName.SCHOOL_STAFF, school, family_name="Erased")
    guardian_now = left.model_copy(update={"roles": (Role(name=RoleName.GUARDIAN, scope_id=new_id()),)})

    await deliver(db_agreements, on, left, erased)
    await deliver(db_agreements, on, guardian_now, PersonErased(person_id=erased.person_id))

    async with db_agreements.transaction() as session:
        assert await people_of(session, school_id=school) == []
        names = await person_names(session, [left.person_id, erased.person_id])
    assert names == {left.person_id: "Mia Left", erased.person_id: "Somebody who left"}
