"""Who may read a meeting, who may change it, and who can be invited to one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Invitee, Meeting, Organization, Person, School
from services.agreements.queries.common import words_in
from services.agreements.queries.partners import statuses_of
from services.agreements.queries.people import at_work
from services.agreements.rules import keeps_meeting
from services.agreements.rules.vetting import any_approved
from shared.identity.actor import Actor


def seen_by(actor: Actor) -> ColumnElement[bool] | None:
    """Which meetings somebody may read; None: every one."""
    if actor.is_district:
        return None
    invited = select(Invitee.meeting_id).where(Invitee.person_id == actor.person_id)
    return or_(
        col(Meeting.school_id).in_(actor.school_ids),
        col(Meeting.organization_id).in_(actor.organization_ids),
        col(Meeting.id).in_(invited),
    )


async def may_change(session: AsyncSession, actor: Actor, meeting: Meeting) -> bool:
    """Whether somebody keeps a meeting; the people of its partner do so once the district has approved it."""
    partner = meeting.organization_id
    if partner in actor.organization_ids and not any_approved(await statuses_of(session, [partner])):
        partner = None
    return keeps_meeting(actor, meeting.school_id, partner, meeting.organizer_id)


class PersonView(BaseModel):
    """Somebody who can be invited."""

    id: UUID
    name: str
    where: str


async def find_people(
    session: AsyncSession, q: str = "", *, ids: Sequence[UUID] = (), sides: Sequence[UUID] = (), limit: int = 25
) -> list[PersonView]:
    """People at work by words of their names, those `ids`, and without words those who work at these `sides`."""
    wanted: list[ColumnElement[bool]] = [col(Person.id).in_(ids)] if ids else []
    if q.strip():
        wanted.append(and_(*words_in(q, Person.given_name, Person.family_name, Person.email)))
    elif sides:
        wanted += [_at_any(Person.school_ids, sides), _at_any(Person.organization_ids, sides)]
    if not wanted:
        return []
    found = await session.exec(
        select(Person)
        .where(at_work(), or_(*wanted))
        .order_by(col(Person.id).in_(ids).desc(), col(Person.family_name), col(Person.given_name))
        .limit(limit + len(ids))
    )
    people = found.all()
    places = await places_of(session, people)
    return [PersonView(id=one.id, name=one.name, where=places[one.id]) for one in people]


def _at_any(column: Any, sides: Sequence[UUID]) -> ColumnElement[bool]:
    return or_(*(col(column).contains([side]) for side in sides))


async def places_of(session: AsyncSession, people: Sequence[Person]) -> dict[UUID, str]:
    """Where each of these people works, in words."""
    ids = {id for one in people for id in (*one.school_ids, *one.organization_ids)}
    schools = await session.exec(select(School.id, School.name).where(col(School.id).in_(ids)))
    organizations = await session.exec(select(Organization.id, Organization.name).where(col(Organization.id).in_(ids)))
    names: dict[UUID, str] = dict([*schools, *organizations])
    return {one.id: _place(one, names) for one in people}


def _place(person: Person, names: dict[UUID, str]) -> str:
    where = [names[id] for id in (*person.school_ids, *person.organization_ids) if id in names]
    return ", ".join([*(["District office"] if person.is_district else []), *where[:2]])
