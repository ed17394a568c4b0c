"""A person's calendar by a secret address, and the link of an invitation by which one answers without sign-in."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands, meeting_words, queries
from services.agreements.pages.show import show
from services.agreements.queries import MeetingView
from services.agreements.rules import Answer
from services.agreements.settings import settings_of
from shared.calendars import feed
from shared.clock import utc_now
from shared.identity import Actor, Anyone, Staff, read_link
from shared.web import Transaction, page, see_other

router = APIRouter(prefix="/agreements", include_in_schema=False)

MADE = {"opened": "Here is the address. Whoever has it reads your meetings.", "closed": "The address works no more."}


@router.get("/calendar")
async def calendar(request: Request, actor: Staff, session: Transaction, done: str = "") -> HTMLResponse:
    """The address of one's calendar."""
    assert actor.person_id is not None
    secret = await queries.calendar_secret(session, actor.person_id)
    base = settings_of(request).public_url.rstrip("/")
    address = f"{base}/agreements/calendar/{secret}.ics" if secret else ""
    return show(request, actor, "calendar.html", address=address, made=MADE.get(done, ""))


@router.post("/calendar")
async def open_calendar(actor: Staff, session: Transaction) -> RedirectResponse:
    """Make an address, in the place of the one from before."""
    await commands.open_calendar(session, actor=actor, now=utc_now())
    return see_other("/agreements/calendar?done=opened")


@router.post("/calendar/close")
async def close_calendar(actor: Staff, session: Transaction) -> RedirectResponse:
    """End the address."""
    await commands.close_calendar(session, actor=actor, now=utc_now())
    return see_other("/agreements/calendar?done=closed")


@router.get("/calendar/{secret}.ics")
async def calendar_file(request: Request, actor: Anyone, session: Transaction, secret: str) -> Response:
    """The meetings of the person whose address this is, for a calendar program."""
    settings = settings_of(request)
    entries = await queries.calendar_entries(session, secret, public_url=settings.public_url, now=utc_now())
    return Response(feed(entries, f"Meetings, {settings.district_name}"), media_type="text/calendar")


@router.get("/meetings/by-link/{token}")
async def invitation(request: Request, actor: Anyone, session: Transaction, token: str, done: str = "") -> HTMLResponse:
    """The meeting with the buttons of an answer: looking at it answers nothing, since mail scanners look at all."""
    meeting, invited = await _invited(request, session, token)
    ahead = meeting.ahead(utc_now())
    return page(
        request, None, "invitation.html", for_families=True, language=invited.language, meeting=meeting,
        date=ahead[0] if ahead else None, token=token, answered=done == "answered", said=meeting_words,
    )  # fmt: skip


@router.post("/meetings/by-link/{token}")
async def answer_by_link(
    request: Request, actor: Anyone, session: Transaction, token: str, answer: Annotated[Answer, Form()]
) -> RedirectResponse:
    """Answer the invitation."""
    meeting, invited = await _invited(request, session, token)
    await commands.answer_meeting(session, meeting.id, answer=answer, way="link", actor=invited, now=utc_now())
    return see_other(f"/agreements/meetings/by-link/{token}?done=answered")


async def _invited(request: Request, session: AsyncSession, token: str) -> tuple[MeetingView, Actor]:
    """The one meeting that the link is good for, for as long as its person is invited."""
    claims = read_link(settings_of(request), token, now=utc_now())
    invited = Actor(person_id=claims.person_id, name=claims.name, language=claims.language, only=claims.about_id)
    return await queries.meeting_view(session, claims.about_id, invited), invited
