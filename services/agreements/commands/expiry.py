"""What runs out of a partner's: its people are reminded, and then its programs take no new referrals."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.partners import note_partner, settle
from services.agreements.commands.todos import close_todos, for_organization, open_todo
from services.agreements.models import Document, Organization
from services.agreements.rules.documents import EXPIRES
from services.agreements.rules.standing import Due, Expiring, due_between, renewal_due, renewed
from services.agreements.rules.vetting import LISTED
from shared.events.agreements import CertificationLapsed, OrganizationExpiring
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor, system
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
            newest = await _newest(session, organization.id)
            for one in due_between(organization.ends, since, now, zone):
                if not (one.days and renewed(organization.ends, newest, one.what)):
                    await _say(session, organization, one, now)
            await ask_for_renewal(session, organization, actor=US, now=now, zone=zone)
        organization.looked_at = now
        await settle(session, organization, actor=US, now=now, zone=zone)
    return len(found)


async def _say(session: AsyncSession, organization: Organization, due: Due, now: datetime) -> None:
    if due.days:
        fact = OrganizationExpiring(organization_id=organization.id, what=due.what.value, on=due.on, days=due.days)
        await emit(session, fact, actor=US, now=now)
        if due.what is Expiring.CERTIFICATION:
            await _wait(session, organization, TodoKind.RECERTIFICATION, due.on, US, now)
        return
    session.add(note_partner(organization, "expired", actor=US, now=now, codes=[due.what]))
    if due.what is Expiring.CERTIFICATION:
        lapsed = CertificationLapsed(organization_id=organization.id, on=due.on)
        await emit(session, lapsed, actor=US, now=now)


async def ask_for_renewal(
    session: AsyncSession, organization: Organization, *, actor: Actor, now: datetime, zone: ZoneInfo
) -> None:
    """Have the papers of a partner wait for it exactly while one of them runs out and no newer one is there."""
    newest = await _newest(session, organization.id)
    due = renewal_due(organization.ends, newest, now.astimezone(zone).date())
    if due is None:
        await close_todos(session, organization.id, kind=TodoKind.DOCUMENT_RENEWAL, actor=actor, now=now)
    else:
        await _wait(session, organization, TodoKind.DOCUMENT_RENEWAL, due, actor, now)


async def _newest(session: AsyncSession, organization_id: UUID) -> dict[Expiring, date]:
    """Until when each paper holds by what the partner attached, also by what the district has not accepted yet."""
    last = select(Document.kind, func.max(Document.until)).where(
        Document.organization_id == organization_id, col(Document.kind).in_(EXPIRES)
    )
    rows = await session.exec(last.group_by(col(Document.kind)))
    return {Expiring(kind): until for kind, until in rows if until}


async def _wait(
    session: AsyncSession, organization: Organization, kind: TodoKind, on: date, actor: Actor, now: datetime
) -> None:
    to, id = for_organization(organization.id), organization.id
    await open_todo(session, kind, id, to=to, organization_id=id, due_on=on, actor=actor, now=now)
