"""The directory, a program, and the form that adds or changes one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import commands, queries
from services.agreements.access import Keeper, Staff, is_staff, told
from services.agreements.models import Change
from services.agreements.pages.map import drawn
from services.agreements.pages.show import form_again, show
from services.agreements.queries import OrganizationView, PlaceView, ProgramSearch, ProgramView
from services.agreements.rules import FIELD_LABELS, ProgramEntry, amount, keeps, not_found
from services.agreements.rules.times import written
from services.agreements.settings import settings_of
from services.agreements.uploads import directory_file
from services.agreements.why import why_it_fits
from shared.clock import new_id, utc_now
from shared.identity import Actor, Anyone, PartnerStaff
from shared.refusals import Refusal
from shared.web import Page, Transaction, see_other

router = APIRouter(prefix="/agreements", include_in_schema=False)

SORTS = [("best", "Best fit"), ("name", "Name"), ("partner", "Partner"), ("changed", "Last changed")]
STATUSES = [("open", "Open"), ("paused", "Paused"), ("closed", "Closed"), ("any", "All")]


class ProgramForm(ProgramEntry):
    """A program as the form sends it; `id` is made with the form, so that sending it twice adds one program."""

    id: UUID = Field(default_factory=new_id)
    organization_id: UUID | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a program's timeline."""

    at: datetime
    title: str
    words: str
    who: str
    kind: str


@router.get("")
async def start(actor: Anyone) -> RedirectResponse:
    """The first page of this part."""
    return see_other("/agreements/programs")


@router.get("/programs")
async def programs(
    request: Request, actor: Anyone, session: Transaction, search: Annotated[ProgramSearch, Query()], paging: Page
) -> HTMLResponse:
    """The directory: open programs for everyone, paused and closed ones for those who work with them."""
    seen = search if is_staff(actor) else search.model_copy(update={"status": "open"})
    found = await queries.find_programs(session, seen, offset=paging.offset, limit=paging.limit)
    schools, places = await queries.schools(session), await queries.neighborhoods(session)
    on_the_map = await queries.schools_on_the_map(session)
    miles = settings_of(request).distances == "miles"
    return show(
        request,
        actor,
        "programs.html",
        programs=[told(actor, program) for program in found.programs],
        total=found.total,
        more=found.more,
        unknown_place=seen.near is not None and found.near is None,
        why={one.id: why_it_fits(seen, one) for one in found.programs},
        drawn=drawn(found.programs, [*places, *_named(on_the_map, seen.near)], first=paging.offset + 1, miles=miles),
        paging=paging,
        search=seen,
        schools=[(school.id, school.name) for school in schools],
        school=next((school for school in schools if school.id == seen.school), None),
        places=_near_options([*places, *on_the_map], seen.near),
        sorts=SORTS,
        statuses=STATUSES,
    )


def _near_options(places: list[PlaceView], near: str | None) -> list[tuple[str, str]]:
    """The neighborhoods and schools, and whatever else the address of the page says."""
    names = [place.name for place in places]
    return [(name, name) for name in ([] if near is None or near in names else [near]) + names]


def _named(places: list[PlaceView], near: str | None) -> list[PlaceView]:
    """The place of this name: it stands on the map where one searches near it."""
    return [place for place in places if place.name == near]


@router.get("/programs.csv")
async def programs_file(actor: Staff, session: Transaction, search: Annotated[ProgramSearch, Query()]) -> Response:
    """The directory as a file."""
    return await directory_file(session, search)


@router.get("/ours")
async def ours(request: Request, actor: PartnerStaff, session: Transaction) -> HTMLResponse:
    """The programs of the organizations that the person works for."""
    organizations, _ = await queries.find_organizations(session, only=sorted(actor.organization_ids))
    programs = {one.id: await _programs_of(session, one.id) for one in organizations}
    return show(request, actor, "ours.html", organizations=organizations, programs=programs)


@router.get("/programs/new")
async def new_program(
    request: Request, actor: Keeper, session: Transaction, organization: UUID | None = None
) -> HTMLResponse:
    """The empty form, or first the choice of the organization."""
    mine = await _organizations(session, actor)
    chosen = next((one for one in mine if one.id == organization or len(mine) == 1), None)
    if organization and chosen is None:
        raise not_found("organization")
    if chosen is None:
        return show(request, actor, "choose_partner.html", organizations=[(one.id, one.name) for one in mine])
    form = ProgramForm(organization_id=chosen.id)
    return show(request, actor, "program_form.html", **await _form(session, form, chosen))


@router.post("/programs")
async def add_program(
    request: Request, actor: Keeper, session: Transaction, form: Annotated[ProgramForm, Form()]
) -> Response:
    """Add a program."""
    if form.organization_id is None or not keeps(actor, form.organization_id):
        raise not_found("organization")
    try:
        added = await commands.add_program(
            session,
            program_id=form.id,
            organization_id=form.organization_id,
            entry=form,
            country=settings_of(request).phone_region,
            actor=actor,
            now=utc_now(),
        )
    except Refusal as refusal:
        if not refusal.fields:
            raise
        organization = await queries.organization_view(session, form.organization_id)
        return form_again(request, actor, "program_form.html", refusal, **await _form(session, form, organization))
    return see_other(f"/agreements/programs/{added.id}?done=added")


@router.get("/programs/{program_id}")
async def program(
    request: Request, actor: Anyone, session: Transaction, program_id: UUID, done: str = ""
) -> HTMLResponse:
    """A program: what it offers, whom to ask, and what this person can do with it now."""
    found = await queries.program_view(session, program_id)
    shown = told(actor, found)
    changes = await queries.history(session, program_id) if is_staff(actor) and shown is found else []
    return show(
        request,
        actor,
        "program.html",
        program=shown,
        school_links=await queries.schools_named(session, found.school_ids),
        timeline=[_moment(change) for change in changes],
        done=done,
    )


