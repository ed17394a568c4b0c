"""Keeping the directory true: a partner confirms its entries each half year; who does not is reminded, then marked."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.commands.common import kept_program, looked_over, noted, state_of
from services.agreements.commands.todos import close_todos, for_organization, open_todo
from services.agreements.models import Organization, Program
from services.agreements.rules import LOOKS, Freshness, Look, ProgramStatus, look_due, who
from shared.events.agreements import ProgramConfirmed, ProgramsConfirmationDue
from shared.events.vocabulary import TodoKind
from shared.identity.actor import Actor
from shared.messaging import emit

BATCH = 200
"""Programs that one look asks about."""


async def confirm_program(session: AsyncSession, program_id: UUID, *, actor: Actor, now: datetime) -> Program:
    """Say that all that a program says is still right; once more on the same day changes nothing."""
    program, organization = await kept_program(session, program_id, actor)
    if program.freshness is Freshness.FRESH and program.confirmed_at.date() == now.date():
        return program
    looked_over(program, now=now)
    change = noted(program, "confirmed")
    change.at, change.by_label = now, who(actor, organization.name)
    session.add(change)
    confirmed = ProgramConfirmed(program_id=program.id, organization_id=organization.id)
    await emit(session, confirmed, state_of(program, organization), actor=actor, now=now)
    await close_todos(session, program.id, kind=TodoKind.PROGRAM_CONFIRM, actor=actor, now=now)
    return program


async def ask_to_confirm(
    session: AsyncSession, *, good_for: timedelta, ask: timedelta, zone: tzinfo, actor: Actor, now: datetime
) -> int:
    """Ask one partner about its programs that are due, or mark the ones that lapsed; how many programs it was.

    `good_for` is how long a confirmation holds, `ask` how long before its end the partner is asked,
    `zone` the district's, by which the last day of a confirmation goes.
    """
    due = _is_due(now - (good_for - ask), now - good_for)
    organization = await _next_partner(session, due)
    if organization is None:
        return 0
    programs = await _due(session, organization, due)
    asked: dict[Look, list[Program]] = {Look.ASK: [], Look.LAPSE: []}
    for program in programs:
        look = look_due(program.freshness, program.confirmed_at, now, good_for=good_for, ask=ask)
        if look is not None:
            program.freshness = LOOKS[program.freshness, look]
            asked[look].append(program)
            await _wait_for(session, program, _last_day(program, good_for, zone), actor, now)
    for look, those in asked.items():
        if those:
            await emit(session, _due_fact(organization, those, look, good_for, zone), actor=actor, now=now)
    return sum(map(len, asked.values()))


def _last_day(program: Program, good_for: timedelta, zone: tzinfo) -> date:
    return (program.confirmed_at + good_for).astimezone(zone).date()


async def _wait_for(session: AsyncSession, program: Program, until: date, actor: Actor, now: datetime) -> None:
    await open_todo(
        session,
        TodoKind.PROGRAM_CONFIRM,
        program.id,
        to=for_organization(program.organization_id),
        organization_id=program.organization_id,
        due_on=until,
        actor=actor,
        now=now,
    )


def _is_due(ask_before: datetime, lapse_before: datetime) -> ColumnElement[bool]:
    fresh, asked = (col(Program.freshness) == one for one in (Freshness.FRESH, Freshness.ASKED))
    due = or_(
        and_(fresh, col(Program.confirmed_at) <= ask_before), and_(asked, col(Program.confirmed_at) <= lapse_before)
    )
    return and_(due, col(Program.status) != ProgramStatus.CLOSED)


async def _next_partner(session: AsyncSession, due: ColumnElement[bool]) -> Organization | None:
    """A partner with something due that no other worker has in hand."""
    ids = select(Program.organization_id).where(due)
    found = select(Organization).where(col(Organization.id).in_(ids)).limit(1).with_for_update(skip_locked=True)
    return (await session.exec(found)).first()


async def _due(session: AsyncSession, organization: Organization, due: ColumnElement[bool]) -> Sequence[Program]:
    rows = await session.exec(
        select(Program)
        .where(Program.organization_id == organization.id, due)
        .order_by(col(Program.id))
        .limit(BATCH)
        .with_for_update()
    )
    return rows.all()


def _due_fact(
    organization: Organization, programs: Sequence[Program], look: Look, good_for: timedelta, zone: tzinfo
) -> ProgramsConfirmationDue:
    return ProgramsConfirmationDue(
        organization_id=organization.id,
        program_ids=tuple(program.id for program in programs),
        on=min(_last_day(program, good_for, zone) for program in programs),
        lapsed=look is Look.LAPSE,
    )
