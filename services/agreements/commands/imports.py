"""Imports of programs: check a file, apply it, or both at once for the command line."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import ARRAY, Uuid, any_, cast, delete, or_, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.common import (
    active_schools,
    changed_fields,
    new_program,
    noted,
    put_values,
    state_of,
    touch,
    values_of,
)
from services.agreements.hsds.read import read_hsds
from services.agreements.mappings import FileKind, Hsds, kind_at, kind_named
from services.agreements.models import Change, Organization, Program, ProgramImport
from services.agreements.programs_csv import Progress, Reading, ReadOrganization, Report, read_programs
from services.agreements.programs_csv.plan import Counts, Decision, KnownProgram, Plan, plan_import
from services.agreements.rules import ProgramStatus, ProgramValues, not_found, who
from services.agreements.rules.vetting import LISTED
from services.agreements.words import folded, line, name_key
from shared.clock import new_id
from shared.db import Database
from shared.events.agreements import OrganizationRegistered, ProgramClosed, ProgramOpened, ProgramsImported
from shared.events.base import Fact
from shared.identity.actor import Actor
from shared.messaging import emit_many
from shared.refusals import Kind, Refusal

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What an import did, in numbers, and the report of what it could not read."""

    import_id: UUID
    counts: Counts
    report: Report


async def check_import(
    session: AsyncSession,
    *,
    import_id: UUID,
    content: bytes,
    file_name: str,
    mapping: str,
    actor: Actor,
    now: datetime,
) -> ProgramImport:
    """Read an uploaded file and keep it with its report until somebody applies it; nothing else changes.

    `mapping` is the name of one that comes with the service. The same id again gives the check that is there.
    """
    known = await session.get(ProgramImport, import_id)
    if known is not None:
        return known
    columns = kind_named(mapping)
    plan, _, _ = await _planned(session, await _read(session, content, columns), columns)
    checked = ProgramImport(
        id=import_id,
        mapping=columns.name,
        file_name=line(file_name)[:200],
        content=content,
        outcome=plan.counts.model_dump(mode="json"),
        report=plan.report.model_dump(mode="json"),
        checked_at=now,
        checked_by=str(actor),
    )
    session.add(checked)
    return checked


async def apply_import(session: AsyncSession, import_id: UUID, *, actor: Actor, now: datetime) -> ProgramImport:
    """Apply a file that was checked; one that is applied already stays as it is."""
    checked = await session.get(ProgramImport, import_id, with_for_update=True)
    if checked is None:
        raise not_found("import")
    if checked.content is None:
        return checked
    columns = kind_named(checked.mapping)
    outcome = await _apply(session, import_id, await _read(session, checked.content, columns), columns, actor, now)
    checked.outcome = outcome.counts.model_dump(mode="json")
    checked.report = outcome.report.model_dump(mode="json")
    checked.content, checked.applied_at, checked.applied_by = None, now, str(actor)
    return checked


async def import_programs(
    db: Database, path: Path, mapping: str, progress: Progress, actor: Actor, now: datetime
) -> ImportOutcome:
    """Read a file of programs and apply it in one transaction: for the command line.

    `mapping` is the name of a kind that comes with the service (`hsds` among them), or the path of a TOML file.
    Refuses a file that cannot be read or is not for the mapping; bad rows and values only stand in the report.
    """
    columns = await asyncio.to_thread(kind_at, mapping)
    content = await asyncio.to_thread(_content, path)
    async with db.transaction() as session:
        reading = await _read(session, content, columns, progress)
        outcome = await _apply(session, new_id(), reading, columns, actor, now)
        session.add(_applied(outcome, path.name, columns, actor, now))
    return outcome


async def forget_unapplied_imports(session: AsyncSession, *, older_than: timedelta, now: datetime) -> int:
    """Delete uploaded files that nobody applied; they hold people's names. How many there were."""
    old = delete(ProgramImport).where(
        col(ProgramImport.applied_at).is_(None), col(ProgramImport.checked_at) < now - older_than
    )
    return (await session.exec(old)).rowcount


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        said = f"{path} cannot be read: {error.strerror or error}."
        raise Refusal(Kind.INVALID, "file_unreadable", said) from None


def _applied(outcome: ImportOutcome, file_name: str, mapping: FileKind, actor: Actor, now: datetime) -> ProgramImport:
    return ProgramImport(
        id=outcome.import_id,
        mapping=mapping.name,
        file_name=line(file_name)[:200],
        outcome=outcome.counts.model_dump(mode="json"),
        report=outcome.report.model_dump(mode="json"),
        checked_at=now,
        checked_by=str(actor),
        applied_at=now,
        applied_by=str(actor),
    )


async def _read(session: AsyncSession, content: bytes, mapping: FileKind, progress: Progress | None = None) -> Reading:
    schools = {folded(school.name): school.id for school in await active_schools(session)}
    # Thousands of rows keep a processor busy for seconds; the service goes on answering meanwhile.
    if isinstance(mapping, Hsds):
        return await asyncio.to_thread(read_hsds, content, mapping.country, schools, progress)
    return await asyncio.to_thread(read_programs, content, mapping, schools, progress)


