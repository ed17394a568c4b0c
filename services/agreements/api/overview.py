"""The JSON route of the district's overview of its partnerships."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from services.agreements.queries.overview import NeedSearch, Overview, partnerships_overview
from services.agreements.settings import settings_of
from shared.clock import utc_now
from shared.identity import District
from shared.web import Page, Transaction

router = APIRouter(prefix="/agreements/api/v1", tags=["overview"])


@router.get("/overview")
async def overview(
    request: Request, actor: District, session: Transaction, search: Annotated[NeedSearch, Query()], paging: Page
) -> Overview:
    """Agreements by state and end, goals, needs by school (a part of the schools), partners without an agreement."""
    calendar = settings_of(request).school_calendar
    today = calendar.today(utc_now())
    return await partnerships_overview(
        session, search, calendar=calendar, today=today, offset=paging.offset, limit=paging.limit
    )
