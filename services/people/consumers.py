"""What people does about others' facts: who may answer for which organization, and how people wish to be spoken to."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.people import commands
from shared.events.agreements import (
    OrganizationMerged,
    OrganizationRegistered,
    OrganizationRenamed,
    ProgramChanged,
    RegistrationStarted,
)
from shared.events.notifications import PreferencesChanged
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


@on(RegistrationStarted)
async def let_registrant_act(session: AsyncSession, event: Event[RegistrationStarted]) -> None:
    """Whoever registers an organization may act for it."""
    fact = event.fact
    await commands.let_act_for(session, fact.person_id, fact.organization_id, actor=US, now=event.time)


@on(PreferencesChanged)
async def keep_wish(session: AsyncSession, event: Event[PreferencesChanged]) -> None:
    """Pages and mails to sign in with speak the language that the person chose."""
    await commands.keep_wish(session, event.fact.person_id, event.fact.language)


@on(OrganizationMerged)
async def move_roles(session: AsyncSession, event: Event[OrganizationMerged]) -> None:
    """Whoever worked for an organization works for the one that took it over."""
    fact = event.fact
    await commands.move_roles(session, fact.organization_id, fact.into_id, actor=US, now=event.time)
