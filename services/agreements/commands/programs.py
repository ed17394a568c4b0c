"""Programs of a partner organization: add, change, pause, close, open again."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.common import (
    active_schools,
    changed_fields,
    kept_organization,
    kept_program,
    looked_over,
    new_program,
    noted,
    put_values,
    state_of,
    touch,
    unique,
    values_of,
)
from services.agreements.commands.todos import close_todos
from services.agreements.models import Change, Organization, Program
from services.agreements.rules import (
    FIELD_LABELS,
    MAX_LENGTH,
    Move,
    ProgramEntry,
    ProgramStatus,
    ProgramValues,
    keeps,
    moved,
    not_found,
    valid_program,
)
from services.agreements.rules.vetting import check_may_offer
from services.agreements.words import line
from shared.events.agreements import ProgramClosed, ProgramOpened
from shared.events.base import Fact
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor
from shared.messaging import emit
from shared.refusals import Kind, Refusal
from shared.web.words import relative


async def add_program(
    session: AsyncSession,
    *,
    program_id: UUID,
    organization_id: UUID,
    entry: ProgramEntry,
    country: str,
    actor: Actor,
    now: datetime,
) -> Program:
    """Add a program, open for referrals; the same id again gives the one that is there.

    `country` is where telephone numbers without country code are from.
    """
    known = await session.get(Program, program_id)
    if known is not None:
        if not keeps(actor, known.organization_id):
            raise not_found("program")
        return known
    organization = await kept_organization(session, organization_id, actor)
    check_may_offer(organization.status, organization.name)
    values = valid_program(entry, [school.id for school in await active_schools(session)], country)
    program = new_program(program_id, organization, values, actor=actor, now=now)
    async with unique(session, _taken(organization, values)):
        session.add(program)
    session.add(noted(program, "added"))
    opened = ProgramOpened(program_id=program_id, organization_id=organization_id)
    await emit(session, state_of(program, organization), opened, actor=actor, now=now)
    return program


async def change_program(
    session: AsyncSession,
    program_id: UUID,
    *,
    version: int,
    entry: ProgramEntry,
    country: str,
    actor: Actor,
    now: datetime,
) -> Program:
    """Change what a program says; to say what it says already changes nothing, whatever the version.

    Refuses where somebody else changed it after `version` was shown.
    """
    program, organization = await kept_program(session, program_id, actor)
    before = values_of(program)
    schools = {school.id for school in await active_schools(session)} | set(before.school_ids)
    values = valid_program(entry, schools, country)
    if entry.position is None:
        values = _at_the_same_place(before, values)
    if entry.currency is None:
        values = values.model_copy(update={"currency": before.currency})
    fields = changed_fields(before, values)
    if not fields:
        return program
    await _refuse_stale(session, program, version, now)
    async with unique(session, _taken(organization, values)):
        put_values(program, values)
    touch(program, organization, actor=actor, now=now)
    looked_over(program, now=now)
    session.add(noted(program, "changed", fields=fields))
    await close_todos(session, program.id, kind=TodoKind.PROGRAM_CONFIRM, actor=actor, now=now)
    await emit(session, state_of(program, organization), actor=actor, now=now)
    return program


async def pause_program(
    session: AsyncSession, program_id: UUID, *, version: int, reason: str, actor: Actor, now: datetime
) -> Program:
    """Take no referrals for a while."""
    return await _move(session, program_id, Move.PAUSE, version, reason, actor, now)


async def close_program(
    session: AsyncSession, program_id: UUID, *, version: int, reason: str, actor: Actor, now: datetime
) -> Program:
    """Take no more referrals."""
    return await _move(session, program_id, Move.CLOSE, version, reason, actor, now)


async def reopen_program(
    session: AsyncSession, program_id: UUID, *, version: int, actor: Actor, now: datetime
) -> Program:
    """Take referrals again."""
    return await _move(session, program_id, Move.REOPEN, version, "", actor, now)


async def _move(
    session: AsyncSession, program_id: UUID, move: Move, version: int, reason: str, actor: Actor, now: datetime
) -> Program:
    program, organization = await kept_program(session, program_id, actor)
    if program.version == version + 1 and program.changed_by == str(actor) and program.status is move.leads_to:
        return program
    await _refuse_stale(session, program, version, now)
    program.status = moved(program.status, move, has_contact=values_of(program).has_contact)
    program.status_reason = _reason(reason)
    if program.status is ProgramStatus.CLOSED:
        await close_todos(session, program.id, kind=TodoKind.PROGRAM_CONFIRM, actor=actor, now=now)
    touch(program, organization, actor=actor, now=now)
    session.add(noted(program, _WHAT[program.status], words=program.status_reason))
    await emit(session, _moved_fact(program), state_of(program, organization), actor=actor, now=now)
    return program


_WHAT = {ProgramStatus.OPEN: "opened", ProgramStatus.PAUSED: "paused", ProgramStatus.CLOSED: "closed"}


def _moved_fact(program: Program) -> Fact:
    ids = {"program_id": program.id, "organization_id": program.organization_id}
    if program.status is ProgramStatus.OPEN:
        return ProgramOpened(**ids)
    return ProgramClosed(**ids, status=program.status.value)


def _reason(text: str) -> str:
    reason = line(text)
    if len(reason) > MAX_LENGTH["reason"]:
        said = f"Shorten the reason to at most {MAX_LENGTH['reason']} characters."
        raise Refusal(Kind.INVALID, "reason_too_long", said)
    return reason


def _at_the_same_place(before: ProgramValues, after: ProgramValues) -> ProgramValues:
    """Who says nothing of coordinates leaves them while the place stays."""
    if after.site != before.site:
        return after
    return after.model_copy(update={"latitude": before.latitude, "longitude": before.longitude})


def _taken(organization: Organization, values: ProgramValues) -> Refusal:
    said = (
        f"{organization.name} has a program “{values.name}” at this place already. "
        "Change that one, or give this one another name."
    )
    return Refusal(Kind.CONFLICT, "program_exists", said, fields={"name": said})


async def _refuse_stale(session: AsyncSession, program: Program, version: int, now: datetime) -> None:
    """Refuse where the program is not in the version that the person saw, saying who did what since."""
    if program.version == version:
        return
    since = select(Change).where(Change.program_id == program.id, col(Change.version) > version)
    changes = (await session.exec(since.order_by(col(Change.version)))).all()
    did = "; ".join(f"{_said(change)}, {relative(change.at, now)}" for change in changes)
    said = f"The program is not as you saw it. {did}. Nothing of yours was saved. Look at it again, then decide."
    raise Refusal(Kind.CONFLICT, "stale_version", said)


def _said(change: Change) -> str:
    """ "City Year changed needs and days and times"."""
    fields = ", ".join(FIELD_LABELS[field].lower() for field in change.fields)
    return f"{change.by_label} {change.what} {fields or 'it'}"
