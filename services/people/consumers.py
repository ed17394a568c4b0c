"""What people does about others' facts: organizations have names, and a program's contact may answer for it."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.people import commands
from shared.events.agreements import OrganizationRegistered, OrganizationRenamed, ProgramChanged
from shared.identity import system
from shared.messaging import Event, Handlers

on = Handlers("people")
US = system("people")


@on(OrganizationRegistered)
async def know_organization(session: AsyncSession, event: Event[OrganizationRegistered]) -> None:
    """Roles can be granted for the organization."""
    await commands.keep_organization(session, event.fact.organization_id, event.fact.name)


@on(OrganizationRenamed)
async def rename_organization(session: AsyncSession, event: Event[OrganizationRenamed]) -> None:
    """Roles show the new name."""
    await commands.keep_organization(session, event.fact.organization_id, event.fact.name)


@on(ProgramChanged)
async def know_contact(session: AsyncSession, event: Event[ProgramChanged]) -> None:
    """The contact may sign in for the organization."""
    await commands.keep_organization(session, event.fact.organization_id, event.fact.organization_name)
    await commands.keep_contact(session, event.fact, actor=US, now=event.time)
