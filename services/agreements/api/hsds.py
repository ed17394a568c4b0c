"""The directory for programs, as HSDS 3.1 defines its API (https://docs.openreferral.org/en/3.1/hsds/api_reference.html)."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from math import ceil
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import queries
from services.agreements.export import directory_as
from services.agreements.hsds.terms import BY_ID, FACET, KEY_OF, SCHOOLS, VERSION, school_term, taxonomies, terms
from services.agreements.hsds.write import Json, Partner, Writer
from services.agreements.models import Organization
from services.agreements.queries import ProgramView, hsds
from services.agreements.queries.hsds import Filters
from services.agreements.rules import not_found
from services.agreements.settings import settings_of
from shared.db import Database
from shared.identity import Anyone
from shared.web import Transaction

BASE = "/agreements/hsds"
router = APIRouter(prefix=BASE, tags=["hsds"])
Say = Callable[[ProgramView, Partner], Json]


class Paged(BaseModel):
    """Which part of a list, and how it is written."""

    page: int = Field(default=1, ge=1, le=1_000_000)
    per_page: int = Field(default=50, ge=1, le=500)
    format: Literal["json", "ndjson"] = Field(default="json", description="`ndjson`: all of it, a line for each")

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.page - 1) * self.per_page


class ServiceQuery(Paged):
    """What services are looked for; everything that is given must fit."""

    search: str = Field(default="", max_length=200)
    taxonomy_term_id: UUID | None = None
    taxonomy_id: UUID | None = None
    organization_id: UUID | None = None
    modified_after: datetime | None = None
    minimal: bool = False
    full: bool = False
    postcode: str = Field(default="", max_length=20)
    proximity: int | None = Field(default=None, ge=0, le=500_000, description="Metres around the postcode")


class OrganizationQuery(Paged):
    """What organizations are looked for."""

    search: str = Field(default="", max_length=200)
    full: bool = False
    full_service: bool = False


class TermQuery(Paged):
    """What terms are looked for."""

    search: str = Field(default="", max_length=200)
    taxonomy_id: UUID | None = None
    top_only: bool = False
    parent_id: UUID | None = None


class Plain(Paged):
    """What taxonomies are looked for."""

    search: str = Field(default="", max_length=200)


async def writer(request: Request, session: Transaction) -> Writer:
    """Writes in the name of this district."""
    settings = settings_of(request)
    names = {school.id: school.name for school in await queries.schools(session)}
    return Writer(settings.district_name, settings.currency, settings.phone_region, names)


Write = Annotated[Writer, Depends(writer)]


@router.get("")
@router.get("/", include_in_schema=False)
async def about(request: Request, actor: Anyone) -> Json:
    """What this is, and where it is described."""
    url = settings_of(request).public_url.rstrip("/")
    return {"version": VERSION, "profile": f"{url}{BASE}", "openapi_url": f"{url}/agreements/openapi.json"}


@router.get("/directory.{form}", response_class=Response)
async def directory(request: Request, actor: Anyone, session: Transaction, form: Literal["zip", "json"]) -> Response:
    """The whole directory as one file: HSDS tables in a zip, or JSON."""
    content, _ = await directory_as(session, f".{form}", settings_of(request))
    headers = {"Content-Disposition": f'attachment; filename="directory.{form}"'}
    return Response(content, media_type=f"application/{form}", headers=headers)


@router.get("/services", response_model=None)
async def services(
    request: Request, actor: Anyone, session: Transaction, write: Write, query: Annotated[ServiceQuery, Query()]
) -> Response | Json:
    """Services: plain, as little as there may be (`minimal`), or with all that belongs to them (`full`)."""
    return await _programs(request, session, query, _said(write, query))


@router.get("/services/{id}", response_model=None)
async def service(actor: Anyone, session: Transaction, write: Write, id: UUID) -> Json:
    """One service with all that belongs to it."""
    program = await queries.program_view(session, id)
    return write.full_service(program, await _partner(session, program))


@router.get("/service_at_locations", response_model=None)
async def service_at_locations(
    request: Request, actor: Anyone, session: Transaction, write: Write, query: Annotated[ServiceQuery, Query()]
) -> Response | Json:
    """Services at their places."""
    say = write.full_at_location if query.full else write.listed_at_location
    return await _programs(request, session, query, say, placed=True)


@router.get("/service_at_locations/{id}", response_model=None)
async def service_at_location(actor: Anyone, session: Transaction, write: Write, id: UUID) -> Json:
    """One service at its place."""
    program = await queries.program_view(session, id)
    if not write.at_location(program):
        raise not_found("service_at_location")
    return write.full_at_location(program, await _partner(session, program))


@router.get("/organizations", response_model=None)
async def organizations(
    request: Request, actor: Anyone, session: Transaction, write: Write, query: Annotated[OrganizationQuery, Query()]
) -> Response | Json:
    """Partner organizations."""
    limit = None if query.format == "ndjson" else query.per_page
    offset = 0 if query.format == "ndjson" else query.offset
    rows, total = await hsds.organizations(session, query.search, offset=offset, limit=limit)
    if query.full or query.full_service:
        said = [await _whole(session, write, row, query.full_service) for row in rows]
    else:
        said = [write.organization(_as_partner(row)) for row in rows]
    return _lines(said) if query.format == "ndjson" else _page(said, total, query)


@router.get("/organizations/{id}", response_model=None)
async def organization(actor: Anyone, session: Transaction, write: Write, id: UUID, full_service: bool = False) -> Json:
    """One partner organization with its services."""
    return await _whole(session, write, await hsds.organization(session, id), full_service)


@router.get("/taxonomies", response_model=None)
async def list_taxonomies(actor: Anyone, query: Annotated[Plain, Query()]) -> Response | Json:
    """Our taxonomies."""
    return _cut(_searched(taxonomies(), query.search), query)


@router.get("/taxonomies/{id}", response_model=None)
async def taxonomy(actor: Anyone, id: UUID) -> Json:
    """One taxonomy."""
    return _one(taxonomies(), id, "taxonomy")


@router.get("/taxonomy_terms", response_model=None)
async def taxonomy_terms(actor: Anyone, write: Write, query: Annotated[TermQuery, Query()]) -> Response | Json:
    """Our terms. None has another above it, so nothing has a `parent_id`."""
    found = [] if query.parent_id else _searched(_terms(write), query.search)
    return _cut([t for t in found if query.taxonomy_id is None or t["taxonomy_id"] == str(query.taxonomy_id)], query)


@router.get("/taxonomy_terms/{id}", response_model=None)
async def taxonomy_term(actor: Anyone, write: Write, id: UUID) -> Json:
    """One term."""
    return _one(_terms(write), id, "taxonomy_term")


def _terms(write: Writer) -> list[Json]:
    return terms() + [school_term(id, name) for id, name in write.schools.items()]


def _said(write: Writer, query: ServiceQuery) -> Say:
    if query.full:
        return write.full_service
    return (lambda program, _: write.minimal(program)) if query.minimal else write.service


async def _programs(
    request: Request, session: AsyncSession, query: ServiceQuery, say: Say, *, placed: bool = False
) -> Response | Json:
    filters = _filters(query, placed=placed)
    if query.format == "ndjson":
        lines = _every(request.app.state.db, filters, say)
        return StreamingResponse(lines, media_type="application/x-ndjson")
    conditions = await hsds.fitting(session, filters)
    if conditions is None:
        return _page([], 0, query)
    programs = await hsds.part(session, conditions, offset=query.offset, limit=query.per_page)
    homes = await hsds.partners(session, (program.organization_id for program in programs))
    said = [say(program, _as_partner(homes[program.organization_id])) for program in programs]
    return _page(said, await hsds.count(session, conditions), query)


async def _every(db: Database, filters: Filters, say: Say) -> AsyncIterator[bytes]:
    # The route's own transaction is over when the answer begins to flow.
    async with db.transaction() as session:
        conditions = await hsds.fitting(session, filters)
        if conditions is None:
            return
        async for programs in hsds.every(session, conditions):
            homes = await hsds.partners(session, (program.organization_id for program in programs))
            said = [say(program, _as_partner(homes[program.organization_id])) for program in programs]
            yield b"".join(_line(one) for one in said)


def _filters(query: ServiceQuery, *, placed: bool) -> Filters:
    facets = [_of_term(query.taxonomy_term_id)] if query.taxonomy_term_id else []
    if query.taxonomy_id:
        facets.append(_of_taxonomy(query.taxonomy_id))
    since = query.modified_after
    return Filters(
        search=query.search,
        facets=tuple(facets),
        organization_id=query.organization_id,
        modified_after=since if since is None or since.tzinfo else since.astimezone(),
        postcode=query.postcode,
        proximity=query.proximity,
        placed=placed,
    )


NOTHING = "'nothing:at:all'"
"""A facet that no program has."""


def _of_term(id: UUID) -> str:
    term = BY_ID.get(str(id))
    return f"'{FACET[KEY_OF[term['taxonomy_id']]]}:{term['code']}'" if term else f"'{FACET[SCHOOLS]}:{id}'"


def _of_taxonomy(id: UUID) -> str:
    key = KEY_OF.get(str(id))
    if key is None:
        return NOTHING
    # Whoever is for everybody has no term; the facet for it is no code.
    return f"('{FACET[key]}:':* & !'{FACET[key]}:any')"


async def _partner(session: AsyncSession, program: ProgramView) -> Partner:
    return _as_partner((await hsds.partners(session, [program.organization_id]))[program.organization_id])


def _as_partner(row: Organization) -> Partner:
    return Partner(row.id, row.name, row.website)


async def _whole(session: AsyncSession, write: Writer, row: Organization, full_service: bool) -> Json:
    conditions = await hsds.fitting(session, Filters(organization_id=row.id)) or []
    programs = [one async for some in hsds.every(session, conditions) for one in some]
    return write.full_organization(_as_partner(row), programs, full_service=full_service)


def _searched(things: list[Json], words: str) -> list[Json]:
    wanted = words.casefold().split()
    return [one for one in things if all(word in f"{one['name']} {one['description']}".casefold() for word in wanted)]


def _one(things: list[Json], id: UUID, what: str) -> Json:
    found = next((one for one in things if one["id"] == str(id)), None)
    if found is None:
        raise not_found(what)
    return found


def _cut(things: list[Json], query: Paged) -> Response | Json:
    if query.format == "ndjson":
        return _lines(things)
    return _page(things[query.offset : query.offset + query.per_page], len(things), query)


def _page(contents: Sequence[Json], total: int, query: Paged) -> dict[str, Any]:
    pages = ceil(total / query.per_page)
    return {
        "total_items": total,
        "total_pages": pages,
        "page_number": query.page,
        "size": len(contents),
        "first_page": query.page == 1,
        "last_page": query.page >= pages,
        "empty": not contents,
        "contents": list(contents),
    }


def _lines(things: Sequence[Json]) -> Response:
    return Response(b"".join(map(_line, things)), media_type="application/x-ndjson")


def _line(thing: Json) -> bytes:
    return json.dumps(thing, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
