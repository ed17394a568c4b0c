"""What an agreement has waiting for whom."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.agreements.case import Case
from services.agreements.commands.agreements.turns import term_of
from services.agreements.commands.todos import (
    To,
    Wanted,
    close_todos,
    for_district,
    for_organization,
    for_person,
    for_school,
    open_todos,
)
from services.agreements.models import Agreement, Person
from services.agreements.queries.agreements import follower_of
from services.agreements.rules.agreements import Side
from services.agreements.rules.calendar import end_is_near
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor


def whole_side(agreement: Agreement, side: Side) -> To:
    """Everybody of a side."""
    if side is Side.PARTNER:
        return for_organization(agreement.organization_id)
    return for_school(agreement.school_id) if agreement.school_id else for_district()


def to_side(agreement: Agreement, side: Side, people: Mapping[UUID, Person]) -> To:
    """The side's contact; where none is named, or the person has left, everybody of the side."""
    person = people.get(contact_of(agreement, side) or agreement.id)
    return for_person(person.id) if person and works_for(person, agreement, side) else whole_side(agreement, side)


def contact_of(agreement: Agreement, side: Side) -> UUID | None:
    """Who is named as a side's contact."""
    return agreement.school_contact_id if side is Side.SCHOOL else agreement.partner_contact_id


def works_for(person: Person, agreement: Agreement, side: Side) -> bool:
    """Whether somebody (still) works for a side; the district office works for the school's."""
    if not person.active:
        return False
    if side is Side.PARTNER:
        return agreement.organization_id in person.organization_ids
    return person.is_district or agreement.school_id in person.school_ids


async def contacts(session: AsyncSession, agreements: Iterable[Agreement]) -> dict[UUID, Person]:
    """The contacts of these agreements who are known."""
    ids = {contact_of(one, side) for one in agreements for side in Side}
    rows = await session.exec(select(Person).where(col(Person.id).in_(ids - {None})))
    return {person.id: person for person in rows}


def wanted(
    agreement: Agreement, kind: TodoKind, sides: Iterable[Side], people: Mapping[UUID, Person], due_on: date | None
) -> Iterator[Wanted]:
    """What waits for these sides."""
    for side in sides:
        yield about(agreement, kind, to_side(agreement, side, people), due_on)


def about(agreement: Agreement, kind: TodoKind, to: To, due_on: date | None = None) -> Wanted:
    """What waits for somebody about an agreement."""
    return Wanted(kind, agreement.id, to, agreement.school_id, agreement.organization_id, due_on)


async def wait_for(session: AsyncSession, case: Case, kind: TodoKind, *sides: Side) -> None:
    """Have something wait for these sides."""
    people = await contacts(session, [case.agreement])
    todos = wanted(case.agreement, kind, sides, people, None)
    await open_todos(session, todos, actor=case.actor, now=case.now)


async def wait_for_decisions(
    session: AsyncSession, agreements: Sequence[Agreement], *, actor: Actor, now: datetime
) -> None:
    """Have the decision about the ends of these agreements wait for both sides and the district."""
    people, kind = await contacts(session, agreements), TodoKind.AGREEMENT_RENEWAL
    todos = [
        todo
        for one in agreements
        for todo in (*wanted(one, kind, Side, people, one.ends_on), about(one, kind, for_district(), one.ends_on))
    ]
    await open_todos(session, todos, actor=actor, now=now)


async def look_at_ends(session: AsyncSession, case: Case) -> None:
    """Let the decision about the end wait where it is open: of this agreement, and of the one that it renews."""
    renews_id = case.agreement.renews_id
    before = await session.get(Agreement, renews_id, with_for_update=True) if renews_id else None
    for one in (case.agreement, before):
        if one is None:
            continue
        if end_is_near(one.state, term_of(one), case.today) and not await follower_of(session, one.id):
            await wait_for_decisions(session, [one], actor=case.actor, now=case.now)
        else:
            await close_todos(session, one.id, kind=TodoKind.AGREEMENT_RENEWAL, actor=case.actor, now=case.now)


async def done(session: AsyncSession, case: Case, kind: TodoKind | None = None, side: Side | None = None) -> None:
    """Nothing of this kind waits any more, for this side or for anybody."""
    if side is None:
        await close_todos(session, case.agreement.id, kind=kind, actor=case.actor, now=case.now)
        return
    people = await contacts(session, [case.agreement])
    for to in {to_side(case.agreement, side, people), whole_side(case.agreement, side)}:
        await close_todos(session, case.agreement.id, kind=kind, to=to, actor=case.actor, now=case.now)
