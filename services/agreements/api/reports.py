"""JSON routes about the report on the strength of a school's partnerships."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.agreements import queries
from services.agreements.queries import Report
from services.agreements.report_files import SchoolYear, csv_of_report, pdf_of_report
from services.agreements.settings import settings_of
from shared.clock import utc_now
from shared.identity import SchoolStaff
from shared.web import Transaction

router = APIRouter(prefix="/agreements/api/v1/schools/{school_id}/reports/{year}", tags=["reports"])


@router.get("")
async def report(
    request: Request, actor: SchoolStaff, session: Transaction, school_id: UUID, year: SchoolYear
) -> Report:
    """How strong a school's partnerships are by the ratings of a year (the calendar year in which it begins)."""
    calendar = settings_of(request).school_calendar
    return await queries.school_report(session, school_id, year, calendar=calendar, actor=actor, now=utc_now())


@router.get("/report.csv", response_class=Response)
async def report_csv(
    request: Request, actor: SchoolStaff, session: Transaction, school_id: UUID, year: SchoolYear
) -> Response:
    """The report as CSV: a row per element and per indicator."""
    return await csv_of_report(request, session, school_id, year, actor)


@router.get("/report.pdf", response_class=Response)
async def report_pdf(
    request: Request, actor: SchoolStaff, session: Transaction, school_id: UUID, year: SchoolYear
) -> Response:
    """The report as PDF."""
    return await pdf_of_report(request, session, school_id, year, actor)
