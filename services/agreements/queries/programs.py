"""What is asked about one program, and about imports."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import defer
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Change, Organization, Program, ProgramImport
from services.agreements.rules import Freshness, ProgramStatus, not_found
from services.agreements.rules.standing import Halt
from services.agreements.words import shown_phone
from shared.events.vocabulary import Need


class ProgramView(BaseModel):
    """A program as it is read."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    organization_id: UUID
    organization_name: str
    halted: bool
    """It takes no new students although it is open."""
    halt: Halt | None
    """Why so; only schools, the district and the partner itself are told."""
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
    neighborhood: str
    minimum_age: int | None
    maximum_age: int | None
    cost_cents: int | None
    """Hundredths of `currency`; 0: free; None: not known."""
    currency: str
    """ISO 4217; empty: the district's."""
    cost_note: str
    times: list[str]
    """Each week: `MO 15:00-17:30`."""
    open_places: int | None
    """0: a waiting list; None: not known."""
    url: str
    status: ProgramStatus
    status_reason: str
    """Why it is paused or closed; told to the same."""
    version: int
    changed_at: datetime
    confirmed_at: datetime
    freshness: Freshness
    distance: float | None = None
    """Metres from where the search was near."""

    @property
    def phone(self) -> str:
        """The telephone number as people read it."""
        return shown_phone(self.contact_phone, self.contact_extension)

    def without_reasons(self) -> "ProgramView":
        """The same as passers-by may read it."""
        return self.model_copy(update={"halt": None, "status_reason": ""})


async def program_view(session: AsyncSession, program_id: UUID) -> ProgramView:
    """One program, open or not."""
    found = await session.exec(
        select(Program, Organization.name, Organization.halt).join(Organization).where(Program.id == program_id)
    )
    row = found.first()
    if row is None:
        raise not_found("program")
    return view_of(*row)


def view_of(
    program: Program, organization_name: str, halt: Halt | None, *, distance: float | None = None
) -> ProgramView:
    """A program's row as it is read."""
    fields = {name: getattr(program, name) for name in ProgramView.model_fields if name in Program.model_fields}
    return ProgramView(
        **fields, organization_name=organization_name, halted=halt is not None, halt=halt, distance=distance
    )


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
