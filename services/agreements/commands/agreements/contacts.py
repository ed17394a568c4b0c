"""Contacts of agreements: name one, and put another in the place of somebody who leaves, everywhere at once."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.agreements.case import SYSTEM, begin, in_hand, load, note, tell
from services.agreements.commands.agreements.waiting import about, contact_of, contacts, whole_side, works_for
from services.agreements.commands.meeting_handover import Handover, hand_over_meetings
from services.agreements.commands.todos import To, Wanted, close_todos, for_person, open_todos
from services.agreements.models import Agreement, Person, Todo
from services.agreements.rules import not_found
from services.agreements.rules.agreements import ENDED, Side, Verb, mover_of
from shared.events.agreements import AgreementContactChanged
from shared.events.vocabulary import TodoAudience, TodoKind
from shared.identity.actor import Actor
from shared.refusals import Kind, Refusal


async def name_agreement_contact(
    session: AsyncSession,
    agreement_id: UUID,
    *,
    side: Side,
    person_id: UUID,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo,
) -> Agreement:
    """Let somebody be a side's contact; either side may name its own, the district office both.

    What waited for the one before, or for the whole side, waits for the new one.
    """
    agreement = (await load(session, agreement_id, actor=actor, now=now, zone=zone)).agreement
    person = await _person(session, person_id)
    await _put(session, agreement, side, person, actor=actor, now=now, zone=zone)
    return agreement


@dataclass(frozen=True, slots=True)
class Replaced:
    """What somebody took over from who left."""

    agreements: int
    meetings: int
    tasks: int


async def replace_contact(
    session: AsyncSession, *, leaver_id: UUID, successor_id: UUID, actor: Actor, now: datetime, zone: ZoneInfo
) -> Replaced:
    """Put somebody in the place of a contact who leaves: in every agreement that the actor may move and in which the
    successor works for that side, with everything that waited for the leaver there; and in the meetings of these
    sides: invitations to what is to come, minutes, and what was agreed there.
    """
    person = await _person(session, successor_id)
    places: list[tuple[Agreement, Side]] = []
    for agreement in await _agreements_of(session, [leaver_id]):
        mover = mover_of(actor, agreement.school_id, agreement.organization_id)
        sides = [side for side in Side if contact_of(agreement, side) == leaver_id]
        for side in sides if mover else ():
            if works_for(person, agreement, side) and _may_name(actor, agreement, side):
                await _put(session, agreement, side, person, actor=actor, now=now, zone=zone)
                places.append((agreement, side))
    if not places:
        said = (
            "There is no agreement in which this person could follow the other one. Choose somebody of the same side."
        )
        raise Refusal(Kind.INVALID, "nothing_to_replace", said, fields={"successor_id": said})
    at_school = {one.school_id for one, side in places if side is Side.SCHOOL and one.school_id}
    with_partner = {one.organization_id for one, side in places if side is Side.PARTNER or one.school_id is None}
    handover = Handover(leaver_id, successor_id, actor, now, zone)
    meetings, tasks = await hand_over_meetings(session, handover, schools=at_school, organizations=with_partner)
    return Replaced(len(places), meetings, tasks)


async def _agreements_of(session: AsyncSession, person_ids: Collection[UUID]) -> Sequence[Agreement]:
    """Agreements that have not ended, of which these are contacts; locked, in the order in which all lock them."""
    found = select(Agreement).where(
        col(Agreement.school_contact_id).in_(person_ids) | col(Agreement.partner_contact_id).in_(person_ids),
        col(Agreement.state).not_in(ENDED),
    )
    return (await session.exec(found.order_by(col(Agreement.id)).with_for_update())).all()


async def look_for_leavers(session: AsyncSession, person_ids: Collection[UUID], *, now: datetime) -> None:
    """Look at the agreements of which these people are contacts, because something about them changed."""
    if person_ids:
        await ask_for_contacts(session, await _agreements_of(session, person_ids), now=now)


async def ask_for_contacts(session: AsyncSession, agreements: Sequence[Agreement], *, now: datetime) -> None:
    """Where a contact does not work for the side any more, have another one waited for; where one does again, not."""
    people = await contacts(session, agreements)
    missing: list[Wanted] = []
    for one in agreements:
        for side in Side:
            id, to = contact_of(one, side), whole_side(one, side)
            person = people.get(id) if id else None
            if person and works_for(person, one, side):
                await close_todos(session, one.id, kind=TodoKind.AGREEMENT_CONTACT, to=to, actor=SYSTEM, now=now)
            elif id:
                missing.append(about(one, TodoKind.AGREEMENT_CONTACT, to))
    await open_todos(session, missing, actor=SYSTEM, now=now)


async def _person(session: AsyncSession, person_id: UUID) -> Person:
    person = await session.get(Person, person_id)
    if person is None or not person.active:
        said = "Choose somebody from the list."
        raise Refusal(Kind.INVALID, "person_unknown", said, fields={"person_id": said})
    return person


def _may_name(actor: Actor, agreement: Agreement, side: Side) -> bool:
    """Each side names its own contact; the district office both."""
    if actor.is_district:
        return True
    if side is Side.PARTNER:
        return agreement.organization_id in actor.organization_ids
    return agreement.school_id in actor.school_ids


async def _put(
    session: AsyncSession,
    agreement: Agreement,
    side: Side,
    person: Person,
    *,
    actor: Actor,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    former = contact_of(agreement, side)
    if former == person.id:
        return
    if not _may_name(actor, agreement, side) or not works_for(person, agreement, side):
        said = "Choose somebody who works for this side; the other side names its own contact."
        raise Refusal(Kind.INVALID, "contact_invalid", said, fields={"person_id": said})
    mover = mover_of(actor, agreement.school_id, agreement.organization_id)
    if mover is None:
        raise not_found("agreement")
    case = await in_hand(session, agreement, mover, actor=actor, now=now, zone=zone)
    await begin(session, case, Verb.REPLACE_CONTACT, None)
    if side is Side.SCHOOL:
        agreement.school_contact_id = person.id
    else:
        agreement.partner_contact_id = person.id
    note(session, case, Verb.REPLACE_CONTACT, words=f"the {side}'s contact")
    changed = case.fact(AgreementContactChanged, side=side, person_id=person.id, former_id=former)
    await tell(session, case, changed)
    await close_todos(
        session, agreement.id, kind=TodoKind.AGREEMENT_CONTACT, to=whole_side(agreement, side), actor=actor, now=now
    )
    places = [whole_side(agreement, side)] + ([for_person(former)] if former else [])
    await _hand_over(session, await _open_at(session, agreement, places), person.id, actor=actor, now=now)


async def _open_at(session: AsyncSession, agreement: Agreement, places: Iterable[To]) -> Sequence[Todo]:
    """What waits about this agreement at these places."""
    rows = await session.exec(select(Todo).where(Todo.about_id == agreement.id, col(Todo.closed_at).is_(None)))
    wanted = set(places)
    return [todo for todo in rows if To(todo.audience, todo.audience_id) in wanted]


async def _hand_over(
    session: AsyncSession, todos: Sequence[Todo], person_id: UUID, *, actor: Actor, now: datetime
) -> None:
    for todo in todos:
        to = To(todo.audience, todo.audience_id)
        if to.audience is not TodoAudience.DISTRICT:
            await close_todos(session, todo.about_id, kind=todo.kind, to=to, actor=actor, now=now)
    again = [
        Wanted(todo.kind, todo.about_id, for_person(person_id), todo.school_id, todo.organization_id, todo.due_on)
        for todo in todos
    ]
    await open_todos(session, again, actor=actor, now=now)