async def _planned(
    session: AsyncSession, reading: Reading, mapping: FileKind
) -> tuple[Plan, dict[UUID, Organization], dict[UUID, Program]]:
    """What to do, with the rows that it is about, locked: organizations first, as everywhere."""
    keys = {name_key(organization.name) for organization in reading.organizations}
    known = (await session.exec(select(Organization).order_by(col(Organization.id)).with_for_update())).all()
    organizations = {organization.id: organization for organization in known}
    named = [organization.merged_into or organization.id for organization in known if organization.name_key in keys]
    rows = await session.exec(
        select(Program)
        .where(
            or_(
                col(Program.mapping) == mapping.name,
                col(Program.organization_id).in_(named),
                col(Program.id) == any_(cast([program.id for program in reading.programs], ARRAY(Uuid()))),
            )
        )
        .order_by(col(Program.id))
        .with_for_update()
    )
    programs = {row.id: row for row in rows}
    plan = plan_import(
        reading,
        # What was merged keeps its name, by which files know it.
        {organization.name_key: organization.merged_into or organization.id for organization in known},
        {row.id: _known(row, organizations[row.organization_id], mapping) for row in programs.values()},
        {organization.id for organization in known if organization.status not in LISTED},
    )
    return plan, organizations, programs


def _known(row: Program, organization: Organization, mapping: FileKind) -> KnownProgram:
    return KnownProgram(
        id=row.id,
        organization_id=row.organization_id,
        organization_name=organization.name,
        values=values_of(row),
        status=row.status,
        status_reason=row.status_reason,
        told=ProgramValues.model_validate(row.imported) if row.mapping == mapping.name else None,
    )


async def _apply(
    session: AsyncSession, import_id: UUID, reading: Reading, mapping: FileKind, actor: Actor, now: datetime
) -> ImportOutcome:
    # Two imports at once would both take the same organizations for new.
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('import of programs'))"))
    plan, organizations, programs = await _planned(session, reading, mapping)
    new = [_organization(read, actor, now) for read in plan.organizations]
    organizations |= {organization.id: organization for organization in new}
    session.add_all(new)
    await session.flush()
    facts: list[Fact] = [OrganizationRegistered(organization_id=one.id, name=one.name) for one in new]
    changes = []
    for decision in plan.decisions:
        home = organizations[decision.organization_id]
        row = _decided(decision, programs.get(decision.id), home, mapping, actor, now)
        session.add(row)
        if decision.is_change:
            changes.append(_noted(decision, row))
            facts += _facts(decision, row, home)
    await session.flush()
    session.add_all(changes)
    await emit_many(session, [*facts, _imported(import_id, mapping, plan.counts)], actor=actor, now=now)
    log.info("programs_imported", import_id=str(import_id), mapping=mapping.name, **plan.counts.model_dump())
    return ImportOutcome(import_id, plan.counts, plan.report)


def _organization(read: ReadOrganization, actor: Actor, now: datetime) -> Organization:
    return Organization(
        id=read.id,
        name=read.name,
        name_key=name_key(read.name),
        registered_at=now,
        changed_at=now,
        changed_by=str(actor),
        changed_by_label=who(actor, read.name),
    )


def _decided(
    decision: Decision,
    row: Program | None,
    organization: Organization,
    mapping: FileKind,
    actor: Actor,
    now: datetime,
) -> Program:
    """The row of a program as it was decided."""
    if row is None:
        row = new_program(decision.id, organization, decision.values, actor=actor, now=now)
        row.mapping = mapping.name
        if decision.assured:
            row.confirmed_at = min(now, datetime.combine(decision.assured, time(), UTC))
    elif decision.is_change:
        put_values(row, decision.values)
        touch(row, organization, actor=actor, now=now)
    row.status, row.status_reason = decision.status, decision.status_reason
    row.imported = decision.told.model_dump(mode="json")
    return row


def _noted(decision: Decision, row: Program) -> Change:
    if decision.before is None:
        return noted(row, "imported", words=row.status_reason)
    return noted(
        row, "changed", fields=changed_fields(decision.before.values, decision.values), words=row.status_reason
    )


def _facts(decision: Decision, row: Program, organization: Organization) -> Iterator[Fact]:
    yield state_of(row, organization)
    before = decision.before.status if decision.before else None
    if row.status is ProgramStatus.OPEN and before is not ProgramStatus.OPEN:
        yield ProgramOpened(program_id=row.id, organization_id=row.organization_id)
    if row.status is not ProgramStatus.OPEN and before is ProgramStatus.OPEN:
        yield ProgramClosed(program_id=row.id, organization_id=row.organization_id, status=row.status.value)


def _imported(import_id: UUID, mapping: FileKind, counts: Counts) -> ProgramsImported:
    return ProgramsImported(
        import_id=import_id,
        mapping=mapping.name,
        organizations=counts.organizations,
        programs=counts.programs,
        changed=counts.new + counts.changed,
        rows_refused=counts.rows_refused,
    )
