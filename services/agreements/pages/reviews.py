"""Reviews of partnerships: the list, starting one, one with both sides beside each other, asking everybody."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands, queries, review_words
from services.agreements.access import Staff
from services.agreements.frameworks import the_framework
from services.agreements.pages.show import form_again, show
from services.agreements.queries import Blank, ReviewSearch
from services.agreements.rules.agreements import Side
from services.agreements.rules.school_years import Asked, SchoolCalendar, year_label
from services.agreements.rules.vetting import LISTED
from services.agreements.settings import settings_of
from shared.clock import utc_now
from shared.identity import Actor, District
from shared.refusals import Kind, Refusal
from shared.web import Page, Transaction, see_other

router = APIRouter(prefix="/agreements/reviews", include_in_schema=False)

STATES = [("to_rate", "To rate"), ("rated", "Rated"), ("to_decide", "To decide"), ("decided", "Decided")]
YEARS_BACK = 6
"""School years that can be chosen, this one included."""


class StartForm(BaseModel):
    """Whose year is looked at."""

    school_id: Annotated[UUID | None, Blank] = None
    organization_id: Annotated[UUID | None, Blank] = None
    year: int = Field(ge=2000, le=2200)


@router.get("")
async def reviews(
    request: Request, actor: Staff, session: Transaction, search: Annotated[ReviewSearch, Query()], paging: Page
) -> HTMLResponse:
    """The reviews of a school, a partner or the district."""
    found, total = await queries.find_reviews(session, search, actor, offset=paging.offset, limit=paging.limit)
    calendar = settings_of(request).school_calendar
    this_year = calendar.year_of(calendar.today(utc_now()))
    return show(
        request,
        actor,
        "reviews.html",
        reviews=found,
        total=total,
        paging=paging,
        search=search,
        states=STATES,
        years=year_options(calendar),
        schools=await _my_schools(session, actor),
        year=search.year or this_year,
        this_year=this_year,
        rounds=await queries.rounds(session, this_year) if actor.is_district else {},
        calendar=calendar,
        r=review_words,
        Asked=Asked,
    )


@router.get("/new")
async def new_review(
    request: Request, actor: Staff, session: Transaction, organization: UUID | None = None
) -> HTMLResponse:
    """Choose whose year is looked at."""
    calendar = settings_of(request).school_calendar
    form = StartForm(organization_id=organization, year=calendar.year_of(calendar.today(utc_now())))
    return show(request, actor, "review_start.html", **await _start(request, session, actor, form))


@router.post("")
async def start_review(
    request: Request, actor: Staff, session: Transaction, form: Annotated[StartForm, Form()]
) -> Response:
    """Start a review; once more leads to the one that is there."""
    try:
        started = await _started(request, actor, session, form)
    except Refusal as refusal:
        if not refusal.fields and refusal.code != "year_closed":
            raise
        context = await _start(request, session, actor, form)
        return form_again(request, actor, "review_start.html", refusal, **context)
    return see_other(f"/agreements/reviews/{started}")


async def _started(request: Request, actor: Actor, session: AsyncSession, form: StartForm) -> UUID:
    wrong = {
        name: said
        for name, said in (("school_id", "Choose a school."), ("organization_id", "Choose a partner."))
        if getattr(form, name) is None
    }
    if form.school_id is None or form.organization_id is None:
        raise Refusal(Kind.INVALID, "review_invalid", "Choose whose year you look at.", fields=wrong)
    review = await commands.start_review(
        session,
        school_id=form.school_id,
        organization_id=form.organization_id,
        year=form.year,
        calendar=settings_of(request).school_calendar,
        actor=actor,
        now=utc_now(),
    )
    return review.id


@router.post("/ask")
async def ask(
    request: Request, actor: District, session: Transaction, what: Annotated[Asked, Form()]
) -> RedirectResponse:
    """Have everybody asked now, before the day on which it happens by itself."""
    calendar, now = settings_of(request).school_calendar, utc_now()
    year = calendar.year_of(calendar.today(now))
    await commands.open_round(session, year=year, what=what, calendar=calendar, actor=actor, now=now)
    return see_other("/agreements/reviews?done=asked")


@router.get("/{review_id}")
async def one_review(
    request: Request, actor: Staff, session: Transaction, review_id: UUID, done: str = ""
) -> HTMLResponse:
    """A partnership's year: both sides' ratings beside each other, what the system knows, what was decided."""
    return show(request, actor, "review.html", done=done, **await review_context(request, session, review_id, actor))


async def review_context(request: Request, session: AsyncSession, review_id: UUID, actor: Actor) -> dict[str, Any]:
    """All that the page of a review shows."""
    found = await queries.review_view(session, review_id, actor)
    calendar, now = settings_of(request).school_calendar, utc_now()
    return {
        "review": found,
        "framework": the_framework(),
        "evidence": await queries.evidence(
            session, found.school_id, found.organization_id, calendar=calendar, year=found.year, now=now
        ),
        "programs": await queries.reviewable_programs(session, found),
        "is_open": calendar.is_open(found.year, calendar.today(now)),
        "calendar": calendar,
        "r": review_words,
        "Side": Side,
    }


def year_options(calendar: SchoolCalendar) -> list[tuple[int, str]]:
    """School years to choose from, newest first."""
    newest = calendar.year_of(calendar.today(utc_now()))
    return [(year, year_label(year)) for year in range(newest, newest - YEARS_BACK, -1)]


async def _my_schools(session: AsyncSession, actor: Actor) -> list[tuple[UUID, str]]:
    return [
        (school.id, school.name)
        for school in await queries.schools(session)
        if actor.is_district or school.id in actor.school_ids
    ]


async def _start(request: Request, session: AsyncSession, actor: Actor, form: StartForm) -> dict[str, Any]:
    """Somebody of a school chooses among all partners, somebody of a partner among all schools."""
    everywhere = actor.is_district or bool(actor.school_ids)
    schools = await queries.schools(session)
    mine = schools if actor.is_district or not everywhere else [one for one in schools if one.id in actor.school_ids]
    organizations, _ = await queries.find_organizations(
        session, only=None if everywhere else sorted(actor.organization_ids)
    )
    calendar = settings_of(request).school_calendar
    today = calendar.today(utc_now())
    return {
        "form": form,
        "schools": [(one.id, one.name) for one in mine],
        "organizations": [(one.id, one.name) for one in organizations if one.status in LISTED],
        "years": [(year, label) for year, label in year_options(calendar) if calendar.is_open(year, today)],
    }
