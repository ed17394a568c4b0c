"""Meetings: the list, one of them with its dates and people, and the form."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands, meeting_words, queries
from services.agreements.access import Staff as VettedStaff
from services.agreements.access import is_vetted
from services.agreements.pages.show import form_again, show
from services.agreements.queries import MeetingSearch, MeetingView
from services.agreements.rules import MeetingEntry, Repeat, not_found
from services.agreements.settings import settings_of
from services.agreements.words import id_in
from shared import zones
from shared.calendars import feed
from shared.clock import new_id, utc_now
from shared.identity import Actor, Staff
from shared.refusals import Kind, Refusal
from shared.web import Page, Transaction, see_other

router = APIRouter(prefix="/agreements", include_in_schema=False)

MADE = {
    "scheduled": "Scheduled. Everybody who is invited hears of it.",
    "changed": "Saved. Whoever is concerned hears of it.",
    "moved": "Moved. Everybody who is invited hears of it and is asked anew.",
    "cancelled": "Called off. Everybody who was invited hears of it.",
    "answered": "Your answer is noted.",
    "minutes": "Saved. Everybody who was invited can read the minutes.",
    "task": "Noted. Whoever has taken it on hears of it and is reminded.",
}


class MeetingForm(MeetingEntry):
    """A meeting as the form sends it; `id` is made with the form, so that sending it twice schedules one meeting."""

    id: UUID = Field(default_factory=new_id)
    version: int = 1
    do: str = ""
    """`find`: look for people and show the form again."""
    find: str = ""
    """Words of the names that are looked for."""


@router.get("/meetings")
async def meetings(
    request: Request, actor: Staff, session: Transaction, search: Annotated[MeetingSearch, Query()], paging: Page
) -> HTMLResponse:
    """Dates of meetings, the next one first."""
    found, total = await queries.find_dates(
        session, search, actor, now=utc_now(), offset=paging.offset, limit=paging.limit
    )
    _, open_tasks = await queries.find_tasks(session, actor, mine=True, limit=1)
    return show(
        request, actor, "meetings.html", dates=found, total=total, paging=paging, search=search, said=meeting_words,
        schools=await _schools(session), open_tasks=open_tasks, may_call=await is_vetted(session, actor),
    )  # fmt: skip


@router.get("/meetings/new")
async def new_meeting(
    request: Request,
    actor: VettedStaff,
    session: Transaction,
    organization: UUID | None = None,
    school: UUID | None = None,
) -> HTMLResponse:
    """The empty form."""
    own_school = school or next(iter(sorted(actor.school_ids)), "")
    own_partner = organization or next(iter(sorted(actor.organization_ids)), "")
    form = MeetingForm(school_id=str(own_school), organization_id=str(own_partner), zone=settings_of(request).time_zone)
    return show(request, actor, "meeting_form.html", **await _form(request, session, actor, form))


@router.post("/meetings")
async def schedule_meeting(
    request: Request, actor: VettedStaff, session: Transaction, form: Annotated[MeetingForm, Form()]
) -> Response:
    """Schedule a meeting, or look for people to invite."""
    if form.do == "find":
        return show(request, actor, "meeting_form.html", **await _form(request, session, actor, form))
    try:
        made = await commands.schedule_meeting(
            session, meeting_id=form.id, entry=form, zone=settings_of(request).zone, actor=actor, now=utc_now()
        )
    except Refusal as refusal:
        if not refusal.fields:
            raise
        context = await _form(request, session, actor, form)
        return form_again(request, actor, "meeting_form.html", refusal, **context)
    return see_other(f"/agreements/meetings/{made.id}?done=scheduled")


@router.get("/meetings/{meeting_id}")
async def meeting(
    request: Request, actor: Staff, session: Transaction, meeting_id: UUID, done: str = ""
) -> HTMLResponse:
    """A meeting: when and where it is, who comes, and what this person can do now."""
    return await meeting_page(request, session, actor, meeting_id, made=MADE.get(done, ""))


@router.get("/meetings/{meeting_id}/invitation.ics")
async def calendar_file(request: Request, actor: Staff, session: Transaction, meeting_id: UUID) -> Response:
    """The meeting as a file for one's calendar."""
    found = await queries.meeting_view(session, meeting_id, actor)
    entry = await queries.one_calendar_entry(session, meeting_id, settings_of(request).public_url)
    headers = {"Content-Disposition": 'attachment; filename="meeting.ics"'}
    return Response(feed([entry], found.title), media_type="text/calendar", headers=headers)


@router.get("/meetings/{meeting_id}/edit")
async def edit_meeting(request: Request, actor: VettedStaff, session: Transaction, meeting_id: UUID) -> HTMLResponse:
    """The form with what the meeting says now; of a series from the next date on."""
    found = await kept(session, meeting_id, actor)
    if not found.ahead(utc_now()):
        raise Refusal(Kind.CONFLICT, "meeting_over", "This meeting is over. Schedule another one.")
    form = filled(found, utc_now())
    context = await _form(request, session, actor, form, found)
    return show(request, actor, "meeting_form.html", meeting=found, **context)


