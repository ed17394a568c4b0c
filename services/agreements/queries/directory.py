"""Searching the directory: the programs that fit best first, found through `listing`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Double,
    Select,
    String,
    bindparam,
    cast,
    func,
    literal,
    not_,
    union_all,
)
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.agreements.models import Listing, Organization, Program
from services.agreements.queries.places import Around, around
from services.agreements.queries.programs import ProgramView, view_of
from services.agreements.queries.search import ProgramSearch, facets, words_query
from services.agreements.rules.standing import Halt

MOST = 1_000
"""Programs that a search puts in order; of more it says that there are more."""
BATCH = 500
"""Programs that are read at once."""
HALTED = 4
"""From here on `Listing.sinks` says that the partner may take nobody."""


@dataclass(frozen=True, slots=True)
class Found:
    """A part of what was found. `more`: there are more than `total`, which were not looked at."""

    programs: list[ProgramView]
    total: int
    more: bool = False
    near: Around | None = None
    """Where the search was near; None also where the place is not known."""


@dataclass(frozen=True, slots=True)
class Fits:
    """What a listing must fit: queries of full text for facets and for words, a circle, a time."""

    facets: str = ""
    words: str = ""
    around: Around | None = None
    since: datetime | None = None
    """Changed or confirmed then or later."""
    taking: bool = False
    """Only of partners that may take somebody now."""

    @property
    def where(self) -> list[ColumnElement[bool]]:
        """The conditions."""
        both = " & ".join(filter(None, [self.facets, self.words]))
        conditions: list[ColumnElement[bool]] = [col(Listing.words).bool_op("@@")(_query(both))] if both else []
        if self.around:
            conditions.append(self.around.inside)
        if self.since:
            conditions.append(col(Listing.changed_at) >= self.since)
        if self.taking:
            conditions.append(col(Listing.sinks) < HALTED)
        return conditions

    @property
    def in_title(self) -> ColumnElement[bool]:
        """Whether the words stand in the name of the program or the partner."""
        return col(Listing.title).bool_op("@@")(_query(self.words))


def _query(words: str) -> ColumnElement[Any]:
    # In the statement itself, so that the database plans for these words and not for any.
    return cast(bindparam(None, words, String(), literal_execute=True), TSQUERY)


async def find_programs(
    session: AsyncSession, search: ProgramSearch, *, offset: int = 0, limit: int | None = None
) -> Found:
    """Programs that fit, a part of them.

    In the order `best` those whose name has the words come first, then what is near; entries without room, stale ones
    and those that take nobody now sink. It looks at a thousand; the other orders, and a search without a limit, count
    every one.
    """
    near = await around(session, search.near, search.within) if search.near else None
    if search.near and near is None:
        return Found([], 0)
    fits = Fits(" & ".join(facets(search)), await words_query(session, search), near, taking=bool(search.room))
    if search.sort == "best" and limit is not None:
        return await _best(session, fits, offset, limit)
    order = _ORDERS["name" if search.sort == "best" else search.sort]
    ids = columns(col(Listing.program_id), _distance(fits)).where(*fits.where).order_by(*order)
    rows = (await session.execute(ids.offset(offset).limit(limit))).all()
    total = await count_of(session, fits) if limit is not None else len(rows)
    return Found(await programs_of(session, dict(tuple(row) for row in rows)), total, near=near)


async def count_of(session: AsyncSession, fits: Fits) -> int:
    """How many programs fit, every one counted."""
    count = columns(func.count()).select_from(Listing).where(*fits.where)
    return int((await session.execute(count)).scalar_one())


async def programs_of(session: AsyncSession, distances: dict[UUID, float | None]) -> list[ProgramView]:
    """The programs of these ids, in this order, each with how far it is."""
    views: list[ProgramView] = []
    wanted, ids = select(Program, Organization.name, Organization.halt).join(Organization), list(distances)
    # Some at a time: a statement has places for 32,767 values, and others wait while so many rows become programs.
    for start in range(0, len(ids), BATCH):
        these = ids[start : start + BATCH]
        found = await session.exec(wanted.where(col(Program.id).in_(these)))
        rows = {program.id: (program, name, Halt(halt) if halt else None) for program, name, halt in found}
        views += [view_of(*rows[id], distance=distances[id]) for id in these if id in rows]
    return views


async def _best(session: AsyncSession, fits: Fits, offset: int, limit: int) -> Found:
    arms = [_arm(fits, named=False)]
    if fits.words:
        arms = [_arm(fits, named=True), arms[0].where(not_(fits.in_title))]
    candidates = _union([arm.order_by(*_best_order(fits)).limit(MOST + 1) for arm in arms]).subquery()
    best = candidates.c
    rows = await session.execute(
        columns(best.program_id, best.distance, func.count().over())
        .order_by(
            best.named.desc(),
            *_ranks(best.sinks, best.distance if fits.around else None),
            best.name_key,
            best.program_id,
        )
        .offset(offset)
        .limit(limit)
    )
    found = rows.all()
    total = found[0][2] if found else 0
    programs = await programs_of(session, {id: distance for id, distance, _ in found})
    return Found(programs, min(total, MOST), total > MOST, fits.around)


def _arm(fits: Fits, *, named: bool) -> Select[Any]:
    shown: list[Any] = [col(Listing.program_id), col(Listing.sinks), col(Listing.name_key)]
    found: Select[Any] = columns(*shown, _distance(fits), literal(named).label("named")).where(*fits.where)
    return found.where(fits.in_title) if named else found


def _union(arms: Sequence[Select[Any]]) -> Select[Any] | CompoundSelect[Any]:
    return arms[0] if len(arms) == 1 else union_all(*arms)


def _distance(fits: Fits) -> ColumnElement[Any]:
    return (fits.around.distance if fits.around else cast(None, Double)).label("distance")


def _best_order(fits: Fits) -> list[Any]:
    distance = fits.around.distance if fits.around else None
    return [*_ranks(col(Listing.sinks), distance), col(Listing.name_key), col(Listing.program_id)]


def _ranks(sinks: Any, distance: Any) -> list[Any]:
    """What takes nobody stands last, before it what is stale; then what is near comes first, or else what has room."""
    return [sinks] if distance is None else [sinks // 2, distance]


_ORDERS: dict[str, tuple[Any, ...]] = {
    "name": (col(Listing.name_key), col(Listing.program_id)),
    "partner": (col(Listing.partner_key), col(Listing.name_key), col(Listing.program_id)),
    "changed": (col(Listing.changed_at).desc(), col(Listing.program_id)),
}
