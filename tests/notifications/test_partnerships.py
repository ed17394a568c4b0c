"""Who is told what about partners, agreements and meetings."""

from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from sqlmodel import select

from services.notifications import links, rules
from services.notifications.consumers import on
from services.notifications.letters import note
from services.notifications.models import Delivery, Message, Recipient
from services.notifications.queries import colleagues, look_up
from services.notifications.rules import Email, Kind, Reach, Who, partnerships, plan_work
from shared.clock import new_id
from shared.db import Database
from shared.events.agreements import (
    MeetingAnswered,
    MeetingChanged,
    MeetingHeld,
    MeetingUninvited,
    OrganizationMerged,
    OrganizationRegistered,
    ProgramClosed,
)
from shared.events.base import Fact
from shared.events.vocabulary import RoleName
from shared.identity import Actor
from shared.messaging import NotYet
from shared.translations import speaking
from tests.notifications.conftest import District
from tests.notifications.test_invitations import BOSTON, a_state
from tests.support.builders import a_person
from tests.support.events import deliver

TABLE = cast("dict[Any, Any]", rules.TOLD)


def closed(known: District) -> ProgramClosed:
    """The program of the district closes."""
    program = known.program
    return ProgramClosed(program_id=program.program_id, organization_id=program.organization_id, status="closed")


async def test_everybody_of_the_partner_hears_but_who_did_it(db_notifications: Database, known: District) -> None:
    doer = Actor(person_id=known.contact.person_id, name="")

    await deliver(db_notifications, on, closed(known), actor=doer, twice=True)

    async with db_notifications.transaction() as session:
        (message,) = (await session.exec(select(Message))).all()
    assert (message.recipient_id, message.kind) == (known.colleague.person_id, Kind.WORK_PROGRAM_CLOSED)
    assert message.about_id == known.program.program_id
    assert links.inside(message) == f"/agreements/programs/{known.program.program_id}"


@pytest.mark.parametrize(
    ("email", "wants", "address", "becomes"),
    [
        (True, True, True, Email.SEND),
        (True, True, False, Email.NO_ADDRESS),
        (True, False, True, Email.NOT_WANTED),
        (False, True, True, Email.NOT_WANTED),
    ],
)
def test_mail_goes_out_where_it_is_worth_it_wanted_and_possible(
    monkeypatch: pytest.MonkeyPatch, email: bool, wants: bool, address: bool, becomes: Email
) -> None:
    told = rules.Told(Kind.WORK_PROGRAM_CLOSED, (Who.PARTNER, Who.DISTRICT), email=email)
    monkeypatch.setitem(TABLE, ProgramClosed, (told,))
    reach = Reach(new_id(), "en", address, wants)
    fact = ProgramClosed(program_id=new_id(), organization_id=new_id(), status="closed")

    planned = plan_work(fact, {Who.PARTNER: [reach], Who.DISTRICT: [reach]}, "system:agreements")

    assert [(one.to, one.email) for one in planned] == [(reach, becomes)]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> type[Fact]:
    """A fact whose messages are for everybody that there is."""
    monkeypatch.setitem(TABLE, SimpleNamespace, (rules.Told(Kind.WORK_PROGRAM_CLOSED, tuple(Who)),))
    return SimpleNamespace  # type: ignore[return-value]


async def whom(db: Database, fact: object) -> dict[Who, list[UUID]]:
    """The ids of those whom the fact concerns."""
    async with db.transaction() as session:
        found = await colleagues(session, fact)  # type: ignore[arg-type]
    return {who: [reach.person_id for reach in people] for who, people in found.items() if people}


async def test_who_is_concerned_stands_in_the_fact(
    db_notifications: Database, known: District, asked: type[SimpleNamespace]
) -> None:
    office, teacher = a_person(RoleName.DISTRICT_OFFICE), a_person(RoleName.SCHOOL_STAFF, known.school.school_id)
    await deliver(db_notifications, on, office, teacher)

    found = await whom(
        db_notifications,
        asked(
            school_contact_id=teacher.person_id,
            partner_contact_id=known.contact.person_id,
            organization_id=known.program.organization_id,
            school_id=known.school.school_id,
            person_id=known.mother.person_id,
            person_ids=(known.father.person_id, known.mother.person_id),
        ),
    )

    assert found[Who.SCHOOL_CONTACT] == [teacher.person_id]
    assert found[Who.PARTNER_CONTACT] == [known.contact.person_id]
    assert set(found[Who.PARTNER]) == {known.contact.person_id, known.colleague.person_id}
    assert teacher.person_id in found[Who.SCHOOL]
    assert found[Who.PERSON] == [known.mother.person_id]
    assert found[Who.PEOPLE] == [known.father.person_id, known.mother.person_id]
    assert found[Who.DISTRICT] == [office.person_id]


async def test_where_a_contact_is_missing_or_gone_the_whole_side_hears(
    db_notifications: Database, known: District, asked: type[SimpleNamespace]
) -> None:
    office = a_person(RoleName.DISTRICT_OFFICE)
    gone = known.contact.model_copy(update={"active": False})
    await deliver(db_notifications, on, office, gone)

    found = await whom(
        db_notifications,
        asked(
            school_contact_id=None,
            partner_contact_id=gone.person_id,
            organization_id=known.program.organization_id,
        ),
    )

    assert found[Who.SCHOOL_CONTACT] == [office.person_id]
    assert found[Who.PARTNER_CONTACT] == [known.colleague.person_id]


