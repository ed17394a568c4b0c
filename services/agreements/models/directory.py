"""What a search of the directory looks at: one narrow row per program, and the places that people search near.

Triggers of the database write `listing` with every change of a program or of an organization's name (see the migration
that makes it), so that it agrees with them whoever writes.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Double, Index, func, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field

from services.agreements.models.base import Table


class Listing(Table, table=True):
    """A program as it is found."""

    __table_args__ = (
        Index("ix_listing_words", "words", postgresql_using="gin"),
        Index("ix_listing_title", "title", postgresql_using="gin"),
        Index("ix_listing_order", "sinks", "name_key", "program_id"),
        Index("ix_listing_partner", "partner_key", "name_key", "program_id"),
        Index("ix_listing_changed_at", "changed_at", "program_id"),
        Index("ix_listing_point", func.point(text("longitude"), text("latitude")), postgresql_using="gist"),
    )

    program_id: UUID = Field(primary_key=True, foreign_key="program.id", ondelete="CASCADE")
    organization_id: UUID
    sinks: int
    """What stands further back, added up: 1 has no open place, 2 is stale, 4 is of a partner that may take nobody."""
    name_key: str
    partner_key: str
    latitude: float | None = Field(default=None, sa_type=Double)
    longitude: float | None = Field(default=None, sa_type=Double)
    changed_at: datetime
    title: Any = Field(sa_column=Column(TSVECTOR, nullable=False))
    """The words of its name and its partner's."""
    words: Any = Field(sa_column=Column(TSVECTOR, nullable=False))
    """All its words, each as it stands and as its stem in several languages; and facets such as `need:food`."""


class Place(Table, table=True):
    """A school; or a neighborhood or a postal code, in the middle of its programs: what "near" means without a map."""

    kind: str = Field(primary_key=True)
    """`neighborhood`, `postcode` or `school`."""
    key: str = Field(primary_key=True)
    """The name without accents and capitals."""
    name: str
    latitude: float = Field(sa_type=Double)
    longitude: float = Field(sa_type=Double)
    programs: int
