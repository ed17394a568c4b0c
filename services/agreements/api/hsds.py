"""The directory for programs, as HSDS 3.1 defines its API (https://docs.openreferral.org/en/3.1/hsds/api_reference.html)."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from functools import partial
from math import ceil
from tempfile import TemporaryFile
from typing import IO, Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements import queries
from services.agreements.export import Say, as_partner, line_of, lines_of, write_directory
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
ONE_AT_A_TIME = asyncio.Semaphore(1)
"""A process makes one file of the whole directory at a time."""
SOME = 50
"""Partners that are read at once with their programs."""


class Paged(BaseModel):
    """Which part of a list, and how it is written. What is misspelled is refused: passed over, it would find all."""

    model_config = ConfigDict(extra="forbid")

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
    """What organizations are looked for; by terms, those with a program that has them."""

    search: str = Field(default="", max_length=200)
    taxonomy_term_id: UUID | None = None
    taxonomy_id: UUID | None = None
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
async def directory(request: Request, actor: Anyone, form: Literal["zip", "json"]) -> Response:
    """The whole directory as one file: HSDS tables in a zip, or JSON."""
    out: IO[bytes] = await asyncio.to_thread(TemporaryFile)
    try:
        # Who asks meanwhile waits: each takes half a minute of a processor where there are a hundred thousand programs.
        async with ONE_AT_A_TIME:
            await write_directory(request.app.state.db, out, f".{form}", settings_of(request))
    except BaseException:
        out.close()
        raise
    headers = {"Content-Disposition": f'attachment; filename="directory.{form}"', "Content-Length": str(out.tell())}
    return StreamingResponse(_pieces(out), media_type=f"application/{form}", headers=headers)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        yield from iter(partial(file.read, 1 << 16), b"")


@router.get("/services", response_model=None)
async def services(
    request: Request, actor: Anyone, session: Transaction, write: Write, query: Annotated[ServiceQuery, Query()]
) -> Response:
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
) -> Response:
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
) -> Response:
    """Partner organizations."""
    fits, db = hsds.listed(query.search, _facets(query)), request.app.state.db
    if query.format == "ndjson":
        return StreamingResponse(_every_partner(db, fits, write, query), media_type="application/x-ndjson")
    rows = await hsds.organizations(session, fits, offset=query.offset, limit=query.per_page)
    said = await _partners(session, write, rows, query)
    return await _page(said, await hsds.count_organizations(session, fits), query)


@router.get("/organizations/{id}", response_model=None)
async def organization(actor: Anyone, session: Transaction, write: Write, id: UUID, full_service: bool = False) -> Json:
    """One partner organization with its services."""
    row = await hsds.organization(session, id)
    programs = (await hsds.of_partners(session, [id]))[id]
    return write.full_organization(as_partner(row), programs, full_service=full_service)


@router.get("/taxonomies", response_model=None)
async def list_taxonomies(actor: Anyone, query: Annotated[Plain, Query()]) -> Response:
    """Our taxonomies."""
    return await _cut(_searched(taxonomies(), query.search), query)


@router.get("/taxonomies/{id}", response_model=None)
async def taxonomy(actor: Anyone, id: UUID) -> Json:
    """One taxonomy."""
    return _one(taxonomies(), id, "taxonomy")


@router.get("/taxonomy_terms", response_model=None)
async def taxonomy_terms(actor: Anyone, write: Write, query: Annotated[TermQuery, Query()]) -> Response:
    """Our terms. None has another above it, so nothing has a `parent_id`."""
    found = [] if query.parent_id else _searched(_terms(write), query.search)
    if query.taxonomy_id:
        found = [term for term in found if term["taxonomy_id"] == str(query.taxonomy_id)]
    return await _cut(found, query)


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
) -> Response:
    filters = _filters(query, placed=placed)
    if query.format == "ndjson":
        lines = lines_of(request.app.state.db, filters, say)
        return StreamingResponse(lines, media_type="application/x-ndjson")
    conditions = await hsds.fitting(session, filters)
    if conditions is None:
        return await _page([], 0, query)
    programs = await hsds.part(session, conditions, offset=query.offset, limit=query.per_page)
    homes = await hsds.partners(session, (program.organization_id for program in programs))
    rows = [(program, as_partner(homes[program.organization_id])) for program in programs]
    said = await asyncio.to_thread(lambda: [say(*row) for row in rows])
    return await _page(said, await hsds.count(session, conditions), query)


async def _every_partner(
    db: Database, fits: list[ColumnElement[bool]], write: Writer, query: OrganizationQuery
) -> AsyncIterator[bytes]:
    last: list[ColumnElement[bool]] = []
    while True:
        async with db.transaction() as session:
            rows = await hsds.organizations(session, [*fits, *last], limit=SOME)
            said = await _partners(session, write, rows, query)
        if not rows:
            return
        yield b"".join(map(line_of, said))
        last = [col(Organization.id) > rows[-1].id]


async def _partners(
    session: AsyncSession, write: Writer, rows: Sequence[Organization], query: OrganizationQuery
) -> list[Json]:
    if not (query.full or query.full_service):
        return [write.organization(as_partner(row)) for row in rows]
    programs = await hsds.of_partners(session, [row.id for row in rows])

    def said() -> list[Json]:
        full = query.full_service
        return [write.full_organization(as_partner(row), programs[row.id], full_service=full) for row in rows]

    return await asyncio.to_thread(said)


def _filters(query: ServiceQuery, *, placed: bool) -> Filters:
    since = query.modified_after
    return Filters(
        search=query.search,
        facets=_facets(query),
        organization_id=query.organization_id,
        modified_after=since if since is None or since.tzinfo else since.astimezone(),
        postcode=query.postcode,
        proximity=query.proximity,
        placed=placed,
    )


def _facets(query: ServiceQuery | OrganizationQuery) -> tuple[str, ...]:
    term = [_of_term(query.taxonomy_term_id)] if query.taxonomy_term_id else []
    return (*term, *([_of_taxonomy(query.taxonomy_id)] if query.taxonomy_id else []))


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
    return as_partner((await hsds.partners(session, [program.organization_id]))[program.organization_id])


def _searched(things: list[Json], words: str) -> list[Json]:
    wanted = words.casefold().split()
    return [one for one in things if all(word in f"{one['name']} {one['description']}".casefold() for word in wanted)]


def _one(things: list[Json], id: UUID, what: str) -> Json:
    found = next((one for one in things if one["id"] == str(id)), None)
    if found is None:
        raise not_found(what)
    return found


async def _cut(things: list[Json], query: Paged) -> Response:
    if query.format == "ndjson":
        return Response(b"".join(map(line_of, things)), media_type="application/x-ndjson")
    return await _page(things[query.offset : query.offset + query.per_page], len(things), query)


async def _page(contents: Sequence[Json], total: int, query: Paged) -> Response:
    pages = ceil(total / query.per_page)
    page = {
        "total_items": total,
        "total_pages": pages,
        "page_number": query.page,
        "size": len(contents),
        "first_page": query.page == 1,
        "last_page": query.page >= pages,
        "empty": not contents,
        "contents": list(contents),
    }
    return Response(await asyncio.to_thread(line_of, page), media_type="application/json")
