"""Schools for the district office, and the students of a school for its staff."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from services.people import queries, words
from shared.identity import District, SchoolStaff
from shared.web import Page, Transaction, page

router = APIRouter()

Words = Annotated[str, Query(max_length=200)]


@router.get("/schools")
async def schools(request: Request, actor: District, session: Transaction, paging: Page, q: Words = "") -> HTMLResponse:
    """Schools, with how many people they have."""
    total, found = await queries.find_schools(session, q=q, offset=paging.offset, limit=paging.limit)
    return page(request, actor, "schools.html", q=q, total=total, schools=found, paging=paging)


@router.get("/students")
async def students(
    request: Request,
    actor: SchoolStaff,
    session: Transaction,
    paging: Page,
    q: Words = "",
    school_id: str = "",
    grade: Annotated[str, Query(max_length=10)] = "",
) -> HTMLResponse:
    """Students of the reader's schools."""
    asked = _id(school_id)
    total, found = await queries.find_students(
        session,
        q=q,
        school_ids=queries.visible_schools(actor, asked),
        grade=grade,
        offset=paging.offset,
        limit=paging.limit,
    )
    own = await queries.schools(session, None if actor.is_district else actor.school_ids)
    return page(
        request, actor, "students.html", q=q, school_id=school_id, grade=grade, total=total, students=found,
        schools=[(str(school.id), school.name) for school in own], paging=paging, words=words,
    )  # fmt: skip


def _id(text: str) -> UUID | None:
    """A filter's id; words that are none filter nothing."""
    try:
        return UUID(text)
    except ValueError:
        return None
