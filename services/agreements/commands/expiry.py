"""What runs out of a partner's: its people are reminded, and then its programs take no new referrals."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.partners import note_partner, settle
from services.agreements.commands.todos import for_organization, open_todo
from services.agreements.models import Organization
from services.agreements.rules.standing import Due, Expiring, due_between
from services.agreements.rules.vetting import LISTED
from shared.events.agreements import CertificationLapsed, OrganizationExpiring
from shared.events.vocabulary import TodoKind
from shared.identity.actor import system
from shared.messaging import emit

US = system("agreements")
BATCH = 50


async def look_at_expiries(session: AsyncSession, *, now: datetime, zone: ZoneInfo) -> int:
    """Say and do what came due since the last look; how many partners were looked at.

    One that somebody has in hand right now is left for the next look.
    """
    due = select(Organization).where(col(Organization.look_at) <= now).order_by(col(Organization.look_at)).limit(BATCH)
    found = (await session.exec(due.with_for_update(skip_locked=True))).all()
    for organization in found:
        since = organization.looked_at or now
        if organization.status in LISTED:
            for one in due_between(organization.ends, since, now, zone):
                await _say(session, organization, one, now)
        await settle(session, organization, actor=US, now=now, zone=zone)
    return len(found)


async def _say(session: AsyncSession, organization: Organization, due: Due, now: datetime) -> None:
    if due.days:
        fact = OrganizationExpiring(organization_id=organization.id, what=due.what.value, on=due.on, days=due.days)
        await emit(session, fact, actor=US, now=now)
        kind = TodoKind.RECERTIFICATION if due.what is Expiring.CERTIFICATION else TodoKind.DOCUMENT_RENEWAL
        to, id = for_organization(organization.id), organization.id
        await open_todo(session, kind, id, to=to, organization_id=id, due_on=due.on, actor=US, now=now)
        return
    session.add(note_partner(organization, "expired", actor=US, now=now, codes=[due.what]))
    if due.what is Expiring.CERTIFICATION:
        lapsed = CertificationLapsed(organization_id=organization.id, on=due.on)
        await emit(session, lapsed, actor=US, now=now)
