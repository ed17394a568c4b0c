"""Rating a partnership, one element at a time; saved each time, so that one can stop and go on later."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.datastructures import FormData

from services.agreements import commands
from services.agreements.access import SideStaff
from services.agreements.frameworks import the_framework
from services.agreements.pages.reviews import review_context
from services.agreements.pages.show import form_again, show
from services.agreements.rules import not_found
from services.agreements.rules.framework import Element
from services.agreements.rules.ratings import RatingEntry
from services.agreements.settings import settings_of
from shared.clock import utc_now
from shared.identity import Actor
from shared.refusals import Kind, Refusal
from shared.web import Transaction, see_other
from shared.web.upload import text_of

router = APIRouter(prefix="/agreements/reviews/{review_id}", include_in_schema=False)


@router.get("/rate/{element}")
async def rate(request: Request, actor: SideStaff, session: Transaction, review_id: UUID, element: str) -> HTMLResponse:
    """One element with what was rated so far."""
    context = await _form(request, session, review_id, element, actor)
    review = context["review"]
    kept = {code: (one.answer or "", one.evidence) for code, one in review.ratings[review.my_side].items()}
    return show(request, actor, "rate.html", given=kept, version=review.sheets[review.my_side].version, **context)


@router.post("/rate/{element}")
async def save(request: Request, actor: SideStaff, session: Transaction, review_id: UUID, element: str) -> Response:
    """Keep what was rated in one element, and go on to the next."""
    context = await _form(request, session, review_id, element, actor)
    sent = await request.form()
    entries = _entries(context["element"], sent)
    try:
        await commands.save_ratings(
            session,
            review_id,
            entries=entries,
            version=_number(sent),
            calendar=settings_of(request).school_calendar,
            actor=actor,
            now=utc_now(),
        )
    except Refusal as refusal:
        if not refusal.fields and refusal.code != "stale_version":
            raise
        newest = context["review"].sheets[context["review"].my_side].version
        version = newest if refusal.code == "stale_version" else _number(sent)
        given = {entry.indicator: (entry.rating or "", entry.evidence) for entry in entries}
        return form_again(request, actor, "rate.html", refusal, given=given, version=version, **context)
    following = context["next"] if text_of(sent, "then") == "next" else None
    return see_other(f"/agreements/reviews/{review_id}" + (f"/rate/{following.code}" if following else "?done=saved"))


@router.post("/give")
async def give(
    request: Request, actor: SideStaff, session: Transaction, review_id: UUID, version: Annotated[int, Form()]
) -> Response:
    """Give the ratings of one's side."""
    try:
        await commands.give_ratings(
            session,
            review_id,
            version=version,
            calendar=settings_of(request).school_calendar,
            actor=actor,
            now=utc_now(),
        )
    except Refusal as refusal:
        if not refusal.fields:
            raise
        context = await review_context(request, session, review_id, actor)
        return form_again(request, actor, "review.html", refusal, done="", **context)
    return see_other(f"/agreements/reviews/{review_id}?done=given")


@router.post("/take-back")
async def take_back(
    request: Request, actor: SideStaff, session: Transaction, review_id: UUID, version: Annotated[int, Form()]
) -> Response:
    """Take one's side's ratings back to change them."""
    await commands.take_ratings_back(
        session,
        review_id,
        version=version,
        calendar=settings_of(request).school_calendar,
        actor=actor,
        now=utc_now(),
    )
    return see_other(f"/agreements/reviews/{review_id}?done=taken_back")


async def _form(request: Request, session: AsyncSession, review_id: UUID, code: str, actor: Actor) -> dict[str, Any]:
    context = await review_context(request, session, review_id, actor)
    elements = the_framework().elements
    element = the_framework().element(code)
    if element is None:
        raise not_found("element")
    if context["review"].my_side is None:
        said = "Only the school and the partner rate their partnership. You can read what they gave."
        raise Refusal(Kind.FORBIDDEN, "not_your_side", said)
    number = elements.index(element) + 1
    following = elements[number] if number < len(elements) else None
    return context | {"element": element, "number": number, "next": following}


def _entries(element: Element, sent: FormData) -> list[RatingEntry]:
    return [
        RatingEntry(
            indicator=one.code,
            rating=text_of(sent, f"rating-{one.code}"),
            evidence=text_of(sent, f"evidence-{one.code}"),
        )
        for one in element.indicators
    ]


def _number(sent: FormData) -> int:
    text = text_of(sent, "version")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
