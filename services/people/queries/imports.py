"""Roster imports and their reports."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, computed_field
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people import rules
from services.people.models import ImportProblem, ImportState, Person, RosterImport
from shared.refusals import Kind, Refusal

COMMAND_LINE = "the command line"


class ImportOut(BaseModel):
    """A roster import."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    file_name: str
    state: ImportState
    created_at: datetime
    settled_at: datetime | None
    what: str
    """What is being done just now."""
    done: int
    total: int
    mode: str
    schools: int
    students: int
    guardians: int
    staff: int
    added: int
    changed: int
    gone: int
    listed: int
    leaving: int
    """How many the roster on record names, and how many of them leave it."""
    errors: int
    warnings: int
    by: str = ""
    """Name of who brought it."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def many_leave(self) -> bool:
        """Whether so many leave that it is applied only with `even_though_many_leave`."""
        return rules.many_leave(self.leaving, self.listed)

    @property
    def is_elsewhere(self) -> bool:
        """Whether its file was only read on the command line, so that it cannot be applied here."""
        return self.by == COMMAND_LINE

    @property
    def is_moving(self) -> bool:
        """Whether a worker has it or will take it up."""
        return self.state in (ImportState.UPLOADED, ImportState.APPROVED)


class ProblemOut(BaseModel):
    """One line of a report. `line` 0 is the file as a whole."""

    model_config = ConfigDict(from_attributes=True)

    file: str
    line: int
    column: str
    value: str
    reason: str
    severity: str


async def find_imports(session: AsyncSession, *, offset: int, limit: int) -> tuple[int, list[ImportOut]]:
    """Imports, newest first."""
    total = (await session.exec(select(func.count()).select_from(RosterImport))).one()
    query = select(RosterImport).order_by(col(RosterImport.created_at).desc())
    rows = (await session.exec(query.offset(offset).limit(limit))).all()
    return total, [await _out(session, row) for row in rows]


async def roster_import(session: AsyncSession, id: UUID) -> ImportOut:
    """One import."""
    row = await session.get(RosterImport, id)
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "import_unknown", "There is no such import. Imports are kept for a month.")
    return await _out(session, row)


async def _out(session: AsyncSession, row: RosterImport) -> ImportOut:
    kind, _, id = row.actor.partition(":")
    person = await session.get(Person, UUID(id)) if kind == "person" else None
    out = ImportOut.model_validate(row)
    out.by = f"{person.given_name} {person.family_name}" if person else COMMAND_LINE if kind == "system" else ""
    return out


async def problems(session: AsyncSession, id: UUID, *, offset: int, limit: int) -> tuple[int, list[ProblemOut]]:
    """A page of an import's report, errors first."""
    of_import = ImportProblem.import_id == id
    total = (await session.exec(select(func.count()).select_from(ImportProblem).where(of_import))).one()
    query = select(ImportProblem).where(of_import).order_by(col(ImportProblem.id))
    rows = (await session.exec(query.offset(offset).limit(limit))).all()
    return total, [ProblemOut.model_validate(row) for row in rows]


async def all_problems(session: AsyncSession, id: UUID, *, size: int = 2000) -> AsyncIterator[list[ProblemOut]]:
    """The whole report, in portions."""
    last = 0
    while True:
        query = select(ImportProblem).where(ImportProblem.import_id == id, col(ImportProblem.id) > last)
        rows = (await session.exec(query.order_by(col(ImportProblem.id)).limit(size))).all()
        if not rows:
            return
        yield [ProblemOut.model_validate(row) for row in rows]
        last = rows[-1].id or last
        session.expunge_all()
