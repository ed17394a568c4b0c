"""Sign-in with the district's own provider: to there and back, and what it tells when somebody signs out there."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from services.people import commands
from services.people.commands import CameBack, Choice, SignedInAs
from services.people.edge import (
    TICKET_COOKIE,
    client_of,
    database_of,
    device_of,
    limits_of,
    provider_of,
    set_ticket,
    settings_of,
)
from services.people.pages.front import Next, go_on, with_next
from services.people.provider import Answer
from shared.clock import utc_now
from shared.identity import Anyone
from shared.refusals import Kind, Refusal
from shared.web import Transaction, page, see_other

router = APIRouter(prefix="/sign-in/provider", include_in_schema=False)

Part = Annotated[str | None, Query(max_length=4000)]


@router.get("")
async def to_provider(request: Request, actor: Anyone, way_on: Next = "/") -> Response:
    """Sends the browser to the provider."""
    provider, now = provider_of(request), utc_now()
    try:
        async with database_of(request).transaction() as session:
            ticket = await commands.go_to_provider(
                session, issuer=provider.issuer, way_on=way_on, client=client_of(request), limits=limits_of(request),
                now=now,
            )  # fmt: skip
        return set_ticket(request, see_other(await provider.way_in(ticket, now=now)), ticket)
    except Refusal as refusal:
        return _refused(request, refusal, way_on)


@router.get("/back")
async def back(
    request: Request, actor: Anyone, state: Part = None, code: Part = None, error: Part = None, iss: Part = None
) -> Response:
    """Takes the browser back from the provider, and lets it in where the provider's answer is right."""
    provider_of(request)
    db, ticket, way_on, now = database_of(request), request.cookies.get(TICKET_COOKIE, ""), "/", utc_now()
    try:
        async with db.transaction() as session:
            came = await commands.come_back(session, ticket=ticket, state=state or "", now=now)
        way_on = came.way_on
        outcome = await _let_in(request, came, Answer(code, error, iss))
    except Refusal as refusal:
        async with db.transaction() as noting:
            await commands.note_refused(noting, ticket=ticket, reason=refusal.code, now=now)
        return _refused(request, refusal, way_on)
    return go_on(request, outcome, way_on, now)


async def _let_in(request: Request, came: CameBack, answer: Answer) -> SignedInAs | Choice:
    now = utc_now()
    account = await provider_of(request).redeem(answer, came.key, now=now)
    async with database_of(request).transaction() as session:
        outcome = await commands.enter_by_provider(
            session,
            sign_in_id=came.sign_in_id,
            account=account,
            mapping=settings_of(request).oidc_roles,
            device=device_of(request),
            limits=limits_of(request),
            now=now,
        )
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def _refused(request: Request, refusal: Refusal, way_on: str) -> HTMLResponse:
    answer = page(
        request, None, "sign_in_refused.html", status=int(refusal.kind), words=refusal.message,
        name=settings_of(request).provider_name, again=with_next("/sign-in/provider", way_on),
        otherwise=with_next("/sign-in", way_on),
    )  # fmt: skip
    if refusal.retry_after:
        answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer


@router.post("/signed-out")
async def signed_out_there(
    request: Request, actor: Anyone, session: Transaction, logout_token: Annotated[str, Form(max_length=20_000)]
) -> Response:
    """Ends the sessions that began with one at the provider that is over (Back-Channel Logout 1.0)."""
    provider, now = provider_of(request), utc_now()
    try:
        said = await provider.read_logout(logout_token, now=now)
    except Refusal as refusal:
        status = 400 if refusal.kind is Kind.FORBIDDEN else int(refusal.kind)
        return PlainTextResponse(refusal.code, status)
    await commands.signed_out_there(
        session, issuer=provider.issuer, subject=said.subject, sid=said.sid, said_at=said.said_at,
        skew=timedelta(seconds=settings_of(request).oidc_clock_skew_s), now=now,
    )  # fmt: skip
    return PlainTextResponse("", 200)
