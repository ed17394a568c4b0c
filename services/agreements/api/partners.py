"""JSON routes about partner organizations."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.agreements import commands, queries
from services.agreements.api.versions import Version
from services.agreements.queries import Blank, OrganizationView, PartnerFilter
from services.agreements.rules.registration import Identity
from shared.clock import new_id, utc_now
from shared.identity import District, SignedIn
from shared.web import Page, Transaction

router = APIRouter(prefix="/agreements/api/v1", tags=["partners"])


class OrganizationList(BaseModel):
    """A part of a list of partner organizations."""

    items: list[OrganizationView]
    total: int


class NewOrganization(Identity):
    """A partner to enter, approved at once; the same id again gives the one that was entered first."""

    id: UUID = Field(default_factory=new_id)
    sure: bool = False
    """Whether somebody looked at the possible duplicates and none of them is it."""


class RenamedOrganization(BaseModel):
    """A partner's other name."""

    name: str
    version: Version


@router.get("/organizations")
async def organizations(
    actor: SignedIn,
    session: Transaction,
    paging: Page,
    q: Annotated[str, Query(max_length=200)] = "",
    stand: Annotated[PartnerFilter | None, Blank, Query(description="Where they stand")] = None,
) -> OrganizationList:
    """Partner organizations."""
    items, total = await queries.find_organizations(
        session, q, offset=paging.offset, limit=paging.limit, stand=stand, seen_by=actor
    )
    return OrganizationList(items=items, total=total)


@router.get("/organizations/{organization_id}")
async def organization(actor: SignedIn, session: Transaction, organization_id: UUID) -> OrganizationView:
    """One partner organization."""
    return await queries.organization_view(session, organization_id, actor)


@router.post("/organizations", status_code=201)
async def register_organization(actor: District, session: Transaction, body: NewOrganization) -> OrganizationView:
    """Register a partner organization."""
    added = await commands.register_organization(
        session, organization_id=body.id, identity=body, sure=body.sure, actor=actor, now=utc_now()
    )
    return await queries.organization_view(session, added.id)


@router.put("/organizations/{organization_id}")
async def rename_organization(
    actor: District, session: Transaction, organization_id: UUID, body: RenamedOrganization
) -> OrganizationView:
    """Give a partner organization another name."""
    await commands.rename_organization(
        session, organization_id, name=body.name, version=body.version, actor=actor, now=utc_now()
    )
    return await queries.organization_view(session, organization_id)