@router.post("/meetings/{meeting_id}")
async def change_meeting(
    request: Request, actor: VettedStaff, session: Transaction, meeting_id: UUID, form: Annotated[MeetingForm, Form()]
) -> Response:
    """Change a meeting, or look for people to invite."""
    found = await kept(session, meeting_id, actor)
    if form.do == "find":
        context = await _form(request, session, actor, form, found)
        return show(request, actor, "meeting_form.html", meeting=found, **context)
    try:
        await commands.change_meeting(
            session, meeting_id, version=form.version, entry=form, zone=settings_of(request).zone, actor=actor,
            now=utc_now(),
        )  # fmt: skip
    except Refusal as refusal:
        if not refusal.fields and refusal.code != "stale_version":
            raise
        if refusal.code == "stale_version":
            # Who has now read that somebody changed it may save all the same.
            form.version = found.version
        context = await _form(request, session, actor, form, found)
        return form_again(request, actor, "meeting_form.html", refusal, meeting=found, **context)
    return see_other(f"/agreements/meetings/{meeting_id}?done=changed")


async def meeting_page(
    request: Request,
    session: AsyncSession,
    actor: Actor,
    meeting_id: UUID,
    *,
    made: str = "",
    refusal: Refusal | None = None,
    tried: tuple[str, str, str] = ("", "", ""),
) -> HTMLResponse:
    """The page of a meeting; `tried`: which date was to be moved where, and was refused."""
    found, now = await queries.meeting_view(session, meeting_id, actor), utc_now()
    ahead = found.ahead(now)
    return show(
        request, actor, "meeting.html", status=int(refusal.kind) if refusal else 200, meeting=found, made=made,
        refusal=refusal, tried=tried, said=meeting_words, clock=ZoneInfo(found.zone), moment=now,
        ahead=ahead, past=[one for one in reversed(found.dates) if one not in ahead],
        guests={one.person_id: one.name for one in found.guests}, task_id=new_id(),
        timeline=[meeting_words.moment(one) for one in found.history],
    )  # fmt: skip


async def kept(session: AsyncSession, meeting_id: UUID, actor: Actor) -> MeetingView:
    """A meeting that the actor may change; for others there is none."""
    found = await queries.meeting_view(session, meeting_id, actor)
    if not found.keeps:
        raise not_found("meeting")
    return found


def filled(meeting: MeetingView, now: datetime) -> MeetingForm:
    """The form with what a meeting says, from the first date on that its rule has yet to give."""
    ahead = meeting.ahead(now)
    ruled = min((one.rule_at for one in ahead if one.rule_at > now), default=None)
    first = (ruled or ahead[0].starts_at).astimezone(ZoneInfo(meeting.zone))
    return MeetingForm(
        id=meeting.id,
        version=meeting.version,
        title=meeting.title,
        agenda=meeting.agenda,
        place=meeting.place,
        link=meeting.link,
        school_id=str(meeting.school_id or ""),
        organization_id=str(meeting.organization_id or ""),
        date=f"{first:%Y-%m-%d}",
        time=f"{first:%H:%M}",
        minutes=meeting.length,
        zone=meeting.zone,
        repeat=Repeat(meeting.repeat) if ruled else Repeat.ONCE,
        until=meeting.until,
        rule=meeting.rule or "",
        person_ids=[str(one.person_id) for one in meeting.guests if one.person_id != meeting.organizer_id],
    )


async def _form(
    request: Request, session: AsyncSession, actor: Actor, form: MeetingForm, meeting: MeetingView | None = None
) -> dict[str, Any]:
    """`meeting`: the one that is changed; the partner that it is with stays among the choices."""
    sides = [id for one in (form.school_id, form.organization_id) if (id := id_in(one))]
    chosen = [id for one in form.person_ids if (id := id_in(one))]
    people = await queries.find_people(session, form.find, ids=chosen, sides=sides)
    partners, _ = await queries.find_organizations(session, seen_by=actor)
    with_whom = {one.id: one.name for one in partners}
    if meeting and meeting.organization_id:
        with_whom.setdefault(meeting.organization_id, meeting.organization_name or "")
    return {
        "form": form,
        "people": [(one.id, one.name, one.where) for one in people if one.id != actor.person_id],
        "schools": await _schools(session),
        "partners": list(with_whom.items()),
        "repeats": meeting_words.REPEATS,
        "zones": zones.options(settings_of(request).time_zone, *([form.zone] if zones.is_zone(form.zone) else [])),
    }


async def _schools(session: AsyncSession) -> list[tuple[UUID, str]]:
    return [(school.id, school.name) for school in await queries.schools(session)]
