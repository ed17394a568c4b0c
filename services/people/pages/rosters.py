"""Roster import, for the district office: upload, check, report, apply; and what was imported before."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from services.people import commands, queries, uploads, words
from services.people.edge import settings_of
from shared.clock import new_id, utc_now
from shared.identity import District
from shared.refusals import Refusal
from shared.web import Page, Transaction, page, see_other

router = APIRouter(prefix="/roster")


@router.get("")
async def imports(request: Request, actor: District, session: Transaction, paging: Page) -> HTMLResponse:
    """The way to upload a roster, and all imports so far."""
    return await _imports_page(request, actor, session, paging)


async def _imports_page(
    request: Request, actor: District, session: Transaction, paging: Page, refusal: Refusal | None = None
) -> HTMLResponse:
    total, found = await queries.find_imports(session, offset=paging.offset, limit=paging.limit)
    status = int(refusal.kind) if refusal else 200
    most = settings_of(request).roster_upload_bytes // 1_000_000
    return page(
        request, actor, "rosters.html", status=status, refusal=refusal, new_id=new_id(), most_mb=most, total=total,
        imports=found, paging=paging, words=words,
    )  # fmt: skip


@router.post("")
async def upload(
    request: Request, actor: District, session: Transaction, paging: Page, id: Annotated[UUID, Query()]
) -> Response:
    """Takes the upload as it arrives; the same form again leads to the same import."""
    try:
        name = await uploads.receive_form(request, settings_of(request), id)
    except Refusal as refusal:
        return await _imports_page(request, actor, session, paging, refusal)
    await commands.receive_import(session, id, file_name=name, actor=actor, now=utc_now())
    return see_other(f"/people/roster/{id}")


@router.get("/{id}")
async def one_import(request: Request, actor: District, session: Transaction, id: UUID, paging: Page) -> HTMLResponse:
    """One import: how far it is, what it found, and what can be done now."""
    return await _import_page(request, actor, session, id, paging)


async def _import_page(
    request: Request, actor: District, session: Transaction, id: UUID, paging: Page, refusal: Refusal | None = None
) -> HTMLResponse:
    found = await queries.roster_import(session, id)
    total, problems = await queries.problems(session, id, offset=paging.offset, limit=paging.limit)
    status = int(refusal.kind) if refusal else 200
    return page(
        request, actor, "roster.html", status=status, wrong=bool(refusal), bundle=found, total=total,
        problems=problems, paging=paging, words=words,
    )  # fmt: skip


@router.post("/{id}/apply")
async def apply(
    request: Request, actor: District, session: Transaction, id: UUID, paging: Page,
    even_though_many_leave: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Has the checked bundle applied; comes back with the question where many leave and nobody said that they may."""
    try:
        await commands.approve_import(session, id, actor=actor, now=utc_now(), many_may_leave=even_though_many_leave)
    except Refusal as refusal:
        if refusal.code != "many_leave":
            raise
        return await _import_page(request, actor, session, id, paging, refusal)
    return see_other(f"/people/roster/{id}")


@router.post("/{id}/discard")
async def discard(request: Request, actor: District, session: Transaction, id: UUID) -> Response:
    """Puts the bundle away."""
    await commands.discard_import(session, id, actor=actor, now=utc_now())
    uploads.delete(settings_of(request), id)
    return see_other("/people/roster")
