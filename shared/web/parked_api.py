"""The JSON API of parked events, of every service for the district office: `/<service>/api/v1/parked`."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from shared.clock import utc_now
from shared.events.operations import WhyDiscard, WhyReplay
from shared.identity import District
from shared.messaging import parked, parked_list
from shared.messaging.parked_list import Parked, Standing
from shared.web.paging import Page
from shared.web.transaction import Transaction

router = APIRouter(prefix="/api/v1/parked", tags=["parked events"])

Number = Annotated[int, Path(ge=1, lt=2**63)]


class ParkedPage(BaseModel):
    """Parked events, and how many there are of each standing."""

    counts: dict[Standing, int]
    page: int
    events: list[Parked]


class ParkedWhole(BaseModel):
    """A parked event with what it says; `content` is null where it may name people."""

    event: Parked
    content: str | None


class ReplayIn(BaseModel):
    """Why parked events are tried again. `ids` null: all that wait for a person. The note stays in the service."""

    ids: list[int] | None = Field(default=None, max_length=10_000)
    why: WhyReplay
    note: str = Field(default="", max_length=1000)


class Asked(BaseModel):
    """How many the worker will take up."""

    asked: int


class DiscardIn(BaseModel):
    """Why a parked event is given up. The note stays in the service."""

    why: WhyDiscard
    note: str = Field(default="", max_length=1000)


@router.get("")
async def listed(actor: District, session: Transaction, paging: Page, standing: Standing | None = None) -> ParkedPage:
    """Parked events, 25 at a time, oldest first."""
    rows = await parked_list.listed(session, standing, offset=paging.offset, limit=paging.limit)
    return ParkedPage(counts=await parked_list.counts(session), page=paging.page, events=list(rows))


@router.get("/{id}")
async def one(id: Number, actor: District, session: Transaction) -> ParkedWhole:
    """One parked event."""
    return ParkedWhole(event=await parked_list.one(session, id), content=await parked_list.content(session, id))


@router.post("/replay", status_code=202)
async def replay(asked: ReplayIn, actor: District, session: Transaction) -> Asked:
    """Have parked events tried again by this service, in order, each once; those behind others follow by themselves."""
    ids = await parked.ask_replay(session, asked.ids, actor=actor, why=asked.why, note=asked.note, now=utc_now())
    return Asked(asked=len(ids))


@router.post("/{id}/discard")
async def discard(id: Number, asked: DiscardIn, actor: District, session: Transaction) -> Parked:
    """Give a parked event up: it never takes effect in this service."""
    await parked.discard(session, id, actor=actor, why=asked.why, note=asked.note, now=utc_now())
    return await parked_list.one(session, id)
