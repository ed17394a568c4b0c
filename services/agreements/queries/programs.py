"""What is asked about programs and imports."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, func, or_
from sqlalchemy.orm import defer
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Change, Organization, Program, ProgramImport
from services.agreements.queries.common import Blank, words_in
from services.agreements.rules import ProgramStatus, not_found
from services.agreements.words import shown_phone
from shared.events.vocabulary import GRADES, LANGUAGES, Need


def _grade(value: str | None) -> str | None:
    if value is not None and value not in GRADES:
        raise ValueError(f"use one of {', '.join(GRADES)}")
    return value


def _language(value: str | None) -> str | None:
    if value is not None and value not in LANGUAGES:
        raise ValueError(f"use one of {', '.join(LANGUAGES)}")
    return value


Grade = Annotated[str | None, Blank, AfterValidator(_grade)]
Language = Annotated[str | None, Blank, AfterValidator(_language)]


class ProgramSearch(BaseModel):
    """What programs are looked for; everything that is given must fit."""

    q: Annotated[str | None, Blank] = Field(default=None, max_length=200, description="Words, each of which must occur")
    need: Annotated[Need | None, Blank] = None
    grade: Grade = None
    language: Language = None
    school: Annotated[UUID | None, Blank] = None
    organization: Annotated[UUID | None, Blank] = None
    status: Literal["open", "paused", "closed", "any"] = "open"
    sort: Literal["name", "partner", "changed"] = "name"

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is asked for."""
        return any((self.q, self.need, self.grade, self.language, self.school, self.organization))


class ProgramView(BaseModel):
    """A program as it is read."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    organization_id: UUID
    organization_name: str
    name: str
    description: str
    needs: list[Need]
    grades: list[str]
    """CEDS codes; empty: every grade."""
    school_ids: list[UUID]
    """Empty: every school."""
    languages: list[str]
    schedule: str
    capacity: int | None
    contact_name: str
    contact_email: str | None
    contact_phone: str | None
    """E.164."""
    contact_extension: str
    site: str
    latitude: float | None
    longitude: float | None
    status: ProgramStatus
    status_reason: str
    version: int
    changed_at: datetime

    @property
    def phone(self) -> str:
        """The telephone number as people read it."""
        return shown_phone(self.contact_phone, self.contact_extension)


async def find_programs(
    session: AsyncSession, search: ProgramSearch, *, offset: int = 0, limit: int | None = None
) -> tuple[list[ProgramView], int]:
    """Programs that fit, a part of them, and how many there are in all."""
    fits = _fits(search)
    found = select(Program, Organization.name).join(Organization).where(*fits)
    rows = await session.exec(found.order_by(*_ORDERS[search.sort], col(Program.id)).offset(offset).limit(limit))
    count = select(func.count()).select_from(Program).join(Organization).where(*fits)
    return [_view(program, name) for program, name in rows], (await session.exec(count)).one()


async def program_view(session: AsyncSession, program_id: UUID) -> ProgramView:
    """One program, open or not."""
    found = await session.exec(select(Program, Organization.name).join(Organization).where(Program.id == program_id))
    row = found.first()
    if row is None:
        raise not_found("program")
    return _view(*row)


def _view(program: Program, organization_name: str) -> ProgramView:
    fields = {name: getattr(program, name) for name in ProgramView.model_fields if name != "organization_name"}
    return ProgramView(**fields, organization_name=organization_name)


def _fits(search: ProgramSearch) -> list[ColumnElement[bool]]:
    fits: list[ColumnElement[bool]] = []
    if search.status != "any":
        fits.append(col(Program.status) == search.status)
    if search.need:
        fits.append(col(Program.needs).contains([search.need]))
    if search.language:
        fits.append(col(Program.languages).contains([search.language]))
    if search.grade:
        fits.append(_all_or(Program.grades, search.grade))
    if search.school:
        fits.append(_all_or(Program.school_ids, search.school))
    if search.organization:
        fits.append(col(Program.organization_id) == search.organization)
    return fits + words_in(search.q or "", Program.name, Program.description, Program.site, Organization.name)


def _all_or(column: Any, wanted: object) -> ColumnElement[bool]:
    """An empty list stands for everything."""
    return or_(col(column) == [], col(column).contains([wanted]))


_ORDERS: dict[str, tuple[Any, ...]] = {
    "name": (col(Program.name_key),),
    "partner": (col(Organization.name_key), col(Program.name_key)),
    "changed": (col(Program.changed_at).desc(),),
}


async def history(session: AsyncSession, program_id: UUID) -> Sequence[Change]:
    """What happened to a program, newest first."""
    rows = await session.exec(
        select(Change).where(Change.program_id == program_id).order_by(col(Change.version).desc())
    )
    return rows.all()


async def program_import(session: AsyncSession, import_id: UUID) -> ProgramImport:
    """One import."""
    found = await session.get(ProgramImport, import_id)
    if found is None:
        raise not_found("import")
    return found


async def recent_imports(session: AsyncSession, limit: int = 5) -> Sequence[ProgramImport]:
    """The imports that were checked last, newest first; without the files themselves."""
    newest = select(ProgramImport).order_by(col(ProgramImport.checked_at).desc()).limit(limit)
    return (await session.exec(newest.options(defer(ProgramImport.content)))).all()  # type: ignore[arg-type]
