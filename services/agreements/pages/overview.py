"""The district's overview of its partnerships."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from services.agreements import review_words
from services.agreements.pages.show import show
from services.agreements.queries.overview import NeedSearch, partnerships_overview
from services.agreements.rules.agreements import AgreementState
from services.agreements.settings import settings_of
from shared.clock import utc_now
from shared.identity import District
from shared.web import Page, Transaction

router = APIRouter(prefix="/agreements/overview", include_in_schema=False)

STATES = {
    AgreementState.DRAFT: ("waiting", "Draft"),
    AgreementState.SIGNING: ("sent", "Waits for signatures"),
    AgreementState.UPCOMING: ("seen", "Signed, begins later"),
    AgreementState.ACTIVE: ("good", "In force"),
    AgreementState.RENEWAL_DUE: ("urgent", "Due for renewal"),
}
SHOWN = 25
"""Rows of the lists beside the map; the pages of agreements and partners have the rest."""


@router.get("")
async def overview(
    request: Request, actor: District, session: Transaction, search: Annotated[NeedSearch, Query()], paging: Page
) -> HTMLResponse:
    """Agreements by state and end, goals, the map of needs by school, partners without an agreement."""
    calendar = settings_of(request).school_calendar
    found = await partnerships_overview(
        session,
        search,
        calendar=calendar,
        today=calendar.today(utc_now()),
        offset=paging.offset,
        limit=paging.limit,
    )
    return show(
        request,
        actor,
        "partnerships.html",
        found=found,
        search=search,
        paging=paging,
        states=STATES,
        shown=SHOWN,
        r=review_words,
    )
