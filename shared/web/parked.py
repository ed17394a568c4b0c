"""Pages of parked events, of every service for the district office: `/<service>/system/parked`."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from shared.clock import utc_now
from shared.events.operations import WhyDiscard, WhyReplay
from shared.identity import District
from shared.messaging import parked, parked_list
from shared.messaging.parked_list import Standing
from shared.refusals import Kind, Refusal
from shared.web import parked_words as words
from shared.web.paging import Page
from shared.web.render import page, see_other
from shared.web.transaction import Transaction

router = APIRouter(prefix="/system/parked", include_in_schema=False)

Number = Annotated[int, Path(ge=1, lt=2**63)]
Note = Annotated[str, Form(max_length=1000)]


@router.get("")
async def listed(
    request: Request, actor: District, session: Transaction, paging: Page, standing: str = ""
) -> HTMLResponse:
    """What is parked; first of all what waits for a person."""
    found = await parked_list.counts(session)
    chosen = Standing(standing) if standing in set(Standing) else None
    rows = await parked_list.listed(session, chosen, offset=paging.offset, limit=paging.limit)
    total = None if chosen is Standing.SETTLED else found[chosen] if chosen else sum(found.values())
    return page(
        request, actor, "parked.html", rows=rows, counts=found, chosen=chosen, total=total, paging=paging, words=words,
        base=_base(request), services=words.SERVICES, for_a_person=Standing.PERSON,
    )  # fmt: skip


@router.get("/{id}")
async def one(request: Request, id: Number, actor: District, session: Transaction) -> HTMLResponse:
    """One parked event: why, what it says where that names nobody, and what can be done."""
    return await _one(request, id, actor, session)


async def _one(
    request: Request, id: int, actor: District, session: Transaction, refusal: Refusal | None = None
) -> HTMLResponse:
    found = await parked_list.one(session, id)
    return page(
        request, actor, "parked_one.html", status=int(refusal.kind) if refusal else 200, event=found,
        content=await parked_list.content(session, id), words=words, base=_base(request), refusal=refusal,
    )  # fmt: skip


@router.post("/replay")
async def replay_all(
    request: Request, actor: District, session: Transaction, why: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """Have all that waits for a person tried again."""
    chosen = WhyReplay(why) if why in set(WhyReplay) else WhyReplay.ANOTHER_TRY
    await parked.ask_replay(session, None, actor=actor, why=chosen, now=utc_now())
    return see_other(_base(request))


@router.post("/{id}/replay", response_model=None)
async def replay(
    request: Request, id: Number, actor: District, session: Transaction, why: Annotated[str, Form()] = "",
    note: Note = "",
) -> HTMLResponse | RedirectResponse:  # fmt: skip
    """Have one tried again by this service, by nobody else."""
    if why not in set(WhyReplay):
        refusal = Refusal(Kind.INVALID, "why_missing", "", fields={"replay": "Say why it will work now."})
        return await _one(request, id, actor, session, refusal)
    await parked.ask_replay(session, [id], actor=actor, why=WhyReplay(why), note=note, now=utc_now())
    return see_other(f"{_base(request)}/{id}")


@router.post("/{id}/discard", response_model=None)
async def discard(
    request: Request, id: Number, actor: District, session: Transaction, why: Annotated[str, Form()] = "",
    note: Note = "",
) -> HTMLResponse | RedirectResponse:  # fmt: skip
    """Give one up."""
    if why not in set(WhyDiscard):
        refusal = Refusal(Kind.INVALID, "why_missing", "", fields={"discard": "Say why it can be given up."})
        return await _one(request, id, actor, session, refusal)
    await parked.discard(session, id, actor=actor, why=WhyDiscard(why), note=note, now=utc_now())
    return see_other(f"{_base(request)}/{id}")


def _base(request: Request) -> str:
    return f"/{request.app.state.service}/system/parked"
