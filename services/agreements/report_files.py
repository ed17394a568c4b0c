"""The report on the strength of partnerships as files, as pages and API both give them."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Request, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import queries
from services.agreements.report_csv import report_as_csv
from services.agreements.report_pdf import report_as_pdf
from services.agreements.settings import settings_of
from shared.clock import utc_now
from shared.identity import Actor

SchoolYear = Annotated[int, Path(ge=2000, le=2200, description="The calendar year in which the school year begins")]


async def csv_of_report(request: Request, session: AsyncSession, school_id: UUID, year: int, actor: Actor) -> Response:
    """The report for a spreadsheet."""
    report = await _report(request, session, school_id, year, actor)
    # With a byte order mark spreadsheets take it for UTF-8.
    content = report_as_csv(report).encode("utf-8-sig")
    return _file(content, "text/csv; charset=utf-8", f"partnerships-{year}.csv")


async def pdf_of_report(request: Request, session: AsyncSession, school_id: UUID, year: int, actor: Actor) -> Response:
    """The report on paper."""
    report = await _report(request, session, school_id, year, actor)
    settings = settings_of(request)
    content = report_as_pdf(report, district=settings.district_name, made_at=utc_now().astimezone(settings.zone))
    return _file(content, "application/pdf", f"partnerships-{year}.pdf")


async def _report(request: Request, session: AsyncSession, school_id: UUID, year: int, actor: Actor) -> queries.Report:
    calendar = settings_of(request).school_calendar
    return await queries.school_report(session, school_id, year, calendar=calendar, actor=actor, now=utc_now())


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
