"""A school and the partners that work with it, for everyone to read."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.agreements import queries
from services.agreements.pages.show import show
from shared.identity import Anyone
from shared.web import Transaction

router = APIRouter(prefix="/agreements", include_in_schema=False)


@router.get("/schools/{school_id}")
async def school(request: Request, actor: Anyone, session: Transaction, school_id: UUID) -> HTMLResponse:
    """Who works with a school: its partners with their programs for it."""
    found = await queries.school_with_partners(session, school_id)
    return show(
        request,
        actor,
        "school.html",
        school=found.school,
        partners=found.partners,
        for_every_school=found.for_every_school,
    )
