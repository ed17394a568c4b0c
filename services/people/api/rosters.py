"""Roster imports: upload a bundle as the body of a request, look at its report, have it applied."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from services.people import commands, queries, uploads
from services.people.edge import database_of, settings_of
from services.people.queries import ImportOut, ProblemOut
from shared.clock import new_id, utc_now
from shared.db import Database
from shared.identity import District
from shared.spreadsheets import harmless
from shared.web import Page, Transaction

router = APIRouter(prefix="/roster-imports")

COLUMNS = ("severity", "file", "line", "column", "value", "reason")


class ImportsOut(BaseModel):
    """A page of imports, newest first."""

    total: int
    items: list[ImportOut]


class ProblemsOut(BaseModel):
    """A page of a report, errors first."""

    total: int
    items: list[ProblemOut]


@router.post("", status_code=202)
async def upload(
    request: Request,
    actor: District,
    session: Transaction,
    id: UUID | None = None,
    file_name: Annotated[str, Query(max_length=200)] = "roster.zip",
) -> ImportOut:
    """Upload a OneRoster bundle (the zip as the request's body) and have it checked. `id`: chosen by the caller."""
    chosen = id or new_id()
    await uploads.receive_body(request, settings_of(request), chosen)
    await commands.receive_import(session, chosen, file_name=file_name, actor=actor, now=utc_now())
    return await queries.roster_import(session, chosen)


@router.get("")
async def imports(actor: District, session: Transaction, paging: Page) -> ImportsOut:
    """All imports."""
    total, items = await queries.find_imports(session, offset=paging.offset, limit=paging.limit)
    return ImportsOut(total=total, items=items)


@router.get("/{id}")
async def one_import(actor: District, session: Transaction, id: UUID) -> ImportOut:
    """One import: its state, how far it is, what it found."""
    return await queries.roster_import(session, id)


@router.post("/{id}/apply", status_code=202)
async def apply(actor: District, session: Transaction, id: UUID, even_though_many_leave: bool = False) -> ImportOut:
    """Have a checked bundle applied; where `many_leave`, only with `even_though_many_leave`."""
    await commands.approve_import(session, id, actor=actor, now=utc_now(), many_may_leave=even_though_many_leave)
    await session.flush()
    return await queries.roster_import(session, id)


@router.post("/{id}/discard")
async def discard(request: Request, actor: District, session: Transaction, id: UUID) -> ImportOut:
    """Put a checked bundle away."""
    await commands.discard_import(session, id, actor=actor, now=utc_now())
    uploads.delete(settings_of(request), id)
    return await queries.roster_import(session, id)


@router.get("/{id}/problems")
async def problems(actor: District, session: Transaction, id: UUID, paging: Page) -> ProblemsOut:
    """The report, line by line."""
    await queries.roster_import(session, id)
    total, items = await queries.problems(session, id, offset=paging.offset, limit=paging.limit)
    return ProblemsOut(total=total, items=items)


@router.get("/{id}/problems.csv", response_class=StreamingResponse)
async def problems_csv(request: Request, actor: District, session: Transaction, id: UUID) -> StreamingResponse:
    """The report as a CSV file; no value in it is a formula to a spreadsheet."""
    await queries.roster_import(session, id)
    headers = {"Content-Disposition": f'attachment; filename="roster-report-{id}.csv"'}
    return StreamingResponse(_as_csv(database_of(request), id), media_type="text/csv; charset=utf-8", headers=headers)


async def _as_csv(db: Database, id: UUID) -> AsyncIterator[str]:
    """In a transaction of its own: the request's is over when the answer begins."""
    text = io.StringIO()
    writer = csv.writer(text)
    # Excel takes CSV for UTF-8 only with the mark.
    text.write("\ufeff")
    writer.writerow(COLUMNS)
    async with db.transaction() as session:
        async for portion in queries.all_problems(session, id):
            writer.writerows([harmless(str(getattr(line, column))) for column in COLUMNS] for line in portion)
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()
