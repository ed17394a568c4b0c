"""JSON routes about reviews: the framework, ratings, the look back at the year's end, asking everybody."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.agreements import commands, queries
from services.agreements.access import SideStaff, Staff
from services.agreements.frameworks import the_framework
from services.agreements.queries import Evidence, ReviewLine, ReviewSearch, ReviewView
from services.agreements.rules.framework import Framework
from services.agreements.rules.ratings import RatingEntry
from services.agreements.rules.school_years import Asked
from services.agreements.rules.year_ends import YearEndEntry
from services.agreements.settings import settings_of
from shared.clock import utc_now
from shared.identity import Actor, District
from shared.web import Page, Transaction

router = APIRouter(prefix="/agreements/api/v1", tags=["reviews"])

Seen = Annotated[int, Field(ge=0, description="The version that was read; 0: nothing was there")]


class ReviewList(BaseModel):
    """A part of a list of reviews."""

    items: list[ReviewLine]
    total: int


class NewReview(BaseModel):
    """Whose year is looked at; once more gives the review that is there."""

    school_id: UUID
    organization_id: UUID
    year: int = Field(ge=2000, le=2200, description="The calendar year in which the school year begins")


class FullReview(ReviewView):
    """A review with what the system itself knows."""

    evidence: Evidence


class SavedRatings(BaseModel):
    """Ratings of one's side; indicators that are not named stay as they are."""

    version: Seen
    ratings: list[RatingEntry] = Field(max_length=100)


class OnVersion(BaseModel):
    """Which version was looked at."""

    version: Seen


class SavedYearEnd(YearEndEntry):
    """What both sides write about the year."""

    version: Seen
    program_id: UUID | None = Field(default=None, description="None: the partnership as a whole")


class ReopenedYearEnd(BaseModel):
    """Which decision is thought over again."""

    version: Seen
    program_id: UUID | None = None


class AskEverybody(BaseModel):
    """What everybody is asked for, in this school year."""

    what: Asked


class RoundView(BaseModel):
    """Everybody is being asked."""

    year: int
    what: Asked
    answer_by: str


@router.get("/framework")
async def framework(actor: Staff) -> Framework:
    """The framework that partnerships are rated by: elements, indicators, the scale."""
    return the_framework()


@router.get("/reviews")
async def reviews(
    actor: Staff, session: Transaction, search: Annotated[ReviewSearch, Query()], paging: Page
) -> ReviewList:
    """Reviews of the caller's school or organization; of all for the district office."""
    items, total = await queries.find_reviews(session, search, actor, offset=paging.offset, limit=paging.limit)
    return ReviewList(items=items, total=total)


@router.post("/reviews", status_code=201)
async def start_review(request: Request, actor: Staff, session: Transaction, body: NewReview) -> FullReview:
    """Begin to look at a partnership's year."""
    started = await commands.start_review(session, **body.model_dump(), **_how(request, actor))
    return await _full(request, session, started.id, actor)


@router.post("/reviews/ask")
async def ask(request: Request, actor: District, session: Transaction, body: AskEverybody) -> RoundView:
    """Have both sides of every partnership of this school year asked now, not only on the day set for it."""
    how = _how(request, actor)
    calendar = how["calendar"]
    year = calendar.year_of(calendar.today(how["now"]))
    opened = await commands.open_round(session, year=year, what=body.what, **how)
    return RoundView(year=opened.year, what=opened.what, answer_by=opened.answer_by.isoformat())


@router.get("/reviews/{review_id}")
async def review(request: Request, actor: Staff, session: Transaction, review_id: UUID) -> FullReview:
    """Both sides beside each other, as far as the caller may see them, and what the system knows."""
    return await _full(request, session, review_id, actor)


@router.put("/reviews/{review_id}/ratings")
async def save_ratings(
    request: Request, actor: SideStaff, session: Transaction, review_id: UUID, body: SavedRatings
) -> FullReview:
    """Keep ratings of one's side."""
    await commands.save_ratings(session, review_id, entries=body.ratings, version=body.version, **_how(request, actor))
    return await _full(request, session, review_id, actor)


@router.post("/reviews/{review_id}/ratings/give")
async def give_ratings(
    request: Request, actor: SideStaff, session: Transaction, review_id: UUID, body: OnVersion
) -> FullReview:
    """Give one's side's ratings; every indicator needs one, and `not_known` is one."""
    await commands.give_ratings(session, review_id, version=body.version, **_how(request, actor))
    return await _full(request, session, review_id, actor)


@router.post("/reviews/{review_id}/ratings/take-back")
async def take_ratings_back(
    request: Request, actor: SideStaff, session: Transaction, review_id: UUID, body: OnVersion
) -> FullReview:
    """Take one's side's ratings back to change them."""
    await commands.take_ratings_back(session, review_id, version=body.version, **_how(request, actor))
    return await _full(request, session, review_id, actor)


@router.put("/reviews/{review_id}/year-end")
async def save_year_end(
    request: Request, actor: SideStaff, session: Transaction, review_id: UUID, body: SavedYearEnd
) -> FullReview:
    """Keep what is written about the partnership or one of its programs."""
    await commands.save_year_end(
        session, review_id, body.program_id, entry=body, version=body.version, **_how(request, actor)
    )
    return await _full(request, session, review_id, actor)


@router.post("/reviews/{review_id}/year-end/decide")
async def decide_year_end(
    request: Request, actor: SideStaff, session: Transaction, review_id: UUID, body: SavedYearEnd
) -> FullReview:
    """The school decides: stop, continue or explore."""
    await commands.decide_year_end(
        session, review_id, body.program_id, entry=body, version=body.version, **_how(request, actor)
    )
    return await _full(request, session, review_id, actor)


@router.post("/reviews/{review_id}/year-end/reopen")
async def reopen_year_end(
    request: Request, actor: SideStaff, session: Transaction, review_id: UUID, body: ReopenedYearEnd
) -> FullReview:
    """The school thinks a decision over again."""
    await commands.reopen_year_end(session, review_id, body.program_id, version=body.version, **_how(request, actor))
    return await _full(request, session, review_id, actor)


def _how(request: Request, actor: Actor) -> dict[str, Any]:
    return {"calendar": settings_of(request).school_calendar, "actor": actor, "now": utc_now()}


async def _full(request: Request, session: Transaction, review_id: UUID, actor: Actor) -> FullReview:
    found = await queries.review_view(session, review_id, actor)
    known = await queries.evidence(
        session,
        found.school_id,
        found.organization_id,
        calendar=settings_of(request).school_calendar,
        year=found.year,
        now=utc_now(),
    )
    return FullReview(**found.model_dump(), evidence=known)
