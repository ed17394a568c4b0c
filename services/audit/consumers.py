"""The log hears everything that any service says."""

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from services.audit import commands
from shared.events import TOPICS
from shared.messaging import Handlers, RawEvent

on = Handlers("audit")


@on.everything(*TOPICS)
async def log_events(session: AsyncSession, events: Sequence[RawEvent]) -> None:
    """Every event becomes an entry, of known type or not, in the order of its arrival."""
    await commands.append(session, events)