async def test_who_has_no_work_here_any_more_is_told_of_no_meeting_but_that_they_need_not_come(
    db_notifications: Database, known: District
) -> None:
    gone = a_person(RoleName.PARTNER_STAFF, known.program.organization_id).model_copy(update={"roles": ()})
    meeting = a_state(gone.person_id, known.contact.person_id)
    await deliver(db_notifications, on, gone, meeting)
    common = {"meeting_id": meeting.meeting_id, "version": 1, "at": meeting.starts_at}
    both = (gone.person_id, known.contact.person_id)

    minutes = await whom(
        db_notifications, MeetingHeld(**common, occurrence_id=new_id(), person_ids=both, attended_ids=())
    )
    uninvited = await whom(db_notifications, MeetingUninvited(**common, person_ids=both))

    assert minutes[Who.PEOPLE] == [known.contact.person_id]
    assert uninvited[Who.PEOPLE] == list(both)


async def test_somebody_who_is_not_known_yet_is_waited_for(
    db_notifications: Database, known: District, asked: type[SimpleNamespace]
) -> None:
    with pytest.raises(NotYet):
        await whom(db_notifications, asked(person_id=new_id()))


async def test_a_partner_without_programs_has_a_name_in_messages(db_notifications: Database) -> None:
    organization = OrganizationRegistered(organization_id=new_id(), name="Harbor Kids")

    await deliver(db_notifications, on, organization)

    params = {"place": "partners", "organization_id": str(organization.organization_id)}
    async with db_notifications.transaction() as session:
        known = await look_up(session, [params])
    assert known.organizations == {str(organization.organization_id): "Harbor Kids"}


def test_every_fact_of_the_table_leads_somewhere() -> None:
    assert {fact.key for fact in rules.TOLD} <= partnerships.PLACES.keys()


async def test_roles_that_were_taken_away_are_forgotten(db_notifications: Database) -> None:
    office = a_person(RoleName.DISTRICT_OFFICE)

    await deliver(db_notifications, on, office, office.model_copy(update={"roles": ()}))

    async with db_notifications.transaction() as session:
        row = await session.get(Recipient, office.person_id)
    assert row is not None
    assert (row.is_district, row.school_ids) == (False, [])


def declined(meeting: MeetingChanged, guest: UUID, answer: str = "no") -> MeetingAnswered:
    """A guest says whether they come."""
    return MeetingAnswered(
        meeting_id=meeting.meeting_id, version=1, person_id=guest, answer=answer, way="link",
        organizer_id=meeting.organizer_id, at=meeting.starts_at,
    )  # fmt: skip


async def test_who_called_a_meeting_reads_in_the_app_and_in_their_language_that_a_guest_does_not_come(
    db_notifications: Database, known: District
) -> None:
    organizer = a_person(RoleName.SCHOOL_STAFF, known.school.school_id, language="es")
    guest = known.contact.person_id
    meeting = a_state(organizer.person_id, guest, organizer_id=organizer.person_id)
    await deliver(db_notifications, on, organizer, meeting)

    for answer in ("yes", "maybe", "no"):
        await deliver(db_notifications, on, declined(meeting, guest, answer), actor=Actor(person_id=guest, name=""))

    async with db_notifications.transaction() as session:
        (message,) = (await session.exec(select(Message))).all()
        assert (await session.exec(select(Delivery))).all() == []
        names = await look_up(session, [message.params])
    assert (message.recipient_id, message.kind, message.language) == (
        organizer.person_id,
        Kind.WORK_MEETING_DECLINED,
        "es",
    )
    with speaking("es"):
        shown = note(message.kind, message.params, names, BOSTON)
    assert shown.title == "Alguien no asistirá a su reunión"
    assert "Fall, and: how; it goes" in shown.words
    assert "15:30" in shown.words
    assert links.inside(message) == f"/agreements/meetings/{meeting.meeting_id}"


async def test_an_organizer_who_does_not_come_tells_nobody_by_it(db_notifications: Database, known: District) -> None:
    organizer = known.contact.person_id
    meeting = a_state(organizer, organizer_id=organizer)
    await deliver(db_notifications, on, meeting)

    await deliver(db_notifications, on, declined(meeting, organizer), actor=Actor(person_id=organizer, name=""))

    async with db_notifications.transaction() as session:
        assert (await session.exec(select(Message))).all() == []


async def test_the_people_of_a_partner_that_was_merged_hear_where_it_went(
    db_notifications: Database, known: District
) -> None:
    into = OrganizationRegistered(organization_id=new_id(), name="Harbor Kids")
    staff = (known.contact.person_id, known.colleague.person_id)
    gone = known.program.organization_id
    await deliver(db_notifications, on, into)

    merged = OrganizationMerged(organization_id=gone, into_id=into.organization_id, person_ids=staff)
    await deliver(db_notifications, on, merged, actor=Actor(person_id=new_id(), name=""), twice=True)

    async with db_notifications.transaction() as session:
        messages = (await session.exec(select(Message))).all()
        names = await look_up(session, [one.params for one in messages])
        mails = (await session.exec(select(Delivery))).all()
    assert {one.recipient_id for one in messages} == set(staff)
    assert len(mails) == 2
    shown = note(messages[0].kind, messages[0].params, names, BOSTON)
    assert shown.words.count("Harbor Kids") == 2
    assert links.inside(messages[0]) == f"/agreements/partners/{gone}"
