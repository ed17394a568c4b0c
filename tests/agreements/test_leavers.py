"""Somebody leaves: who must name a new contact has that waiting, and the successor takes over all that waited."""

from typing import Any

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.consumers import on
from services.agreements.models import Agreement, Invitee, MeetingReminder, Task, Todo
from shared.clock import new_id
from shared.db import Database
from shared.events import agreements as facts
from shared.events.people import PersonChanged, PersonErased
from shared.events.vocabulary import RoleName, TodoAudience, TodoKind
from shared.identity.actor import Actor
from tests.agreements.agreeing import ZONE, Two, a_colleague, a_draft, id_of, signed, two_sides
from tests.agreements.agreeing import waiting as waits_about
from tests.agreements.meeting_support import (
    LATER,
    NOW,
    WEEKLY,
    Partnership,
    a_meeting,
    dates_of,
    local,
    record,
    task,
    waiting,
)
from tests.agreements.support import partner_of
from tests.support.builders import a_person, an_actor
from tests.support.events import deliver, outbox

AFTER = local("2026-10-06 17:00")


async def missing(db: Database) -> list[tuple[TodoAudience, Any]]:
    """Who has to name a new contact."""
    async with db.transaction() as session:
        open_ones = await session.exec(
            select(Todo).where(Todo.kind == TodoKind.AGREEMENT_CONTACT, Todo.closed_at == None)  # noqa: E711
        )
        return [(todo.audience, todo.audience_id) for todo in open_ones]


def state_of(actor: Actor, **changes: Any) -> PersonChanged:
    """What people says of somebody."""
    (role,) = actor.roles
    return a_person(RoleName(role.name), role.scope_id, person_id=id_of(actor), **changes)


async def agreed(db: Database) -> tuple[Two, Agreement]:
    """Two sides with an agreement that waits for nothing."""
    async with db.transaction() as session:
        two = await two_sides(session)
        return two, await signed(two, await a_draft(two))


async def test_a_contact_who_leaves_makes_a_new_one_wait_for_the_side_and_returning_ends_it(
    db_agreements: Database,
) -> None:
    two, _ = await agreed(db_agreements)
    here = [state_of(one) for one in (two.school, two.partner)]

    await deliver(db_agreements, on, here[0].model_copy(update={"active": False}), twice=True)
    after_school = await missing(db_agreements)
    await deliver(db_agreements, on, here[1].model_copy(update={"roles": ()}), twice=True)
    after_both = await missing(db_agreements)
    await deliver(db_agreements, on, *here)

    assert after_school == [(TodoAudience.SCHOOL, two.school_id)]
    assert set(after_both) == {*after_school, (TodoAudience.ORGANIZATION, two.organization_id)}
    assert await missing(db_agreements) == []


async def test_an_erased_contact_is_missed_until_another_is_named(db_agreements: Database) -> None:
    two, agreement = await agreed(db_agreements)
    await deliver(db_agreements, on, PersonErased(person_id=id_of(two.partner)))
    assert await missing(db_agreements) == [(TodoAudience.ORGANIZATION, two.organization_id)]

    async with db_agreements.transaction() as session:
        other = await a_colleague(session, partner_of(two.organization_id))
        await commands.replace_contact(
            session, leaver_id=id_of(two.partner), successor_id=id_of(other), actor=other, now=LATER, zone=ZONE
        )

    assert await missing(db_agreements) == []
    async with db_agreements.transaction() as session:
        assert await waits_about(session, agreement) == set()


async def test_nobody_is_asked_about_an_agreement_that_has_ended(db_agreements: Database) -> None:
    two, agreement = await agreed(db_agreements)
    async with db_agreements.transaction() as session:
        await commands.terminate_agreement(
            session, agreement.id, version=agreement.version, reason="funding", words="No money.", actor=two.school,
            now=LATER, zone=ZONE,
        )  # fmt: skip

    await deliver(db_agreements, on, state_of(two.school, active=False))

    assert await missing(db_agreements) == []


async def a_partnership_with_an_agreement(session: AsyncSession) -> tuple[Partnership, Actor]:
    """Dana and Rosa, whose sides have signed; and Lou, who will follow Rosa."""
    two = await two_sides(session)
    await signed(two, await a_draft(two, now=NOW), now=NOW)
    lou = await a_colleague(session, partner_of(two.organization_id), "Lou", "Next")
    return Partnership(two.school_id, two.organization_id, two.school, two.partner, two.district, two.district), lou


async def replaced(session: AsyncSession, leaver: Actor, successor: Actor, by: Actor, now: Any = LATER) -> Any:
    return await commands.replace_contact(
        session, leaver_id=id_of(leaver), successor_id=id_of(successor), actor=by, now=now, zone=ZONE
    )


