"""JSON routes about programs."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.agreements import commands, queries
from services.agreements.access import Keeper, Staff, is_staff, told
from services.agreements.api.versions import Version
from services.agreements.queries import PlaceView, ProgramSearch, ProgramView, SchoolView, SchoolWithPartners
from services.agreements.rules import ProgramEntry, not_found
from services.agreements.rules.partners import hears_why
from services.agreements.settings import settings_of
from services.agreements.uploads import directory_file
from services.agreements.why import Why, why_it_fits
from shared.clock import new_id, utc_now
from shared.identity import Anyone
from shared.web import Page, Transaction

router = APIRouter(prefix="/agreements/api/v1", tags=["programs"])


class FittingProgram(ProgramView):
    """A program that was found, and why it fits."""

    why: list[Why]


class ProgramList(BaseModel):
    """A part of a list of programs."""

    items: list[FittingProgram]
    total: int
    more: bool
    """There are more than `total`: in the order `best` only a thousand are looked at; `sort=name` counts all."""


class ChangeView(BaseModel):
    """One line of a program's timeline."""

    model_config = ConfigDict(from_attributes=True)

    version: int
    at: datetime
    by_label: str
    what: str
    fields: list[str]
    words: str


class NewProgram(ProgramEntry):
    """A program to add; the same id again gives the one that was added first."""

    id: UUID = Field(default_factory=new_id)
    organization_id: UUID


class ChangedProgram(ProgramEntry):
    """All that a program says from now on."""

    version: Version


class Stop(BaseModel):
    """Why a program takes no referrals."""

    version: Version
    reason: str = ""


class Start(BaseModel):
    """A program takes referrals again."""

    version: Version


@router.get("/programs")
async def programs(
    actor: Anyone, session: Transaction, search: Annotated[ProgramSearch, Query()], paging: Page
) -> ProgramList:
    """The directory of programs. Who does not work for a school, a partner or the district sees the open ones."""
    seen = search if is_staff(actor) else search.model_copy(update={"status": "open"})
    found = await queries.find_programs(session, seen, offset=paging.offset, limit=paging.limit)
    items = [FittingProgram(**told(actor, one).model_dump(), why=why_it_fits(seen, one)) for one in found.programs]
    return ProgramList(items=items, total=found.total, more=found.more)


@router.get("/programs/{program_id}")
async def program(actor: Anyone, session: Transaction, program_id: UUID) -> ProgramView:
    """One program, in whatever status."""
    return told(actor, await queries.program_view(session, program_id))


@router.get("/programs/{program_id}/history")
async def history(actor: Staff, session: Transaction, program_id: UUID) -> list[ChangeView]:
    """What happened to a program, newest first; for schools, the district and its own partner."""
    found = await queries.program_view(session, program_id)
    if not hears_why(actor, found.organization_id):
        raise not_found("program")
    return [ChangeView.model_validate(change) for change in await queries.history(session, program_id)]


@router.get("/programs.csv", response_class=Response)
async def programs_file(actor: Staff, session: Transaction, search: Annotated[ProgramSearch, Query()]) -> Response:
    """The directory as CSV, in the columns that the mapping `crosswalk` reads."""
    return await directory_file(session, search)


@router.post("/programs", status_code=201)
async def add_program(request: Request, actor: Keeper, session: Transaction, body: NewProgram) -> ProgramView:
    """Add a program to a partner that the caller works for; open for referrals at once."""
    added = await commands.add_program(
        session,
        program_id=body.id,
        organization_id=body.organization_id,
        entry=body,
        country=settings_of(request).phone_region,
        actor=actor,
        now=utc_now(),
    )
    return await queries.program_view(session, added.id)


@router.put("/programs/{program_id}")
async def change_program(
    request: Request, actor: Keeper, session: Transaction, program_id: UUID, body: ChangedProgram
) -> ProgramView:
    """Say anew what a program offers."""
    await commands.change_program(
        session,
        program_id,
        version=body.version,
        entry=body,
        country=settings_of(request).phone_region,
        actor=actor,
        now=utc_now(),
    )
    return await queries.program_view(session, program_id)


@router.post("/programs/{program_id}/pause")
async def pause_program(actor: Keeper, session: Transaction, program_id: UUID, body: Stop) -> ProgramView:
    """Take no referrals for a while."""
    await commands.pause_program(
        session, program_id, version=body.version, reason=body.reason, actor=actor, now=utc_now()
    )
    return await queries.program_view(session, program_id)


@router.post("/programs/{program_id}/close")
async def close_program(actor: Keeper, session: Transaction, program_id: UUID, body: Stop) -> ProgramView:
    """Take no more referrals."""
    await commands.close_program(
        session, program_id, version=body.version, reason=body.reason, actor=actor, now=utc_now()
    )
    return await queries.program_view(session, program_id)


@router.post("/programs/{program_id}/reopen")
async def reopen_program(actor: Keeper, session: Transaction, program_id: UUID, body: Start) -> ProgramView:
    """Take referrals again."""
    await commands.reopen_program(session, program_id, version=body.version, actor=actor, now=utc_now())
    return await queries.program_view(session, program_id)


@router.post("/programs/{program_id}/confirm")
async def confirm_program(actor: Keeper, session: Transaction, program_id: UUID) -> ProgramView:
    """Say that what the directory says of a program is still right."""
    await commands.confirm_program(session, program_id, actor=actor, now=utc_now())
    return await queries.program_view(session, program_id)


@router.get("/neighborhoods")
async def neighborhoods(actor: Anyone, session: Transaction) -> list[PlaceView]:
    """Neighborhoods that a search can be near, each in the middle of its programs."""
    return await queries.neighborhoods(session)


@router.get("/schools/{school_id}")
async def school(actor: Anyone, session: Transaction, school_id: UUID) -> SchoolWithPartners:
    """Who works with a school."""
    found = await queries.school_with_partners(session, school_id)
    for partner in found.partners:
        partner.programs = [told(actor, program) for program in partner.programs]
    return found


@router.get("/schools")
async def schools(actor: Anyone, session: Transaction) -> list[SchoolView]:
    """Schools that a program may serve."""
    return await queries.schools(session)
