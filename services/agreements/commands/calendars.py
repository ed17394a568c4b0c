"""The secret address of a person's calendar: made, and ended."""

import secrets
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import CalendarAddress
from shared.events.agreements import CalendarClosed, CalendarOpened
from shared.identity.actor import Actor
from shared.messaging import emit


async def open_calendar(session: AsyncSession, *, actor: Actor, now: datetime) -> str:
    """Make a secret for the actor's calendar; the one from before, if any, works no more."""
    assert actor.person_id is not None
    values = {"secret": secrets.token_urlsafe(32), "made_at": now}
    made = insert(CalendarAddress).values(person_id=actor.person_id, **values)
    await session.execute(made.on_conflict_do_update(index_elements=["person_id"], set_=values))
    await emit(session, CalendarOpened(person_id=actor.person_id), actor=actor, now=now)
    return str(values["secret"])


async def close_calendar(session: AsyncSession, *, actor: Actor, now: datetime) -> None:
    """End the address of the actor's calendar; where there is none nothing happens."""
    assert actor.person_id is not None
    gone = delete(CalendarAddress).where(col(CalendarAddress.person_id) == actor.person_id)
    ended = await session.execute(gone.returning(col(CalendarAddress.person_id)))
    if ended.first() is not None:
        await emit(session, CalendarClosed(person_id=actor.person_id), actor=actor, now=now)