async def test_one_step_hands_over_the_agreement_invitations_reminders_and_tasks(
    session_agreements: AsyncSession,
) -> None:
    people, lou = await a_partnership_with_an_agreement(session_agreements)
    meeting = await a_meeting(session_agreements, people, **WEEKLY)
    owed = await task(session_agreements, meeting, people, people.dana)

    taken = await replaced(session_agreements, people.rosa, lou, people.omar)

    assert (taken.agreements, taken.meetings, taken.tasks) == (1, 1, 1)
    guests = set(await session_agreements.exec(select(Invitee.person_id).where(Invitee.meeting_id == meeting.id)))
    assert guests == {people.dana.person_id, lou.person_id}
    reminded = set(await session_agreements.exec(select(MeetingReminder.person_id)))
    assert (lou.person_id in reminded, people.rosa.person_id in reminded) == (True, False)
    assert (await session_agreements.get_one(Task, owed.id)).owner_id == lou.person_id
    assert await waiting(session_agreements, TodoKind.MEETING_ANSWER) == [lou.person_id]
    assert await waiting(session_agreements, TodoKind.TASK) == [lou.person_id]
    told = [f for f in await outbox(session_agreements) if isinstance(f, HANDED)]
    assert [(type(f).__name__, f.data().get("person_ids") or f.data()["person_id"]) for f in told[-3:]] == [
        ("MeetingInvited", [str(lou.person_id)]),
        ("MeetingUninvited", [str(people.rosa.person_id)]),
        ("TaskAgreed", str(lou.person_id)),
    ]


HANDED = facts.MeetingInvited | facts.MeetingUninvited | facts.TaskAgreed


async def test_whoever_called_a_meeting_is_followed_and_what_took_place_stays(
    session_agreements: AsyncSession,
) -> None:
    people, _ = await a_partnership_with_an_agreement(session_agreements)
    bo = await a_colleague(session_agreements, an_actor(RoleName.SCHOOL_STAFF, people.school_id), "Bo", "Chen")
    meeting = await a_meeting(session_agreements, people)
    (date,) = await dates_of(session_agreements, meeting)
    await commands.ask_for_minutes(session_agreements, now=AFTER)

    taken = await replaced(session_agreements, people.dana, bo, bo, AFTER)
    written = await record(session_agreements, meeting, date, bo, people.rosa)

    assert (taken.meetings, taken.tasks, meeting.organizer_id) == (1, 0, bo.person_id)
    assert written.minutes == "All is well."
    assert await waiting(session_agreements, TodoKind.MEETING_MINUTES) == []
    guests = set(await session_agreements.exec(select(Invitee.person_id).where(Invitee.meeting_id == meeting.id)))
    assert guests == {people.dana.person_id, people.rosa.person_id}


async def test_meetings_of_others_stay_with_the_leaver(session_agreements: AsyncSession) -> None:
    people, lou = await a_partnership_with_an_agreement(session_agreements)
    elsewhere = await a_meeting(
        session_agreements, people, by=people.omar, school_id=str(people.school_id), organization_id="",
        person_ids=[str(people.rosa.person_id)],
    )  # fmt: skip

    taken = await replaced(session_agreements, people.rosa, lou, lou)

    assert (taken.agreements, taken.meetings) == (1, 0)
    guests = set(await session_agreements.exec(select(Invitee.person_id).where(Invitee.meeting_id == elsewhere.id)))
    assert people.rosa.person_id in guests


async def test_a_successor_who_is_invited_already_is_not_invited_twice(session_agreements: AsyncSession) -> None:
    people, lou = await a_partnership_with_an_agreement(session_agreements)
    both = [str(people.rosa.person_id), str(lou.person_id)]
    meeting = await a_meeting(session_agreements, people, person_ids=both)

    await replaced(session_agreements, people.rosa, lou, people.omar)

    guests = set(await session_agreements.exec(select(Invitee.person_id).where(Invitee.meeting_id == meeting.id)))
    assert guests == {people.dana.person_id, lou.person_id}
    invited = [f for f in await outbox(session_agreements) if isinstance(f, facts.MeetingInvited)]
    assert len(invited) == 1


async def test_a_renewal_by_who_is_left_asks_for_a_contact_again(session_agreements: AsyncSession) -> None:
    two = await two_sides(session_agreements)
    agreement = await signed(two, await a_draft(two))
    await commands.erase_person(session_agreements, id_of(two.partner), now=LATER)

    new = await commands.renew_agreement(
        session_agreements, agreement.id, successor_id=new_id(), actor=two.school, now=LATER, zone=ZONE
    )

    assert ("agreement_contact", "organization") in await waits_about(session_agreements, new)
