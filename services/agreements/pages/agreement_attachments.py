"""Files of an agreement: attach one, save one, take one out of the draft."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands, queries
from services.agreements.access import Staff
from services.agreements.pages.agreements import who
from services.agreements.pages.show import show
from services.agreements.rules.agreements import Verb
from services.agreements.uploads import attached_to_agreement, document_file
from shared.identity import Actor
from shared.refusals import Kind, Refusal
from shared.web import Transaction, see_other

router = APIRouter(prefix="/agreements/agreements/{agreement_id}/attachments", include_in_schema=False)


@router.get("/new")
async def choose(request: Request, actor: Staff, session: Transaction, agreement_id: UUID) -> HTMLResponse:
    """The form for a file."""
    return await _form(request, actor, session, agreement_id)


async def _form(
    request: Request, actor: Actor, session: AsyncSession, agreement_id: UUID, refusal: Refusal | None = None
) -> HTMLResponse:
    found = await queries.agreement_view(session, agreement_id, actor=actor)
    if refusal is None and Verb.EDIT not in found.can:
        raise Refusal(Kind.CONFLICT, "not_a_draft", "There is no draft to attach it to. Start an amendment first.")
    status = int(refusal.kind) if refusal else 200
    return show(request, actor, "agreement_attach.html", status=status, agreement=found, refusal=refusal)


@router.post("")
async def attach(request: Request, actor: Staff, session: Transaction, agreement_id: UUID) -> Response:
    """Put a file into the draft."""
    try:
        await attached_to_agreement(request, actor, session, agreement_id)
    except Refusal as refusal:
        if refusal.kind in (Kind.NOT_FOUND, Kind.FORBIDDEN):
            raise
        return await _form(request, actor, session, agreement_id, refusal)
    return see_other(f"/agreements/agreements/{agreement_id}?done=attached#attachments")


@router.get("/{sha256}")
async def save(request: Request, actor: Staff, session: Transaction, agreement_id: UUID, sha256: str) -> Response:
    """The file, to be saved."""
    return document_file(request, await queries.attachment(session, agreement_id, sha256, actor=actor))


@router.post("/{sha256}/remove")
async def detach(
    request: Request, actor: Staff, session: Transaction, agreement_id: UUID, sha256: str
) -> RedirectResponse:
    """Take a file out of the draft."""
    await commands.detach_from_agreement(session, agreement_id, sha256, **who(request, actor))
    return see_other(f"/agreements/agreements/{agreement_id}?done=detached#attachments")
