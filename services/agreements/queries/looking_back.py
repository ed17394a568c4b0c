"""What was decided at the year's end about the partnership that an agreement is about: its renewal builds on it."""

from collections.abc import Collection
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Program, Review, School, YearEnd
from services.agreements.rules.year_ends import Decision, YearEndState


class LookBack(BaseModel):
    """What was decided about a partnership at one school, or about one of its programs there."""

    review_id: UUID
    year: int
    school: str
    program: str | None
    """None: the partnership as a whole."""
    decision: Decision
    reason: str
    build_on: str
    to_change: str
    known_by: str


async def looks_back(
    session: AsyncSession, organization_id: UUID, school_ids: Collection[UUID], *, limit: int | None = None
) -> list[LookBack]:
    """The newest year's decisions about a partner at these schools (none named: at every school), by school."""
    of_them: list[ColumnElement[bool]] = [
        col(Review.organization_id) == organization_id,
        col(YearEnd.state) == YearEndState.DECIDED,
        *([col(Review.school_id).in_(school_ids)] if school_ids else []),
    ]
    newest = select(Review.year).join(YearEnd, col(YearEnd.review_id) == col(Review.id)).where(*of_them)
    year = (await session.exec(newest.order_by(col(Review.year).desc()).limit(1))).first()
    rows = await session.exec(
        select(YearEnd, Review.year, School.name, Program.name)
        .join(Review, col(Review.id) == col(YearEnd.review_id))
        .join(School, col(School.id) == col(Review.school_id))
        .outerjoin(Program, col(Program.id) == col(YearEnd.program_id))
        .where(*of_them, Review.year == year)
        .order_by(col(School.name), col(YearEnd.program_id).is_not(None), col(Program.name_key))
        .limit(limit)
    )
    return [
        LookBack(year=year_, school=school, program=program, **row.model_dump(include=_SAID))
        for row, year_, school, program in rows
    ]


_SAID = {"review_id", "decision", "reason", "build_on", "to_change", "known_by"}
