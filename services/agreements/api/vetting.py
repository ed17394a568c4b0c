"""JSON routes of the district's review: rate, ask back, decide, merge."""

from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.agreements import commands, queries
from services.agreements.api.versions import Version
from services.agreements.queries import Duplicate, OrganizationView, PartnerView
from services.agreements.queries.duplicates import traits_of
from services.agreements.queries.vetting import RatingView
from services.agreements.rules.vetting import CRITERIA, DeclineCause, Grade, Verb
from services.agreements.settings import settings_of
from shared.clock import utc_now
from shared.identity import District
from shared.web import Transaction

router = APIRouter(prefix="/agreements/api/v1", tags=["vetting"])


class CriterionView(BaseModel):
    """One criterion of the rubric."""

    code: str
    title: str
    question: str


class Rating(BaseModel):
    """How one criterion is met."""

    criterion: str
    grade: Grade
    note: str = ""


class Ratings(BaseModel):
    """Ratings to put on record; criteria that are not named stay as they are."""

    version: Version
    ratings: list[Rating]


class PartnerMove(BaseModel):
    """What the district decides about a partner."""

    verb: Verb
    version: Version
    words: str = Field(default="", description="Questions, conditions or reasons; the partner reads them")
    causes: tuple[DeclineCause, ...] = Field(default=(), description="To decline: at least one")


class Merge(BaseModel):
    """Into which partner the one in the address goes."""

    into_id: UUID
    version: Version


@router.get("/rubric")
async def the_rubric(actor: District) -> list[CriterionView]:
    """By what partners are rated."""
    return [CriterionView(code=code, title=title, question=asks) for code, (title, asks) in CRITERIA.items()]


@router.get("/organizations/{organization_id}/rubric")
async def ratings(actor: District, session: Transaction, organization_id: UUID) -> list[RatingView]:
    """How a partner was rated in the review that is under way, or was last."""
    await queries.tended_organization(session, organization_id, actor)
    return list((await queries.rubric(session, organization_id)).values())


@router.put("/organizations/{organization_id}/rubric")
async def rate(actor: District, session: Transaction, organization_id: UUID, body: Ratings) -> list[RatingView]:
    """Rate a partner by criteria of the rubric."""
    await commands.rate_partner(
        session,
        organization_id,
        version=body.version,
        grades={one.criterion: one.grade for one in body.ratings},
        notes={one.criterion: one.note for one in body.ratings},
        actor=actor,
        now=utc_now(),
    )
    return list((await queries.rubric(session, organization_id)).values())


@router.post("/organizations/{organization_id}/moves")
async def move(
    request: Request, actor: District, session: Transaction, organization_id: UUID, body: PartnerMove
) -> PartnerView:
    """Ask back, approve, decline, suspend or reinstate a partner."""
    now, zone = utc_now(), settings_of(request).zone
    await commands.move_partner(
        session,
        organization_id,
        body.verb,
        version=body.version,
        words=body.words,
        causes=body.causes,
        actor=actor,
        now=now,
        zone=zone,
    )
    return await queries.partner_view(session, organization_id, actor=actor, today=now.astimezone(zone).date())


@router.get("/organizations/{organization_id}/duplicates")
async def duplicates(actor: District, session: Transaction, organization_id: UUID) -> list[Duplicate]:
    """Other organizations that may be this one."""
    organization = await queries.tended_organization(session, organization_id, actor)
    return await queries.possible_duplicates(session, traits_of(organization), but=organization_id)


@router.post("/organizations/{organization_id}/merge")
async def merge(
    request: Request, actor: District, session: Transaction, organization_id: UUID, body: Merge
) -> OrganizationView:
    """Merge a partner into another one, which is returned: programs, people and all else go over."""
    into = await commands.merge_organizations(
        session,
        organization_id,
        body.into_id,
        version=body.version,
        actor=actor,
        now=utc_now(),
        zone=settings_of(request).zone,
    )
    return await queries.organization_view(session, into.id)
