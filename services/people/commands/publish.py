"""Puts the newest state of persons and schools into the outbox."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.people.models import School
from shared.db import raw_connection
from shared.events.base import Role
from shared.events.people import PersonChanged, SchoolChanged
from shared.events.vocabulary import RoleName
from shared.identity import Actor
from shared.messaging import emit_many

BATCH = 5000
SLOW = 600.0
"""Seconds that one statement of an import may take."""

STATE = """
    SELECT p.id, p.given_name, p.family_name, p.email, p.phone, p.language, p.grade, p.active,
           held.names, held.scopes, guardians.ids AS guardians
    FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (id, place)
    JOIN person p ON p.id = wanted.id
    LEFT JOIN LATERAL (
        SELECT array_agg(r.name ORDER BY r.name, r.place, r.id) AS names,
               array_agg(r.scope_id ORDER BY r.name, r.place, r.id) AS scopes
        FROM role r WHERE r.person_id = p.id
    ) held ON true
    LEFT JOIN LATERAL (
        SELECT array_agg(g.person_id ORDER BY g.place, g.id) AS ids
        FROM role g WHERE g.scope_id = p.id AND g.name = 'guardian' AND p.kind = 'student'
    ) guardians ON true
    ORDER BY wanted.place
"""


async def publish_persons(session: AsyncSession, ids: Iterable[UUID], *, actor: Actor, now: datetime) -> None:
    """Publish persons as they are now in this transaction."""
    await session.flush()
    connection = await raw_connection(session)
    for batch in batches(list(dict.fromkeys(ids)), BATCH):
        rows = await connection.fetch(STATE, batch, timeout=SLOW)
        await emit_many(session, map(_person, rows), actor=actor, now=now)


async def publish_schools(session: AsyncSession, ids: Sequence[UUID], *, actor: Actor, now: datetime) -> None:
    """Publish schools as they are now in this transaction."""
    if not ids:
        return
    await session.flush()
    schools = (await session.exec(select(School).where(School.id.in_(ids)).order_by(School.name))).all()  # type: ignore[attr-defined]
    facts = (
        SchoolChanged(school_id=s.id, name=s.name, active=s.active, latitude=s.latitude, longitude=s.longitude)
        for s in schools
    )
    await emit_many(session, facts, actor=actor, now=now)


def batches(ids: Sequence[UUID], size: int) -> Iterator[Sequence[UUID]]:
    """The ids in portions."""
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _person(row: Any) -> PersonChanged:
    roles = dict.fromkeys(zip(row["names"] or (), row["scopes"] or (), strict=True))
    schools = [scope for name, scope in roles if name == RoleName.STUDENT]
    return PersonChanged(
        person_id=row["id"],
        given_name=row["given_name"],
        family_name=row["family_name"],
        email=row["email"],
        phone=row["phone"],
        language=row["language"],
        roles=tuple(Role(name=name, scope_id=scope) for name, scope in roles),
        school_id=schools[0] if schools else None,
        grade=row["grade"],
        guardian_ids=tuple(dict.fromkeys(row["guardians"] or ())),
        active=row["active"],
    )
