"""Partner organizations: entered by the district, renamed; and what keeps one from being there twice."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.common import kept_organization, state_of, unique
from services.agreements.commands.partners import note_partner, programs_of, touch_partner
from services.agreements.models import Organization
from services.agreements.queries.duplicates import Duplicate, possible_duplicates, traits_of
from services.agreements.rules import duplicates, organization_name, who
from services.agreements.rules.registration import Identity, valid_identity
from services.agreements.words import name_key
from shared.events.agreements import OrganizationRegistered, OrganizationRenamed
from shared.identity.actor import Actor
from shared.messaging import emit, emit_many
from shared.refusals import Kind, Refusal


async def register_organization(
    session: AsyncSession, *, organization_id: UUID, identity: Identity, sure: bool = False, actor: Actor, now: datetime
) -> Organization:
    """Enter a partner organization, approved at once; the same id again gives the one that is there.

    Refuses a name that is taken, and (`duplicates_found`) what may be there already, unless somebody is `sure`.
    """
    known = await session.get(Organization, organization_id)
    if known is not None:
        return known
    name, values = organization_name(identity.name), valid_identity(identity)
    await refuse_taken(session, name, organization_id)
    organization = Organization(
        id=organization_id,
        name=name,
        name_key=name_key(name),
        registered_at=now,
        changed_at=now,
        changed_by=str(actor),
        changed_by_label=who(actor, name),
    )
    put_identity(organization, values)
    if not sure:
        await refuse_duplicates(session, organization)
    async with unique(session, taken(name)):
        session.add(organization)
    session.add(note_partner(organization, "entered", actor=actor, now=now))
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
    await refuse_taken(session, name, organization_id)
    async with unique(session, taken(name)):
        organization.name, organization.name_key = name, name_key(name)
    touch_partner(organization, actor=actor, now=now)
    session.add(note_partner(organization, "renamed", actor=actor, now=now, words=name))
    programs = await programs_of(session, organization_id)
    await emit(session, OrganizationRenamed(organization_id=organization_id, name=name), actor=actor, now=now)
    await emit_many(session, [state_of(program, organization) for program in programs], actor=actor, now=now)
    return organization


def put_identity(organization: Organization, values: Mapping[str, str]) -> None:
    """Write tax id, address and web address, each with what its spellings have in common."""
    organization.tax_id, organization.tax_key = values["tax_id"], duplicates.tax_key(values["tax_id"])
    organization.address, organization.address_key = values["address"], duplicates.address_key(values["address"])
    organization.website, organization.domain = values["website"], duplicates.domain(values["website"])


async def refuse_taken(session: AsyncSession, name: str, organization_id: UUID) -> None:
    """Refuse a name that another organization has."""
    other = await session.exec(
        select(Organization).where(Organization.name_key == name_key(name), col(Organization.id) != organization_id)
    )
    if found := other.first():
        raise taken(found.name)


async def refuse_duplicates(session: AsyncSession, organization: Organization) -> None:
    """Refuse where there are organizations that may be the same, so that somebody looks at them first."""
    if await possible_duplicates(session, traits_of(organization)):
        said = "It may be there already. Look at those below; if none of them is it, say so."
        raise Refusal(Kind.CONFLICT, "duplicates_found", said, fields={"sure": said})


async def duplicates_of(session: AsyncSession, identity: Identity, *, actor: Actor) -> list[Duplicate]:
    """Organizations that may be the one that somebody is about to enter; outsiders see nothing that is not public."""
    values = valid_identity(identity)
    traits = duplicates.Traits(
        name_key(identity.name),
        duplicates.tax_key(values["tax_id"]),
        duplicates.address_key(values["address"]),
        duplicates.domain(values["website"]),
    )
    found = await possible_duplicates(session, traits)
    return found if actor.is_district else [one.for_outsiders() for one in found]


def taken(name: str) -> Refusal:
    """The refusal of a name that is there already."""
    said = f"There is a partner “{name}” already. Look for it in the list of partners."
    return Refusal(Kind.CONFLICT, "organization_exists", said, fields={"name": said})


def _changed_meanwhile(organization: Organization) -> Refusal:
    said = (
        f"{organization.changed_by_label} has named this partner “{organization.name}” after you opened the form. "
        "Your name was not saved. Save again if it is the right one."
    )
    return Refusal(Kind.CONFLICT, "stale_version", said, fields={"name": said})
