"""The life of an uploaded roster: received, checked by the worker, approved by a person, applied by the worker."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people import rules
from services.people.models import ImportState, RosterImport
from shared.identity import Actor
from shared.messaging import wake
from shared.refusals import Kind, Refusal

LEASE = timedelta(seconds=60)
KEPT = timedelta(days=30)
"""How long reports are kept: they quote what the roster says of people."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An import for this worker to work on; `apply`: a person approved it, `many_may_leave`: also this."""

    id: UUID
    actor: str
    apply: bool
    many_may_leave: bool


async def receive_import(session: AsyncSession, id: UUID, *, file_name: str, actor: Actor, now: datetime) -> None:
    """Note an upload that lies ready, and have it checked. The same id again changes nothing (a form sent twice)."""
    row = insert(RosterImport).values(
        id=id,
        file_name=rules.plain(file_name)[:200] or "roster.zip",
        actor=str(actor),
        state=ImportState.UPLOADED,
        created_at=now,
        what="Waiting to be checked",
    )
    await session.execute(row.on_conflict_do_nothing())
    await wake(session, "jobs")


async def approve_import(
    session: AsyncSession, id: UUID, *, actor: Actor, now: datetime, many_may_leave: bool = False
) -> None:
    """Have a checked bundle applied; one with which many leave only where the actor says that they may."""
    row = await _locked(session, id)
    rules.check_approvable(row.state)
    if row.state is ImportState.CHECKED:
        rules.check_leaving(row.leaving, row.listed, many_may_leave=many_may_leave)
        row.many_may_leave = many_may_leave
        row.state, row.actor, row.lease_until, row.attempts = ImportState.APPROVED, str(actor), None, 0
        row.what, row.done, row.total = "Waiting to be applied", 0, 0
        await wake(session, "jobs")


async def discard_import(session: AsyncSession, id: UUID, *, actor: Actor, now: datetime) -> None:
    """Put a bundle away without applying it."""
    row = await _locked(session, id)
    rules.check_discardable(row.state)
    row.state, row.settled_at = ImportState.DISCARDED, now


async def claim_import(session: AsyncSession, *, now: datetime) -> Claimed | None:
    """Take up the next import that waits, or that a killed worker left behind."""
    waiting = (
        select(RosterImport)
        .where(
            col(RosterImport.state).in_((ImportState.UPLOADED, ImportState.APPROVED)),
            or_(col(RosterImport.lease_until).is_(None), col(RosterImport.lease_until) < now),
        )
        .order_by(col(RosterImport.created_at))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = (await session.exec(waiting)).first()
    if row is None:
        return None
    row.lease_until, row.attempts = now + LEASE, row.attempts + 1
    if row.attempts > rules.MOST_IMPORT_ATTEMPTS:
        row.state, row.settled_at, row.what = ImportState.FAILED, now, ""
        return None
    return Claimed(row.id, row.actor, row.state is ImportState.APPROVED, row.many_may_leave)


async def note_progress(session: AsyncSession, id: UUID, *, done: int, total: int, what: str, now: datetime) -> None:
    """Show how far an import is, and keep it claimed."""
    waiting = col(RosterImport.state).in_((ImportState.UPLOADED, ImportState.APPROVED))
    values = {"done": done, "total": total, "what": what, "lease_until": now + LEASE}
    await session.exec(update(RosterImport).where(col(RosterImport.id) == id, waiting).values(values))


async def fail_import(session: AsyncSession, id: UUID, *, now: datetime) -> None:
    """Note that an import broke for a reason that is not the bundle's; it is tried again a few times."""
    row = await _locked(session, id)
    row.lease_until = now + timedelta(seconds=2**row.attempts)


async def clear_old_imports(session: AsyncSession, *, now: datetime) -> list[UUID]:
    """Delete imports and their reports after a month; returns their ids, so that files can go with them."""
    old = delete(RosterImport).where(col(RosterImport.created_at) < now - KEPT).returning(col(RosterImport.id))
    return list((await session.exec(old)).scalars().all())


async def _locked(session: AsyncSession, id: UUID) -> RosterImport:
    row = await session.get(RosterImport, id, with_for_update=True, populate_existing=True)
    if row is None:
        raise Refusal(
            Kind.NOT_FOUND, "import_unknown", "There is no such import. It may have been deleted after a month."
        )
    return row
