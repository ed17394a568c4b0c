"""The log's JSON API, for the district office."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, BaseModel

from services.audit import queries
from services.audit.models import Entry
from services.audit.queries import Search
from shared.identity import District
from shared.web import Page, Transaction

router = APIRouter(prefix="/audit/api/v1", tags=["audit"])


class EntryOut(BaseModel):
    """One event in the log. Hashes are hex; how a leaf is made stands in `services/audit/rules.py`."""

    seq: int
    """Place in the log, from 0: the index of the leaf."""
    id: UUID
    type: str
    source: str
    subject: str
    topic: str
    partition: int
    offset: int
    time: datetime
    received_at: datetime
    actor: str
    correlation_id: UUID | None
    causation_id: UUID | None
    digest: str | None
    """SHA-256 of the data, salted where the data are not kept; null for a tombstone."""
    data: str | None
    """JSON exactly as published; null where only the digest is kept."""
    leaf: str
    root: str
    """Of the tree once this entry was in it."""

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """As the API shows an entry."""
        return cls(
            **entry.model_dump(exclude={"event_id", "things", "digest", "leaf", "root"}),
            id=entry.event_id,
            digest=entry.digest.hex() if entry.digest is not None else None,
            leaf=entry.leaf.hex(),
            root=entry.root.hex(),
        )


class Entries(BaseModel):
    """A page of entries, newest first."""

    total: int
    page: int
    entries: list[EntryOut]


class StoryOut(BaseModel):
    """An entry with its cause, its direct effects (at most 25), and how many entries share its correlation."""

    entry: EntryOut
    cause: EntryOut | None
    caused: list[EntryOut]
    chain_length: int


class TreeOut(BaseModel):
    """The Merkle tree of the log as it stands (RFC 9162, SHA-256)."""

    size: int
    root: str


@router.get("/tree")
async def tree(actor: District, session: Transaction) -> TreeOut:
    """Size and root of the log."""
    found = await queries.tree(session)
    return TreeOut(size=found.size, root=found.root.hex())


@router.get("/entries")
async def search(
    actor: District,
    session: Transaction,
    paging: Page,
    thing: UUID | None = None,
    person: UUID | None = None,
    type: str | None = None,
    since: AwareDatetime | None = None,
    before: AwareDatetime | None = None,
) -> Entries:
    """Entries about a thing, by or about a person, of a type, in a time; 25 at a time, newest first."""
    wanted = Search(thing, person, type, since, before)
    total, found = await queries.find(session, wanted, offset=paging.offset, limit=paging.limit)
    return Entries(total=total, page=paging.page, entries=[EntryOut.of(entry) for entry in found])


@router.get("/entries/{seq}")
async def entry(actor: District, session: Transaction, seq: Annotated[int, Path(ge=0, lt=2**63)]) -> StoryOut:
    """One entry, what led to it and what came of it."""
    story = await queries.story(session, seq)
    return StoryOut(
        entry=EntryOut.of(story.entry),
        cause=EntryOut.of(story.cause) if story.cause else None,
        caused=[EntryOut.of(effect) for effect in story.caused],
        chain_length=story.chain_length,
    )
