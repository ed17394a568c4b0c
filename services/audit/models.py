"""The log's tables: entries, the salts of sealed ones, and the head of the tree."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from shared.db import service_registry


class Table(SQLModel, registry=service_registry()):
    """This service's tables."""


class Entry(Table, table=True):
    """One event in the log; `rules` says what its leaf commits to. Entries are only ever added."""

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    """Place in the log, from 0 without gaps: the index of the leaf."""
    event_id: UUID = Field(unique=True)
    type: str
    source: str
    subject: str
    topic: str
    partition: int
    offset: int = Field(sa_column=Column(BigInteger, nullable=False))
    time: datetime
    received_at: datetime
    actor: str
    correlation_id: UUID | None = Field(default=None, index=True)
    causation_id: UUID | None = Field(default=None, index=True)
    digest: bytes | None = None
    """Of the data; None for a tombstone."""
    data: str | None = None
    """JSON exactly as published; None where sealed and for a tombstone."""
    things: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    """Every id that the entry is about, for search; follows from subject and data."""
    leaf: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    root: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """Root of the tree once this entry is in it: tells which entry a foreign one was put in place of."""

    __table_args__ = (
        # Without a list of pending entries, which every search would have to read through.
        Index("ix_entry_things", "things", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
        Index("ix_entry_type_seq", "type", "seq"),
        Index("ix_entry_actor_seq", "actor", "seq"),
        Index("ix_entry_time_seq", "time", "seq"),
    )


class Salt(Table, table=True):
    """What a sealed entry's digest was salted with; deleted when its person is erased."""

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    """Of the entry."""
    salt: bytes


class Head(Table, table=True):
    """The tree as it stands: one row, locked by whoever appends, so that the order is total."""

    only: int = Field(default=1, sa_column=Column(Integer, primary_key=True, autoincrement=False))
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    root: bytes
    peaks: bytes
    """The frontier's hashes one after another, largest subtree first."""


entries: sa.Table = Entry.__table__  # type: ignore[attr-defined]
salts: sa.Table = Salt.__table__  # type: ignore[attr-defined]
heads: sa.Table = Head.__table__  # type: ignore[attr-defined]