@router.get("/programs/{program_id}/edit")
async def edit_program(request: Request, actor: Keeper, session: Transaction, program_id: UUID) -> HTMLResponse:
    """The form with what the program says now."""
    found = await _kept(session, program_id, actor)
    organization = await queries.organization_view(session, found.organization_id)
    return show(
        request, actor, "program_form.html", program=found, **await _form(session, _filled(found), organization)
    )


@router.post("/programs/{program_id}")
async def change_program(
    request: Request, actor: Keeper, session: Transaction, program_id: UUID, form: Annotated[ProgramForm, Form()]
) -> Response:
    """Change what a program says."""
    found = await _kept(session, program_id, actor)
    try:
        await commands.change_program(
            session,
            program_id,
            version=form.version,
            entry=form,
            country=settings_of(request).phone_region,
            actor=actor,
            now=utc_now(),
        )
    except Refusal as refusal:
        if not refusal.fields and refusal.code != "stale_version":
            raise
        if refusal.code == "stale_version":
            # Who has now read what changed meanwhile may save all the same.
            form.version = found.version
        organization = await queries.organization_view(session, found.organization_id)
        context = await _form(session, form, organization)
        return form_again(request, actor, "program_form.html", refusal, program=found, **context)
    return see_other(f"/agreements/programs/{program_id}?done=changed")


@router.post("/programs/{program_id}/pause")
async def pause_program(
    actor: Keeper,
    session: Transaction,
    program_id: UUID,
    version: Annotated[int, Form()],
    reason: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """Take no referrals for a while."""
    await commands.pause_program(session, program_id, version=version, reason=reason, actor=actor, now=utc_now())
    return see_other(f"/agreements/programs/{program_id}?done=paused")


@router.post("/programs/{program_id}/close")
async def close_program(
    actor: Keeper,
    session: Transaction,
    program_id: UUID,
    version: Annotated[int, Form()],
    reason: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """Take no more referrals."""
    await commands.close_program(session, program_id, version=version, reason=reason, actor=actor, now=utc_now())
    return see_other(f"/agreements/programs/{program_id}?done=closed")


@router.post("/programs/{program_id}/confirm")
async def confirm_program(actor: Keeper, session: Transaction, program_id: UUID) -> RedirectResponse:
    """Say that what the directory says is still right."""
    await commands.confirm_program(session, program_id, actor=actor, now=utc_now())
    return see_other(f"/agreements/programs/{program_id}?done=confirmed")


@router.post("/programs/{program_id}/reopen")
async def reopen_program(
    actor: Keeper, session: Transaction, program_id: UUID, version: Annotated[int, Form()]
) -> RedirectResponse:
    """Take referrals again."""
    await commands.reopen_program(session, program_id, version=version, actor=actor, now=utc_now())
    return see_other(f"/agreements/programs/{program_id}?done=opened")


async def _kept(session: AsyncSession, program_id: UUID, actor: Actor) -> ProgramView:
    found = await queries.program_view(session, program_id)
    if not keeps(actor, found.organization_id):
        raise not_found("program")
    return found


async def _organizations(session: AsyncSession, actor: Actor) -> list[OrganizationView]:
    only = None if actor.is_district else sorted(actor.organization_ids)
    return (await queries.find_organizations(session, only=only))[0]


async def _programs_of(session: AsyncSession, organization_id: UUID) -> list[ProgramView]:
    search = ProgramSearch(organization=organization_id, status="any")
    return (await queries.find_programs(session, search)).programs


async def _school_options(session: AsyncSession) -> list[tuple[UUID, str]]:
    return [(school.id, school.name) for school in await queries.schools(session)]


async def _form(session: AsyncSession, form: ProgramForm, organization: OrganizationView) -> dict[str, Any]:
    places = await queries.neighborhoods(session)
    return {"form": form, "organization": organization, "schools": await _school_options(session), "places": places}


def _filled(program: ProgramView) -> ProgramForm:
    return ProgramForm(
        id=program.id,
        organization_id=program.organization_id,
        version=program.version,
        name=program.name,
        description=program.description,
        needs=list(program.needs),
        grades=program.grades,
        school_ids=[str(id_) for id_ in program.school_ids],
        languages=program.languages,
        schedule=program.schedule,
        capacity=program.capacity,
        contact_name=program.contact_name,
        contact_email=program.contact_email or "",
        contact_phone=program.phone,
        site=program.site,
        neighborhood=program.neighborhood,
        position="" if program.latitude is None else f"{program.latitude}, {program.longitude}",
        minimum_age=program.minimum_age,
        maximum_age=program.maximum_age,
        cost=amount(program.cost_cents),
        currency=program.currency,
        cost_note=program.cost_note,
        times=written(program.times),
        open_places=program.open_places,
        url=program.url,
    )


_TITLES = {
    "added": ("Added", "good"),
    "imported": ("Imported", "good"),
    "changed": ("Changed", ""),
    "opened": ("Opened again", "good"),
    "paused": ("Paused", "paused"),
    "closed": ("Closed", "ended"),
    "confirmed": ("Confirmed", "good"),
}


def _moment(change: Change) -> Moment:
    title, kind = _TITLES[change.what]
    fields = ", ".join(FIELD_LABELS[field].lower() for field in change.fields)
    words = ". ".join(filter(None, [fields.capitalize(), change.words]))
    return Moment(at=change.at, title=title, words=words, who=change.by_label, kind=kind)
