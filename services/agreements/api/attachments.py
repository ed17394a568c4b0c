"""JSON routes about the files of an agreement."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from services.agreements import commands, queries
from services.agreements.access import Staff
from services.agreements.queries import AgreementView
from services.agreements.settings import settings_of
from services.agreements.uploads import attached_to_agreement, document_file
from shared.clock import utc_now
from shared.web import Transaction

router = APIRouter(prefix="/agreements/api/v1", tags=["agreements"])

ATTACHMENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"title": {"type": "string"}, "file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@router.post("/agreements/{agreement_id}/attachments", status_code=201, openapi_extra=ATTACHMENT)
async def attach(request: Request, actor: Staff, session: Transaction, agreement_id: UUID) -> AgreementView:
    """Put a PDF, PNG or JPEG file of at most 10 MB into the draft; it becomes part of what is signed."""
    await attached_to_agreement(request, actor, session, agreement_id)
    return await queries.agreement_view(session, agreement_id, actor=actor)


@router.get("/agreements/{agreement_id}/attachments/{sha256}", response_class=FileResponse)
async def attachment(request: Request, actor: Staff, session: Transaction, agreement_id: UUID, sha256: str) -> Response:
    """A file that a text of the agreement names, to be saved."""
    return document_file(request, await queries.attachment(session, agreement_id, sha256, actor=actor))


@router.delete("/agreements/{agreement_id}/attachments/{sha256}")
async def detach(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, sha256: str
) -> AgreementView:
    """Take a file out of the draft."""
    await commands.detach_from_agreement(
        session, agreement_id, sha256, actor=actor, now=utc_now(), zone=settings_of(request).zone
    )
    return await queries.agreement_view(session, agreement_id, actor=actor)
