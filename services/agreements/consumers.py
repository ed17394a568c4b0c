"""What agreements does about others' facts: it keeps the names of schools and of the people who work with them."""

from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands
from services.agreements.models import School
from shared.events import notifications, people, referrals
from shared.messaging import Event, Handlers

on = Handlers("agreements", editions={people.PERSONS: 2, people.SCHOOLS: 2})
"""2: of people at work addresses, languages and where they work; contacts who left; where schools are."""


@on.many(people.SchoolChanged)
async def keep_schools(session: AsyncSession, events: Sequence[Event[people.SchoolChanged]]) -> None:
    """The newest state of each school counts."""
    newest = {event.fact.school_id: event.fact for event in events}
    rows = [
        {"id": f.school_id, "name": f.name, "active": f.active, "latitude": f.latitude, "longitude": f.longitude}
        for f in newest.values()
    ]
    upsert = insert(School).values(rows)
    await session.execute(
        upsert.on_conflict_do_update(
            index_elements=["id"], set_={name: upsert.excluded[name] for name in rows[0] if name != "id"}
        )
    )


@on.many(people.PersonChanged)
async def keep_persons(session: AsyncSession, events: Sequence[Event[people.PersonChanged]]) -> None:
    """Who works for a school, a partner or the district; students and guardians are none of this service's business."""
    await commands.keep_persons(session, [event.fact for event in events], now=events[-1].received_at)


@on(people.PersonErased)
async def erase_person(session: AsyncSession, event: Event[people.PersonErased]) -> None:
    """Forget a person's name and address."""
    await commands.erase_person(session, event.fact.person_id, now=event.received_at)


@on.many(
    referrals.ReferralSubmitted,
    referrals.ReferralSent,
    referrals.ReferralAccepted,
    referrals.ReferralWaitlisted,
    referrals.ReferralDeclined,
    referrals.ReferralWithdrawn,
    referrals.ReferralCompleted,
)
async def keep_referrals(session: AsyncSession, events: Sequence[Event[referrals.ReferralFact]]) -> None:
    """How referrals went between a school and a partner, without the student."""
    await commands.keep_referrals(session, [(event.fact, event.time) for event in events])


@on(notifications.PreferencesChanged)
async def keep_wish(session: AsyncSession, event: Event[notifications.PreferencesChanged]) -> None:
    """When somebody wants to be reminded of meetings, and by which clock."""
    await commands.keep_wish(session, event.fact)
