"""Students: search, and a student's page."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.referrals import queries
from services.referrals.edge import At
from services.referrals.pages.show import show
from shared.identity import SchoolStaff
from shared.web import Page, Transaction

router = APIRouter(prefix="/referrals", include_in_schema=False)


@router.get("/students")
async def students(
    request: Request, session: Transaction, actor: SchoolStaff, paging: Page, q: str = ""
) -> HTMLResponse:
    """Students of my schools, found by name."""
    found = await queries.find_students(session, q, actor=actor, offset=paging.offset, limit=paging.limit)
    return await show(request, session, actor, "students.html", found=found, paging=paging, q=q)


@router.get("/students/{student_id}")
async def student(request: Request, session: Transaction, actor: SchoolStaff, at: At, student_id: UUID) -> HTMLResponse:
    """A student: guardians, referrals, consents."""
    found = await queries.student_detail(session, student_id, actor=actor, now=at.now)
    return await show(request, session, actor, "student.html", student=found)
