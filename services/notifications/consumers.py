"""What notifications does about others' facts: it keeps whom to tell, and tells them."""

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from services.notifications import commands, queries, rules
from shared.events import agreements, people
from shared.events.base import Fact
from shared.events.referrals import ReferralFact
from shared.messaging import Event, Handlers

on = Handlers("notifications", editions={people.PERSONS: 2})
"""2: of recipients their schools, and who is of the district office."""

OrganizationNamed = agreements.OrganizationRegistered | agreements.OrganizationRenamed


@on.many(people.PersonChanged)
async def keep_persons(session: AsyncSession, events: Sequence[Event[people.PersonChanged]]) -> None:
    """Names, addresses and languages."""
    await commands.keep_persons(session, [event.fact for event in events])


@on(people.PersonErased)
async def erase_person(session: AsyncSession, event: Event[people.PersonErased]) -> None:
    """Delete what is held of an erased person."""
    await commands.erase_person(session, event.fact.person_id)


@on.many(people.SchoolChanged)
async def keep_schools(session: AsyncSession, events: Sequence[Event[people.SchoolChanged]]) -> None:
    """Names of schools."""
    await commands.keep_schools(session, [event.fact for event in events])


@on.many(agreements.ProgramChanged)
async def keep_programs(session: AsyncSession, events: Sequence[Event[agreements.ProgramChanged]]) -> None:
    """Names of programs and their contacts."""
    await commands.keep_programs(session, [event.fact for event in events])


@on.many(agreements.OrganizationRegistered, agreements.OrganizationRenamed)
async def keep_organizations(session: AsyncSession, events: Sequence[Event[OrganizationNamed]]) -> None:
    """Names of partner organizations."""
    await commands.keep_organizations(session, [event.fact for event in events])


@on.many(agreements.MeetingChanged)
async def keep_meetings(session: AsyncSession, events: Sequence[Event[agreements.MeetingChanged]]) -> None:
    """Titles, places, times and people of meetings, of which mails and calendars are written."""
    await commands.keep_meetings(session, [event.fact for event in events])


@on(*rules.WHO_IS_TOLD_WHAT)
async def tell(session: AsyncSession, event: Event[ReferralFact]) -> None:
    """Tell everybody whom a fact about a referral concerns, each in their language."""
    if not rules.may_concern(event.fact, event.actor):
        return
    concerned = await queries.people_for(session, event.fact, event.actor)
    planned = rules.plan(event.fact, concerned)
    await commands.write_messages(
        session, planned, about_id=event.fact.referral_id, event_id=event.id, now=event.received_at
    )


@on(*rules.TOLD)
async def tell_colleagues(session: AsyncSession, event: Event[Fact]) -> None:
    """Tell those who work on a partnership what a fact about it means for them, each in their language."""
    people = await queries.colleagues(session, event.fact)
    planned = rules.plan_work(event.fact, people, event.actor)
    about_id = getattr(event.fact, event.fact.key)
    await commands.write_messages(session, planned, about_id=about_id, event_id=event.id, now=event.received_at)
