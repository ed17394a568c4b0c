"""JSON routes of registration: begin one, tell, attach documents, send it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from services.agreements import commands, queries
from services.agreements.api.versions import Version
from services.agreements.models import Organization
from services.agreements.queries import Duplicate, PartnerView
from services.agreements.queries.vetting import DocumentView, PartnerChangeView
from services.agreements.rules.registration import Identity, RegistrationEntry
from services.agreements.settings import settings_of
from services.agreements.uploads import attached, document_file
from shared.clock import new_id, utc_now
from shared.identity import Actor, District, SignedIn
from shared.web import Transaction

router = APIRouter(prefix="/agreements/api/v1", tags=["registrations"])


class NewRegistration(Identity):
    """An organization to register; the same id again gives the one that was begun first."""

    id: UUID = Field(default_factory=new_id)
    sure: bool = False
    """Whether somebody looked at the possible duplicates and none of them is it."""


class Told(RegistrationEntry):
    """All that a partner tells of itself; its name is changed by the district only."""

    version: Version


class Sent(BaseModel):
    """The version that is sent."""

    version: Version


class RegistrationLine(BaseModel):
    """A registration that a person has open."""

    id: UUID
    name: str
    review: str
    registered_at: datetime


@router.get("/organizations/duplicates")
async def duplicates(actor: SignedIn, session: Transaction, identity: Annotated[Identity, Query()]) -> list[Duplicate]:
    """Organizations that may be the one that somebody is about to enter."""
    return await commands.duplicates_of(session, identity, actor=actor)


@router.get("/registrations")
async def my_registrations(actor: SignedIn, session: Transaction) -> list[RegistrationLine]:
    """What the caller is registering."""
    mine = await queries.registrations_of(session, actor.person_id) if actor.person_id else []
    return [_line(one) for one in mine]


def _line(one: Organization) -> RegistrationLine:
    return RegistrationLine(id=one.id, name=one.name, review=one.review.value, registered_at=one.registered_at)


@router.post("/registrations", status_code=201)
async def start_registration(
    request: Request, actor: SignedIn, session: Transaction, body: NewRegistration
) -> PartnerView:
    """Begin to register an organization."""
    begun = await commands.start_registration(
        session, organization_id=body.id, identity=body, sure=body.sure, actor=actor, now=utc_now()
    )
    return await _view(request, session, begun.id, actor)


@router.get("/organizations/{organization_id}/registration")
async def registration(request: Request, actor: SignedIn, session: Transaction, organization_id: UUID) -> PartnerView:
    """What a partner tells of itself, where it stands, and what is still missing."""
    return await _view(request, session, organization_id, actor)


@router.put("/organizations/{organization_id}/registration")
async def save_registration(
    request: Request, actor: SignedIn, session: Transaction, organization_id: UUID, body: Told
) -> PartnerView:
    """Say anew what a partner tells of itself, complete or not."""
    country = settings_of(request).phone_region
    await commands.save_registration(
        session, organization_id, version=body.version, entry=body, country=country, actor=actor, now=utc_now()
    )
    return await _view(request, session, organization_id, actor)


@router.post("/organizations/{organization_id}/registration/submit")
async def submit_registration(
    request: Request, actor: SignedIn, session: Transaction, organization_id: UUID, body: Sent
) -> PartnerView:
    """Put it before the district."""
    zone = settings_of(request).zone
    await commands.submit_registration(
        session, organization_id, version=body.version, actor=actor, now=utc_now(), zone=zone
    )
    return await _view(request, session, organization_id, actor)


@router.get("/organizations/{organization_id}/history")
async def partner_history(actor: SignedIn, session: Transaction, organization_id: UUID) -> list[PartnerChangeView]:
    """What happened to a partner, newest first."""
    await queries.tended_organization(session, organization_id, actor)
    rows = await queries.partner_history(session, organization_id)
    return [PartnerChangeView.model_validate(row) for row in rows]


DOCUMENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "kind"],
                    "properties": {
                        "id": {"type": "string", "format": "uuid"},
                        "kind": {"type": "string", "enum": ["insurance", "checks", "identity", "evidence", "other"]},
                        "until": {"type": "string", "format": "date"},
                        "file": {"type": "string", "format": "binary"},
                    },
                }
            }
        },
    }
}


@router.post("/organizations/{organization_id}/documents", status_code=201, openapi_extra=DOCUMENT)
async def add_document(request: Request, actor: SignedIn, session: Transaction, organization_id: UUID) -> DocumentView:
    """Attach a PDF, PNG or JPEG file of at most 10 MB."""
    await queries.tended_organization(session, organization_id, actor)
    return DocumentView.model_validate(await attached(request, actor, session, organization_id))


@router.get("/organizations/{organization_id}/documents/{document_id}", response_class=FileResponse)
async def read_document(
    request: Request, actor: SignedIn, session: Transaction, organization_id: UUID, document_id: UUID
) -> Response:
    """The file, to be saved; for the partner itself and the district."""
    return document_file(request, await queries.document_view(session, organization_id, document_id, actor))


@router.post("/organizations/{organization_id}/documents/{document_id}/accept")
async def accept_document(
    request: Request, actor: District, session: Transaction, organization_id: UUID, document_id: UUID
) -> DocumentView:
    """Say that a document is good; its last day counts from now on."""
    zone = settings_of(request).zone
    accepted = await commands.accept_document(
        session, organization_id, document_id, actor=actor, now=utc_now(), zone=zone
    )
    return DocumentView.model_validate(accepted)


@router.delete("/organizations/{organization_id}/documents/{document_id}", status_code=204)
async def remove_document(
    request: Request, actor: SignedIn, session: Transaction, organization_id: UUID, document_id: UUID
) -> None:
    """Take a document away that was not accepted yet."""
    await commands.remove_document(
        session, organization_id, document_id, actor=actor, now=utc_now(), zone=settings_of(request).zone
    )


async def _view(request: Request, session: Transaction, organization_id: UUID, actor: Actor) -> PartnerView:
    today = utc_now().astimezone(settings_of(request).zone).date()
    return await queries.partner_view(session, organization_id, actor=actor, today=today)
