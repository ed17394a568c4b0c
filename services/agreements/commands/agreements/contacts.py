"""Contacts of agreements: name one, and put another in the place of somebody who leaves, everywhere at once."""

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.agreements.case import begin, in_hand, load, note, tell
from services.agreements.commands.agreements.waiting import contact_of, whole_side, works_for
from services.agreements.commands.todos import To, Wanted, close_todos, for_person, open_todos
from services.agreements.models import Agreement, Person, Todo
from services.agreements.rules import not_found
from services.agreements.rules.agreements import ENDED, Side, Verb, mover_of
from shared.events.agreements import AgreementContactChanged
from shared.events.vocabulary import TodoAudience
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
    zone: tzinfo,
) -> Agreement:
    """Let somebody be a side's contact; either side may name its own, the district office both.

    What waited for the one before, or for the whole side, waits for the new one.
    """
    agreement = (await load(session, agreement_id, actor=actor, now=now, zone=zone)).agreement
    person = await _person(session, person_id)
    await _put(session, agreement, side, person, actor=actor, now=now, zone=zone)
    return agreement


async def replace_contact(
    session: AsyncSession, *, leaver_id: UUID, successor_id: UUID, actor: Actor, now: datetime, zone: tzinfo
) -> int:
    """Put somebody in the place of a contact who leaves: in every agreement that the actor may move and in which the
    successor works for that side, with everything that waited for the leaver there. How many agreements it were.
    """
    person = await _person(session, successor_id)
    count = 0
    for agreement in await _agreements_of(session, leaver_id):
        mover = mover_of(actor, agreement.school_id, agreement.organization_id)
        sides = [side for side in Side if contact_of(agreement, side) == leaver_id]
        for side in sides if mover else ():
            if works_for(person, agreement, side) and _may_name(actor, agreement, side):
                await _put(session, agreement, side, person, actor=actor, now=now, zone=zone)
                count += 1
    if not count:
        said = (
            "There is no agreement in which this person could follow the other one. Choose somebody of the same side."
        )
        raise Refusal(Kind.INVALID, "nothing_to_replace", said, fields={"successor_id": said})
    return count


async def _agreements_of(session: AsyncSession, person_id: UUID) -> Sequence[Agreement]:
    """Agreements that have not ended, of which somebody is a contact; locked, in the order in which all lock them."""
    found = select(Agreement).where(
        (col(Agreement.school_contact_id) == person_id) | (col(Agreement.partner_contact_id) == person_id),
        col(Agreement.state).not_in(ENDED),
    )
    return (await session.exec(found.order_by(col(Agreement.id)).with_for_update())).all()


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
    zone: tzinfo,
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
