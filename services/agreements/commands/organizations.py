"""Partner organizations: register, rename."""

from datetime import datetime
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.common import kept_organization, state_of, unique
from services.agreements.models import Organization, Program
from services.agreements.rules import organization_name, who
from services.agreements.words import name_key
from shared.events.agreements import OrganizationRegistered, OrganizationRenamed
from shared.identity.actor import Actor
from shared.messaging import emit, emit_many
from shared.refusals import Kind, Refusal


async def register_organization(
    session: AsyncSession, *, organization_id: UUID, name: str, actor: Actor, now: datetime
) -> Organization:
    """Register a partner organization; the same id again gives the one that is there. Refuses a name that is taken."""
    known = await session.get(Organization, organization_id)
    if known is not None:
        return known
    name = organization_name(name)
    await _refuse_taken(session, name, organization_id)
    organization = Organization(
        id=organization_id,
        name=name,
        name_key=name_key(name),
        registered_at=now,
        changed_at=now,
        changed_by=str(actor),
        changed_by_label=who(actor, name),
    )
    async with unique(session, _taken(name)):
        session.add(organization)
    await emit(session, OrganizationRegistered(organization_id=organization_id, name=name), actor=actor, now=now)
    return organization


async def rename_organization(
    session: AsyncSession, organization_id: UUID, *, name: str, version: int, actor: Actor, now: datetime
) -> Organization:
    """Give an organization another name; its programs are published anew, because they carry it."""
    organization = await kept_organization(session, organization_id, actor)
    name = organization_name(name)
    if name == organization.name:
        return organization
    if version != organization.version:
        raise _changed_meanwhile(organization)
    await _refuse_taken(session, name, organization_id)
    async with unique(session, _taken(name)):
        organization.name, organization.name_key = name, name_key(name)
    organization.version += 1
    organization.changed_at, organization.changed_by = now, str(actor)
    organization.changed_by_label = who(actor, name)
    programs = await session.exec(
        select(Program).where(Program.organization_id == organization_id).order_by(Program.name_key).with_for_update()
    )
    await emit(session, OrganizationRenamed(organization_id=organization_id, name=name), actor=actor, now=now)
    await emit_many(session, [state_of(program, name) for program in programs], actor=actor, now=now)
    return organization


async def _refuse_taken(session: AsyncSession, name: str, organization_id: UUID) -> None:
    other = await session.exec(
        select(Organization).where(Organization.name_key == name_key(name), Organization.id != organization_id)
    )
    if found := other.first():
        raise _taken(found.name)


def _taken(name: str) -> Refusal:
    said = f"There is a partner “{name}” already. Look for it in the list of partners."
    return Refusal(Kind.CONFLICT, "organization_exists", said, fields={"name": said})


def _changed_meanwhile(organization: Organization) -> Refusal:
    said = (
        f"{organization.changed_by_label} has named this partner “{organization.name}” after you opened the form. "
        "Your name was not saved. Save again if it is the right one."
    )
    return Refusal(Kind.CONFLICT, "stale_version", said, fields={"name": said})
