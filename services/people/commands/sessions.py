"""Sessions begin with a sign-in and end by time, by sign-out, and when the person's roles change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people import rules
from services.people.models import Person, RoleHeld, Session
from shared.clock import new_id
from shared.events.base import Role
from shared.events.people import SessionsEnded, SessionStarted
from shared.identity import Actor
from shared.messaging import emit
from shared.messaging.tables import revoked_sessions


@dataclass(frozen=True, slots=True)
class SignedInAs:
    """A fresh session: who it is, and when it ends by itself."""

    actor: Actor
    expires_at: datetime


async def start_session(
    session: AsyncSession,
    person: Person,
    *,
    method: str,
    device: str,
    length: timedelta,
    now: datetime,
    provider_sid: str | None = None,
    way_out: str | None = None,
) -> SignedInAs:
    """Sign a person in; the token is made at the edge."""
    roles = (await roles_of(session, [person.id]))[person.id]
    row = Session(
        id=new_id(),
        person_id=person.id,
        method=method,
        roles=snapshot(roles),
        device=device,
        started_at=now,
        expires_at=now + length,
        provider_sid=provider_sid,
        way_out=way_out,
    )
    session.add(row)
    actor = Actor(
        person_id=person.id,
        name=f"{person.given_name} {person.family_name}".strip(),
        language=person.reads,
        roles=tuple(roles),
        session_id=row.id,
    )
    fact = SessionStarted(person_id=person.id, session_id=row.id, method=method, expires_at=row.expires_at)
    await emit(session, fact, actor=actor, now=now)
    return SignedInAs(actor, row.expires_at)


async def renew_session(session: AsyncSession, *, actor: Actor, now: datetime) -> SignedInAs | None:
    """Let a session carry the roles that its person holds now; None where it does already, or is over."""
    row = await session.get(Session, actor.session_id, with_for_update=True) if actor.session_id else None
    if row is None or row.ended_at is not None or row.expires_at <= now:
        return None
    roles = (await roles_of(session, [row.person_id]))[row.person_id]
    if set(roles) == set(actor.roles):
        return None
    row.roles = snapshot(roles)
    return SignedInAs(replace(actor, roles=tuple(roles)), row.expires_at)


async def way_out_of(session: AsyncSession, session_id: UUID | None) -> str | None:
    """Where the browser ends the provider's session as well; None: there is none."""
    row = await session.get(Session, session_id) if session_id else None
    return row.way_out if row else None


async def sign_out(session: AsyncSession, *, actor: Actor, length: timedelta, now: datetime) -> None:
    """End the session by which the actor came."""
    row = await session.get(Session, actor.session_id, with_for_update=True)
    if row is not None:
        row.ended_at, row.way_out = row.ended_at or now, None
    if actor.person_id and actor.session_id:
        ends = row.expires_at if row else now + length
        await _tell(session, actor.person_id, [actor.session_id], ends, "signed_out", actor=actor, now=now)


async def sign_out_everywhere(session: AsyncSession, *, actor: Actor, length: timedelta, now: datetime) -> None:
    """End every session of the actor, this one included."""
    if actor.person_id is None or actor.session_id is None:
        return
    if await session.get(Session, actor.session_id) is None:
        await _tell(
            session, actor.person_id, [actor.session_id], now + length, "signed_out_everywhere", actor=actor, now=now
        )
    await end_all_sessions(session, actor.person_id, reason="signed_out_everywhere", actor=actor, now=now)


async def end_all_sessions(session: AsyncSession, person_id: UUID, *, reason: str, actor: Actor, now: datetime) -> None:
    """End every live session of a person."""
    await end_sessions(session, await _live(session, [person_id], now), reason=reason, actor=actor, now=now)


async def end_sessions(
    session: AsyncSession, rows: Sequence[Session], *, reason: str, actor: Actor, now: datetime
) -> None:
    """End these sessions, and tell of each person's together."""
    for person_id in dict.fromkeys(row.person_id for row in rows):
        own = [row for row in rows if row.person_id == person_id]
        for row in own:
            row.ended_at, row.way_out = now, None
        ends = max(row.expires_at for row in own)
        await _tell(session, person_id, [row.id for row in own], ends, reason, actor=actor, now=now)


async def end_stale_sessions(session: AsyncSession, person_ids: Sequence[UUID], *, actor: Actor, now: datetime) -> int:
    """End the live sessions of these persons that carry other roles than the person holds now; how many."""
    rows = await _live(session, person_ids, now)
    if not rows:
        return 0
    ids = {row.person_id for row in rows}
    held = await roles_of(session, list(ids))
    active = set((await session.exec(select(Person.id).where(col(Person.id).in_(ids), Person.active))).all())
    stale = [r for r in rows if r.person_id not in active or not _is_current(r, held[r.person_id])]
    await end_sessions(session, stale, reason="roles_changed", actor=actor, now=now)
    return len(stale)


async def forget_ways_out(session: AsyncSession, *, now: datetime) -> None:
    """Delete the ways out of sessions that are over by themselves."""
    over = update(Session).where(col(Session.way_out).is_not(None), col(Session.expires_at) <= now)
    await session.exec(over.values(way_out=None))


async def roles_of(session: AsyncSession, person_ids: Sequence[UUID]) -> dict[UUID, list[Role]]:
    """The roles by which these persons may sign in, each once."""
    await session.flush()
    query = select(RoleHeld).where(col(RoleHeld.person_id).in_(person_ids), col(RoleHeld.name).in_(rules.SIGN_IN_ROLES))
    found: dict[UUID, dict[Role, None]] = {person_id: {} for person_id in person_ids}
    for row in (await session.exec(query.order_by(col(RoleHeld.name), col(RoleHeld.place), col(RoleHeld.id)))).all():
        found[row.person_id][Role(name=row.name, scope_id=row.scope_id)] = None
    return {person_id: list(roles) for person_id, roles in found.items()}


async def _live(session: AsyncSession, person_ids: Sequence[UUID], now: datetime) -> Sequence[Session]:
    query = select(Session).where(
        col(Session.person_id).in_(person_ids), col(Session.ended_at).is_(None), Session.expires_at > now
    )
    return (await session.exec(query.with_for_update())).all()


def snapshot(roles: Iterable[Role]) -> list[list[str | None]]:
    """Roles as [name, scope] pairs."""
    return [[role.name, str(role.scope_id) if role.scope_id else None] for role in roles]


def _is_current(row: Session, held: Iterable[Role]) -> bool:
    carried = [(name, UUID(scope) if scope else None) for name, scope in row.roles]
    return rules.same_roles(carried, [(role.name, role.scope_id) for role in held])


async def _tell(
    session: AsyncSession,
    person_id: UUID,
    ids: Sequence[UUID],
    expires_at: datetime,
    reason: str,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Tell everyone; here the tokens are refused from this transaction on."""
    if not ids:
        return
    rows = [{"session_id": id, "expires_at": expires_at} for id in ids]
    await session.execute(insert(revoked_sessions).values(rows).on_conflict_do_nothing())
    fact = SessionsEnded(person_id=person_id, session_ids=tuple(ids), reason=reason, expires_at=expires_at)
    await emit(session, fact, actor=actor, now=now)
