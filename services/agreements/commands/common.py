"""What the commands about organizations and programs share: rows to values, values to rows, rows to facts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Change, Organization, Program, School
from services.agreements.rules import Freshness, ProgramStatus, ProgramValues, keeps, not_found, who
from services.agreements.words import folded
from shared.events.agreements import Contact, ProgramChanged
from shared.identity.actor import Actor
from shared.refusals import Refusal


async def kept_organization(session: AsyncSession, organization_id: UUID, actor: Actor) -> Organization:
    """An organization that the actor may change, locked until the transaction ends."""
    found = await session.get(Organization, organization_id, with_for_update=True)
    if found is None or not keeps(actor, found.id):
        raise not_found("organization")
    return found


async def kept_program(session: AsyncSession, program_id: UUID, actor: Actor) -> tuple[Program, Organization]:
    """A program that the actor may change, and its organization, locked in the order in which everybody locks them."""
    found = await session.get(Program, program_id)
    if found is None or not keeps(actor, found.organization_id):
        raise not_found("program")
    organization = await kept_organization(session, found.organization_id, actor)
    await session.refresh(found, with_for_update=True)
    return found, organization


async def active_schools(session: AsyncSession) -> Sequence[School]:
    """The schools that a program may serve."""
    return (await session.exec(select(School).where(School.active))).all()


@asynccontextmanager
async def unique(session: AsyncSession, refusal: Refusal) -> AsyncIterator[None]:
    """What is written inside; the refusal where a unique name is taken, possibly just now by somebody else."""
    try:
        async with session.begin_nested():
            yield
    except IntegrityError:
        raise refusal from None


def values_of(program: Program) -> ProgramValues:
    """What a program says, as a plain value."""
    return ProgramValues.model_validate({name: getattr(program, name) for name in ProgramValues.model_fields})


def put_values(program: Program, values: ProgramValues) -> None:
    """Write what a program says into its row."""
    for name, value in _columns(values).items():
        setattr(program, name, value)


def _columns(values: ProgramValues) -> dict[str, Any]:
    fields = {name: getattr(values, name) for name in ProgramValues.model_fields}
    lists = {name: list(value) for name, value in fields.items() if isinstance(value, tuple)}
    return fields | lists | {"name_key": folded(values.name), "site_key": folded(values.site)}


def new_program(
    program_id: UUID, organization: Organization, values: ProgramValues, *, actor: Actor, now: datetime
) -> Program:
    """The row of a program that was not there before, open for referrals."""
    return Program(
        id=program_id,
        organization_id=organization.id,
        status=ProgramStatus.OPEN,
        changed_at=now,
        changed_by=str(actor),
        changed_by_label=who(actor, organization.name),
        confirmed_at=now,
        **_columns(values),
    )


def touch(program: Program, organization: Organization, *, actor: Actor, now: datetime) -> None:
    """Count a change and say whose it is."""
    program.version += 1
    program.changed_at, program.changed_by = now, str(actor)
    program.changed_by_label = who(actor, organization.name)


def looked_over(program: Program, *, now: datetime) -> None:
    """Somebody has looked at all that a program says: it is fresh again."""
    program.confirmed_at, program.freshness = now, Freshness.FRESH


def changed_fields(before: ProgramValues, after: ProgramValues) -> list[str]:
    """The fields in which two states differ."""
    return [name for name in ProgramValues.model_fields if getattr(before, name) != getattr(after, name)]


def noted(program: Program, what: str, *, fields: Sequence[str] = (), words: str = "") -> Change:
    """The line of the timeline for the state that the program has now."""
    return Change(
        program_id=program.id,
        version=program.version,
        at=program.changed_at,
        by_label=program.changed_by_label,
        what=what,
        fields=list(fields),
        words=words,
    )


def state_of(program: Program, organization: Organization) -> ProgramChanged:
    """The program as it is published."""
    values = values_of(program)
    contact = Contact(
        name=values.contact_name,
        email=values.contact_email,
        phone=values.contact_phone,
        extension=values.contact_extension,
    )
    return ProgramChanged(
        program_id=program.id,
        organization_id=program.organization_id,
        organization_name=organization.name,
        contact=contact if values.has_contact else None,
        status=program.status.value,
        halt=organization.halt,
        confirmed_at=program.confirmed_at,
        **{name: getattr(values, name) for name in PUBLISHED},
    )


PUBLISHED = frozenset(ProgramValues.model_fields) & frozenset(ProgramChanged.model_fields)
"""Fields that a program's state event has under the same name."""
