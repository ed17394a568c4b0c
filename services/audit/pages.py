"""The log's pages, for the district office."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from services.audit import queries, words
from services.audit.queries import Search
from services.audit.search import Asked, read
from shared.identity import District
from shared.refusals import Refusal
from shared.web import Page, Transaction, page

router = APIRouter(prefix="/audit", include_in_schema=False)

Place = Annotated[int, Path(ge=0, lt=2**63)]


@router.get("")
async def search(
    request: Request, actor: District, session: Transaction, asked: Annotated[Asked, Query()], paging: Page
) -> HTMLResponse:
    """The log, newest first, narrowed by what is asked for."""
    refusal: Refusal | None = None
    wanted = Search()
    try:
        wanted = read(asked, request.app.state.settings.zone)
        total, entries = await queries.find(session, wanted, offset=paging.offset, limit=paging.limit)
    except Refusal as error:
        refusal, total, entries = error, 0, []
    return page(
        request,
        actor,
        "search.html",
        status=int(refusal.kind) if refusal else 200,
        asked=asked,
        refusal=refusal,
        narrowed=wanted != Search(),
        total=total,
        entries=entries,
        paging=paging,
        tree=await queries.tree(session),
        words=words,
    )


@router.get("/entries/{seq}")
async def entry(request: Request, actor: District, session: Transaction, seq: Place) -> HTMLResponse:
    """One entry with what led to it, what came of it, and its place in the tree."""
    story = await queries.story(session, seq)
    tree = await queries.tree(session)
    return page(request, actor, "entry.html", story=story, entry=story.entry, tree=tree, words=words)
