"""The report on the strength of a school's partnerships: as a page, as CSV and as PDF."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from services.agreements import queries, review_words
from services.agreements.pages.reviews import year_options
from services.agreements.pages.show import show
from services.agreements.plots import LABELS, plots_of
from services.agreements.report_files import SchoolYear, csv_of_report, pdf_of_report
from services.agreements.settings import settings_of
from shared.clock import utc_now
from shared.identity import SchoolStaff
from shared.web import Transaction

router = APIRouter(prefix="/agreements/reviews/schools/{school_id}/{year}", include_in_schema=False)


@router.get("")
async def report(
    request: Request, actor: SchoolStaff, session: Transaction, school_id: UUID, year: SchoolYear
) -> HTMLResponse:
    """The report of one school and year."""
    calendar = settings_of(request).school_calendar
    found = await queries.school_report(session, school_id, year, calendar=calendar, actor=actor, now=utc_now())
    return show(
        request,
        actor,
        "report.html",
        report=found,
        plots=plots_of(found),
        labels=LABELS,
        r=review_words,
        years=year_options(calendar),
    )


@router.get("/report.csv")
async def report_csv(
    request: Request, actor: SchoolStaff, session: Transaction, school_id: UUID, year: SchoolYear
) -> Response:
    """The report for a spreadsheet."""
    return await csv_of_report(request, session, school_id, year, actor)


@router.get("/report.pdf")
async def report_pdf(
    request: Request, actor: SchoolStaff, session: Transaction, school_id: UUID, year: SchoolYear
) -> Response:
    """The report on paper."""
    return await pdf_of_report(request, session, school_id, year, actor)
