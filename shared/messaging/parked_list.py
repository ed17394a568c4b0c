"""What people may see of parked events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.events import PERSONAL
from shared.messaging.park import BEHIND
from shared.messaging.parked import type_of
from shared.refusals import Kind, Refusal


class Standing(StrEnum):
    """What a parked event waits for."""

    PERSON = "person"
    """For somebody to replay or discard it."""
    TURN = "turn"
    """For an earlier event of its key."""
    BY_ITSELF = "by_itself"
    """For its next try."""
    ASKED = "asked"
    """A person wanted it replayed; the worker takes it up."""
    SETTLED = "settled"
    """For nothing: it was replayed, discarded, or erased."""


_STANDING = f"""CASE WHEN settled_at IS NOT NULL THEN 'settled' WHEN asked_at IS NOT NULL THEN 'asked'
                     WHEN reason = '{BEHIND}' THEN 'turn' WHEN next_try_at IS NOT NULL THEN 'by_itself'
                     ELSE 'person' END"""


@dataclass(frozen=True, slots=True)
class Parked:
    """A parked event without its content."""

    id: int
    standing: Standing
    event_id: UUID | None
    """None: the record is no event."""
    type: str | None
    topic: str
    partition: int
    offset: int
    key: str | None
    """What it is about: an id; other characters than those of text are shown as marks."""
    size: int
    """Bytes of its value."""
    reason: str
    detail: str
    attempts: int
    parked_at: datetime
    next_try_at: datetime | None
    asked_by: str | None
    settled_at: datetime | None
    settled_by: str | None
    settled_how: str | None
    why: str | None
    note: str | None


async def counts(session: AsyncSession) -> dict[Standing, int]:
    """How many parked events wait for what; settled ones are left out."""
    found = await session.execute(
        text(f"SELECT {_STANDING} AS standing, count(*) AS n FROM parked WHERE settled_at IS NULL GROUP BY 1")  # noqa: S608
    )
    known = {Standing(row.standing): row.n for row in found}
    return {standing: known.get(standing, 0) for standing in Standing if standing is not Standing.SETTLED}


async def listed(
    session: AsyncSession, standing: Standing | None = None, *, offset: int = 0, limit: int = 25
) -> Sequence[Parked]:
    """Parked events, oldest first (settled ones only where asked for, newest first)."""
    settled = standing is Standing.SETTLED
    wanted = "settled_at IS NOT NULL" if settled else "settled_at IS NULL"
    narrowed = f"{wanted} AND (CAST(:standing AS text) IS NULL OR {_STANDING} = :standing)"
    order = "settled_at DESC, id DESC" if settled else "id"
    found = await session.execute(
        text(f"SELECT * FROM parked WHERE {narrowed} ORDER BY {order} LIMIT :limit OFFSET :offset"),  # noqa: S608
        {"standing": standing.value if standing else None, "limit": limit, "offset": offset},
    )
    return [_shown(row) for row in found.mappings()]


async def one(session: AsyncSession, id: int) -> Parked:
    """One parked event. Refuses with NOT_FOUND where there is none."""
    return _shown(await row_of(session, id))


async def row_of(session: AsyncSession, id: int) -> RowMapping:
    """The whole row. Refuses with NOT_FOUND."""
    row = (await session.execute(text("SELECT * FROM parked WHERE id = :id"), {"id": id})).mappings().first()
    if row is None:
        raise Refusal(Kind.NOT_FOUND, "no_such_parked", f"No event is parked as number {id}. Look at the list.")
    return row


async def content(session: AsyncSession, id: int) -> str | None:
    """What the event says. None where it may name people: of a personal topic, or no event at all."""
    row = await row_of(session, id)
    if row["topic"] in PERSONAL or row["event_id"] is None or row["value"] is None:
        return None
    return bytes(row["value"]).decode(errors="replace")


def _shown(row: RowMapping) -> Parked:
    return Parked(
        id=row["id"],
        standing=_standing(row),
        event_id=row["event_id"],
        type=type_of(row),
        topic=row["topic"],
        partition=row["partition"],
        offset=row["offset"],
        key=_key(row),
        size=len(row["value"] or b""),
        reason=row["reason"],
        detail=row["detail"],
        attempts=row["attempts"],
        parked_at=row["parked_at"],
        next_try_at=None if row["reason"] == BEHIND else row["next_try_at"],
        asked_by=row["asked_by"],
        settled_at=row["settled_at"],
        settled_by=row["settled_by"],
        settled_how=row["settled_how"],
        why=row["why"],
        note=row["note"],
    )


def _key(row: RowMapping) -> str | None:
    # A record that is no event may carry anything as its key.
    if row["key"] is None or row["event_id"] is None:
        return None
    return bytes(row["key"]).decode(errors="replace")[:200]


def _standing(row: RowMapping) -> Standing:
    if row["settled_at"] is not None:
        return Standing.SETTLED
    if row["asked_at"] is not None:
        return Standing.ASKED
    if row["reason"] == BEHIND:
        return Standing.TURN
    return Standing.BY_ITSELF if row["next_try_at"] is not None else Standing.PERSON
