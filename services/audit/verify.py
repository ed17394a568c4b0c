"""Recomputes the whole log from what is stored and names the first entry that does not fit."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.audit.merkle import EMPTY_ROOT, Frontier
from services.audit.models import entries, heads
from services.audit.rules import Content, keeps_its_data, leaf, things
from shared.db import Database

CHUNK = 2000
_COLUMNS = tuple(entries.c[name] for name in ("seq", *Content._fields, "things", "leaf", "root"))

Progress = Callable[[int, int], None]
"""Called with how many entries were checked, and how many there should be."""


class Flaw(StrEnum):
    """What does not fit, in words for a person; `{seq}` and `{size}` are filled in."""

    CHANGED = "Entry {seq} was changed: its content does not give the hash that it was logged with."
    LEAF_CHANGED = "The hash of entry {seq} was changed: its content still fits the tree, the hash does not."
    REPLACED = "Entry {seq} was replaced: it agrees with itself, but not with the tree that it stands in."
    DATA_CHANGED = "The data of entry {seq} were changed: they do not give the digest that was logged."
    INDEX_CHANGED = "The search index of entry {seq} was changed: it names other things than the entry does."
    MISSING = "Entry {seq} is missing: the log goes on after it."
    TRUNCATED = "Entry {seq} is missing, with all after it: the log had {size} entries."
    UNCOUNTED = "Entry {seq} was put in: the log had {size} entries when it was last added to."
    HEAD_CHANGED = "Every entry fits, but the head of the tree was changed: it says something else."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check found. `first` is the place of the first entry that does not fit; None: all do."""

    entries: int
    """How many were checked and fit."""
    root: bytes
    """Of the tree of those."""
    flaw: Flaw | None = None
    first: int | None = None
    size: int = 0
    """How many there should be."""

    @property
    def fits(self) -> bool:
        """Whether the log is whole."""
        return self.flaw is None

    @property
    def words(self) -> str:
        """The verdict in a sentence."""
        if self.flaw is None:
            return f"All {self.entries:,} entries fit. Root of the tree: {self.root.hex()}"
        return self.flaw.format(seq=self.first, size=f"{self.size:,}")


async def verify(db: Database, progress: Progress = lambda done, size: None) -> Verdict:
    """Check every entry, in order, against its leaf, its root and the head, in one snapshot."""
    async with db.sessions() as session:
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        head = (await session.execute(select(heads.c.size, heads.c.root, heads.c.peaks))).one_or_none()
        size, root, peaks = head or (0, EMPTY_ROOT, b"")
        frontier = Frontier()
        async for rows in _chunks(session):
            for row in rows:
                if (flaw := _flaw(row, frontier, size)) is not None:
                    return Verdict(frontier.size, frontier.root, flaw, frontier.size, size)
                frontier = frontier.append(row.leaf)
            progress(frontier.size, size)
    if frontier.size < size:
        return Verdict(frontier.size, frontier.root, Flaw.TRUNCATED, frontier.size, size)
    if (frontier.root, b"".join(frontier.peaks)) != (root, peaks):
        return Verdict(frontier.size, frontier.root, Flaw.HEAD_CHANGED, None, size)
    return Verdict(frontier.size, frontier.root, size=size)


async def _chunks(session: AsyncSession) -> AsyncIterator[list[Row[Any]]]:
    found = await session.stream(select(*_COLUMNS).order_by(entries.c.seq))
    async for rows in found.partitions(CHUNK):
        yield list(rows)


def _flaw(row: Row[Any], before: Frontier, size: int) -> Flaw | None:
    """What is wrong with the entry that should come after `before`."""
    seq, content = before.size, _content(row)
    if row.seq != seq:
        return Flaw.MISSING if row.seq < size else Flaw.TRUNCATED
    if seq >= size:
        return Flaw.UNCOUNTED
    computed = leaf(seq, content)
    if computed != row.leaf:
        return Flaw.LEAF_CHANGED if before.append(computed).root == row.root else Flaw.CHANGED
    if before.append(computed).root != row.root:
        return Flaw.REPLACED
    if not keeps_its_data(content):
        return Flaw.DATA_CHANGED
    return None if things(content) == row.things else Flaw.INDEX_CHANGED


def _content(row: Row[Any]) -> Content:
    return Content(*row[1 : 1 + len(Content._fields)])
