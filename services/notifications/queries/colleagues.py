"""Whom a fact about a partnership concerns, and how to reach them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications.models import Meeting, Recipient
from services.notifications.queries.people import reach, reach_where
from services.notifications.rules import Reach, Who, concerned
from shared.events.agreements import MeetingFact, MeetingUninvited
from shared.events.base import Fact
from shared.messaging import NotYet

NAMED = (Who.PERSON, Who.PEOPLE, Who.ORGANIZER, Who.SCHOOL_CONTACT, Who.PARTNER_CONTACT)


async def colleagues(session: AsyncSession, fact: Fact) -> Mapping[Who, Sequence[Reach]]:
    """Those whom messages about the fact are for; raises `NotYet` while somebody who is named is not known here."""
    await _know_meeting(session, fact)
    found = {who: await _reached(session, fact, who) for who in sorted(concerned(fact))}
    if Who.SCHOOL_CONTACT in found and not found[Who.SCHOOL_CONTACT]:
        found[Who.SCHOOL_CONTACT] = await _reached(session, fact, Who.DISTRICT)
    if Who.PARTNER_CONTACT in found and not found[Who.PARTNER_CONTACT]:
        found[Who.PARTNER_CONTACT] = await _reached(session, fact, Who.PARTNER)
    return found


async def _know_meeting(session: AsyncSession, fact: Fact) -> None:
    """What messages say of a meeting comes on a topic of its own: it is waited for."""
    if isinstance(fact, MeetingFact):
        known = await session.get(Meeting, fact.meeting_id)
        if known is None or known.version < fact.version:
            raise NotYet(f"meeting {fact.meeting_id} version {fact.version}")


async def _reached(session: AsyncSession, fact: Fact, who: Who) -> Sequence[Reach]:
    if who is Who.DISTRICT:
        return await reach_where(session, col(Recipient.is_district).is_(True))
    given = getattr(fact, who.value, None)
    ids: list[UUID] = list(given) if isinstance(given, tuple) else [given] if given else []
    if not ids:
        return ()
    if who in NAMED:
        named = await _named(session, ids)
        invited = isinstance(fact, MeetingFact) and not isinstance(fact, MeetingUninvited)
        return await _at_work(session, named) if invited else named
    return await reach_where(session, *_works_for(who, ids))


async def _named(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[Reach]:
    found, known = await reach(session, ids)
    if missing := [id for id in ids if id not in known]:
        raise NotYet(f"person {missing[0]}")
    return [found[id] for id in ids if id in found]


async def _at_work(session: AsyncSession, people: Sequence[Reach]) -> Sequence[Reach]:
    """Whoever has no work here any more is not told of meetings."""
    places = (col(Recipient.school_ids) != [], col(Recipient.organization_ids) != [], col(Recipient.is_district))
    ids = [one.person_id for one in people]
    there = set(await session.exec(select(Recipient.person_id).where(col(Recipient.person_id).in_(ids), or_(*places))))
    return [one for one in people if one.person_id in there]


def _works_for(who: Who, ids: list[UUID]) -> tuple[ColumnElement[bool], ...]:
    # The first condition is that of the index.
    if who is Who.SCHOOL:
        return text("school_ids <> '{}'"), col(Recipient.school_ids).overlap(ids)  # type: ignore[return-value, attr-defined]
    return text("organization_ids <> '{}'"), col(Recipient.organization_ids).overlap(ids)  # type: ignore[return-value, attr-defined]
