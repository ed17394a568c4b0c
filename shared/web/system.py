"""How a service does, for the district's operator: `/<service>/system`, and the same as JSON."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import utc_now
from shared.identity import District
from shared.messaging import parked
from shared.messaging.figures import of_database, of_workers
from shared.messaging.state import workers_alive
from shared.observability.figures import Figure
from shared.web import parked_words as words
from shared.web.render import page, see_other
from shared.web.transaction import Transaction

router = APIRouter(prefix="/system", include_in_schema=False)
api = APIRouter(prefix="/api/v1/system", tags=["system"])

Topic = Annotated[str, Path(max_length=200)]


class FigureOut(BaseModel):
    """One figure; `well` false: somebody should look, and `to_do` says at what."""

    metric: str
    value: float
    title: str
    well: bool
    to_do: str
    labels: dict[str, str]


class SystemOut(BaseModel):
    """How a service does."""

    service: str
    well: bool
    figures: list[FigureOut]


async def figures(request: Request, session: AsyncSession) -> list[Figure]:
    """All figures of the service that answers."""
    service, now = request.app.state.service, utc_now()
    found = of_workers(await workers_alive(session, now), service) + await of_database(session, service, now)
    more = request.app.state.figures
    return found + (await more(session, now) if more else [])


async def _held(session: AsyncSession) -> Sequence[Any]:
    return (await session.execute(text("SELECT * FROM brakes ORDER BY topic"))).all()


@router.get("")
async def system(request: Request, actor: District, session: Transaction) -> HTMLResponse:
    """How this service does, with what to do, and beside it the others."""
    shown = [figure for figure in await figures(request, session) if figure.words]
    return page(
        request, actor, "system.html", figures=shown, troubles=[f for f in shown if not f.well],
        held=await _held(session), services=words.SERVICES, words=words,
    )  # fmt: skip


@router.post("/held/{topic}/go-on")
async def go_on(request: Request, topic: Topic, actor: District, session: Transaction) -> RedirectResponse:
    """Let a held topic go on: what fails is parked."""
    service = request.app.state.service
    await parked.let_go(session, service, topic, actor=actor, now=utc_now())
    return see_other(f"/{service}/system")


@api.get("")
async def system_as_json(request: Request, actor: District, session: Transaction) -> SystemOut:
    """How this service does: every figure, and whether all is well."""
    found = await figures(request, session)
    shown = [
        FigureOut(metric=f.metric, value=f.value, title=f.title, well=f.well, to_do="" if f.well else f.to_do,
                  labels=dict(f.labels))
        for f in found
    ]  # fmt: skip
    return SystemOut(service=request.app.state.service, well=all(f.well for f in found), figures=shown)


@api.post("/held/{topic}/go-on", status_code=204)
async def let_go_on(request: Request, topic: Topic, actor: District, session: Transaction) -> None:
    """Let a held topic go on: what fails is parked until something works again."""
    await parked.let_go(session, request.app.state.service, topic, actor=actor, now=utc_now())
