"""The work together as a partner's page shows it: agreements with their contacts and goals, meetings to come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.queries.agreements import AgreementLine, AgreementSearch, find_agreements
from services.agreements.queries.goals import GoalView, goals_of
from services.agreements.queries.meetings import DateRow, MeetingSearch, find_dates
from services.agreements.queries.people import person_names
from shared.identity.actor import Actor

FIRST = 5
"""How many of each are shown."""


@dataclass(frozen=True, slots=True)
class Together:
    """What a partner has with the one who asks."""

    agreements: Sequence[AgreementLine]
    """Those that have not ended, the first to end first."""
    agreements_total: int
    names: Mapping[UUID, str]
    """Of the contacts."""
    goals: Mapping[UUID, Sequence[GoalView]]
    """Of each agreement, as both have signed them."""
    dates: Sequence[DateRow]
    """Of meetings, the next one first."""
    dates_total: int


async def together_with(
    session: AsyncSession, organization_id: UUID, actor: Actor, *, today: date, now: datetime
) -> Together:
    """The first agreements and meetings with a partner that the actor may read."""
    search = AgreementSearch(organization=organization_id)
    agreements, agreements_total = await find_agreements(session, search, actor=actor, limit=FIRST)
    contacts = {id for one in agreements for id in (one.school_contact_id, one.partner_contact_id) if id}
    goals = {
        one.id: [goal for goal in await goals_of(session, one.id, today=today) if not goal.dropped]
        for one in agreements
        if one.edition
    }
    meetings = MeetingSearch(organization=organization_id)
    dates, dates_total = await find_dates(session, meetings, actor, now=now, limit=FIRST)
    names = await person_names(session, contacts)
    return Together(agreements, agreements_total, names, goals, dates, dates_total)
