"""What pages and API ask of the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, and_, func, or_, text
from sqlalchemy import select as sa_select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.audit.merkle import EMPTY_ROOT
from services.audit.models import Entry, Head
from shared.refusals import Kind, Refusal

NEAR = 25
"""How many entries of a chain are shown beside one of them."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; None does not narrow."""

    thing: UUID | None = None
    """Anything with this id: what an entry is about, the event itself, or the chain that it belongs to."""
    person: UUID | None = None
    """Who did it, or whom it is about."""
    type: str | None = None
    since: datetime | None = None
    before: datetime | None = None
    """Happened at or after `since`, earlier than `before`."""

    @property
    def condition(self) -> ColumnElement[bool]:
        """As SQL."""
        wanted: list[ColumnElement[bool]] = []
        if self.thing:
            wanted.append(
                or_(
                    col(Entry.things).contains([self.thing]),
                    col(Entry.event_id) == self.thing,
                    col(Entry.correlation_id) == self.thing,
                )
            )
        if self.person:
            did_it = col(Entry.actor) == f"person:{self.person}"
            wanted.append(or_(did_it, col(Entry.things).contains([self.person])))
        if self.type:
            wanted.append(col(Entry.type) == self.type)
        if self.since:
            wanted.append(col(Entry.time) >= self.since)
        if self.before:
            wanted.append(col(Entry.time) < self.before)
        return and_(True, *wanted)

    @property
    def newest_first(self) -> Sequence[ColumnElement[Any]]:
        """The order of what is found, such that an index gives it."""
        seq = col(Entry.seq).desc()
        return (col(Entry.time).desc(), seq) if self.since or self.before else (seq,)


@dataclass(frozen=True, slots=True)
class Tree:
    """The tree as it stands."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Story:
    """An entry with what led to it and what came of it."""

    entry: Entry
    cause: Entry | None
    caused: Sequence[Entry]
    chain: Sequence[Entry]
    """The first entries that share its correlation, itself among them, in order."""
    chain_length: int


async def tree(session: AsyncSession) -> Tree:
    """Size and root of the log."""
    head = (await session.exec(select(Head))).one_or_none()
    return Tree(head.size, head.root) if head else Tree(0, EMPTY_ROOT)


async def find(session: AsyncSession, search: Search, *, offset: int, limit: int) -> tuple[int, Sequence[Entry]]:
    """How many entries match, and a page of them, newest first."""
    if search == Search():
        return await _latest(session, offset, limit)
    # What is rare and what is common needs different plans; one for all would walk the whole log for the rare.
    await session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
    if search.thing or search.person:
        return await _few(session, search, offset, limit)
    total = (await session.exec(select(func.count()).select_from(Entry).where(search.condition))).one()
    newest = (
        (col(Entry.time).desc(), col(Entry.seq).desc()) if search.since or search.before else (col(Entry.seq).desc(),)
    )
    page = select(Entry).where(search.condition).order_by(*newest).offset(offset).limit(limit)
    return total, (await session.exec(page)).all()


async def _few(session: AsyncSession, search: Search, offset: int, limit: int) -> tuple[int, Sequence[Entry]]:
    # Asked for the newest few, PostgreSQL would walk the log backwards: it takes ids in arrays to be common.
    in_order = func.array_agg(aggregate_order_by(col(Entry.seq), col(Entry.seq).desc()), type_=ARRAY(BigInteger))
    here = in_order[offset + 1 : offset + limit]
    total, places = (await session.execute(sa_select(func.count(), here).where(search.condition))).one()
    page = select(Entry).where(col(Entry.seq).in_(places or ())).order_by(col(Entry.seq).desc())
    return total, (await session.exec(page)).all()


async def _latest(session: AsyncSession, offset: int, limit: int) -> tuple[int, Sequence[Entry]]:
    # Places have no gaps, so that neither counting nor skipping has to read what is passed over.
    total = (await tree(session)).size
    page = select(Entry).where(col(Entry.seq) < total - offset).order_by(col(Entry.seq).desc()).limit(limit)
    return total, (await session.exec(page)).all()


async def story(session: AsyncSession, seq: int) -> Story:
    """An entry, its cause and its effects. Refuses with NOT_FOUND where the log has no such place."""
    entry = await session.get(Entry, seq)
    if entry is None:
        raise Refusal(Kind.NOT_FOUND, "no_such_entry", f"The log has no entry {seq}. Look it up by search.")
    cause = None
    if entry.causation_id:
        cause = (await session.exec(select(Entry).where(Entry.event_id == entry.causation_id))).one_or_none()
    effects = select(Entry).where(Entry.causation_id == entry.event_id).order_by(col(Entry.seq)).limit(NEAR)
    caused = (await session.exec(effects)).all()
    length, chain = await _chain(session, entry)
    return Story(entry, cause, caused, chain, length)


async def _chain(session: AsyncSession, entry: Entry) -> tuple[int, Sequence[Entry]]:
    if entry.correlation_id is None:
        return 1, [entry]
    same = col(Entry.correlation_id) == entry.correlation_id
    length = (await session.exec(select(func.count()).select_from(Entry).where(same))).one()
    first = select(Entry).where(same).order_by(col(Entry.seq)).limit(NEAR)
    return length, (await session.exec(first)).all()
