"""The front page, and sign-in by e-mailed code or link; everybody may come here."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from services.people import commands, rules
from services.people.commands import Registrant, SignedInAs
from services.people.commands.sign_in import WHO, Choice
from services.people.edge import (
    TICKET_COOKIE,
    client_of,
    database_of,
    device_of,
    leave,
    let_in,
    limits_of,
    set_ticket,
    settings_of,
)
from shared.clock import utc_now
from shared.identity import Anyone
from shared.refusals import Kind, Refusal
from shared.web import Transaction, page, reader_language, see_other

router = APIRouter(include_in_schema=False)

REGISTER = "/agreements/register"
"""Where an organization is registered, once the address is proved."""

Next = Annotated[str, Query(alias="next", max_length=1000)]
NextField = Annotated[str, Form(alias="next", max_length=1000)]


@router.get("/")
async def front(request: Request, actor: Anyone, session: Transaction) -> Response:
    """Where somebody who is signed in belongs; for everybody else, what this is.

    Whoever signed in to register an organization has a role by now: the session takes it up here.
    """
    home = rules.home_of(actor.roles) if actor else None
    if home is None and actor is not None:
        now = utc_now()
        renewed = await commands.renew_session(session, actor=actor, now=now)
        if renewed is not None and (home := rules.home_of(renewed.actor.roles)):
            return let_in(request, see_other(home), renewed, now)
    return see_other(home) if home else page(request, actor, "front.html")


@router.get("/sign-in")
async def ask_page(request: Request, actor: Anyone, way_on: Next = "/") -> Response:
    """Asks for the e-mail address."""
    if actor is not None:
        return see_other(rules.way_on(way_on))
    return _ask_page(request, way_on)


def _ask_page(request: Request, way_on: str, email: str = "", refusal: Refusal | None = None) -> HTMLResponse:
    status = int(refusal.kind) if refusal else 200
    return page(
        request, None, "sign_in.html", status=status, refusal=refusal, email=email, way_on=way_on,
        settings=settings_of(request), to_provider=with_next("/sign-in/provider", way_on),
    )  # fmt: skip


@router.post("/sign-in")
async def ask(
    request: Request,
    actor: Anyone,
    session: Transaction,
    email: Annotated[str, Form(max_length=254)] = "",
    way_on: NextField = "/",
) -> Response:
    """Has the code and the link sent; the answer is the same for known and unknown addresses."""
    try:
        ticket = await commands.ask_for_code(
            session, email=email, client=client_of(request), limits=limits_of(request), way_on=way_on, now=utc_now()
        )
    except Refusal as refusal:
        return _ask_page(request, way_on, email, refusal)
    return set_ticket(request, see_other(with_next("/sign-in/code", way_on)), ticket)


@router.get("/register")
async def register_page(request: Request, actor: Anyone) -> Response:
    """Asks who wants to register an organization."""
    return see_other(REGISTER) if actor is not None else _register_page(request)


def _register_page(
    request: Request, given_name: str = "", family_name: str = "", email: str = "", refusal: Refusal | None = None
) -> HTMLResponse:
    form = {"given_name": given_name, "family_name": family_name, "email": email}
    status = int(refusal.kind) if refusal else 200
    return page(request, None, "register.html", status=status, refusal=refusal, form=form)


@router.post("/register")
async def register(
    request: Request,
    actor: Anyone,
    session: Transaction,
    given_name: Annotated[str, Form(max_length=200)] = "",
    family_name: Annotated[str, Form(max_length=200)] = "",
    email: Annotated[str, Form(max_length=254)] = "",
) -> Response:
    """Has a code sent that proves the address; the answer is the same for known and unknown ones."""
    try:
        ticket = await commands.ask_for_code(
            session,
            email=email,
            client=client_of(request),
            limits=limits_of(request),
            registrant=Registrant(given_name, family_name, reader_language(request, actor)),
            way_on=REGISTER,
            now=utc_now(),
        )
    except Refusal as refusal:
        return _register_page(request, given_name, family_name, email, refusal)
    return set_ticket(request, see_other(with_next("/sign-in/code", REGISTER)), ticket)


@router.get("/sign-in/code")
async def code_page(request: Request, actor: Anyone, way_on: Next = "/") -> Response:
    """Asks for the code."""
    if actor is not None:
        return see_other(rules.way_on(way_on))
    if TICKET_COOKIE not in request.cookies:
        return see_other(with_next("/sign-in", way_on))
    return _code_page(request, way_on)


def _code_page(request: Request, way_on: str, refusal: Refusal | None = None) -> HTMLResponse:
    status = int(refusal.kind) if refusal else 200
    minutes = settings_of(request).sign_in_minutes
    return page(request, None, "sign_in_code.html", status=status, refusal=refusal, way_on=way_on, minutes=minutes)


@router.post("/sign-in/code")
async def redeem_code(
    request: Request,
    actor: Anyone,
    session: Transaction,
    code: Annotated[str, Form(max_length=20)] = "",
    way_on: NextField = "/",
) -> Response:
    """Signs in with the code, in the browser that asked for it."""
    now, ticket = utc_now(), request.cookies.get(TICKET_COOKIE, "")
    try:
        async with database_of(request).transaction() as counting:
            await commands.count_try(counting, ticket=ticket, now=now)
        outcome = await commands.redeem_code(
            session, ticket=ticket, code=code, device=device_of(request), limits=limits_of(request), now=now
        )
    except Refusal as refusal:
        await commands.note_refused(session, ticket=ticket, reason=refusal.code, now=now)
        return _code_page(request, way_on, refusal)
    return go_on(request, outcome, way_on, now)


@router.get("/sign-in/link")
async def link_page(request: Request, actor: Anyone, session: Transaction, key: str = "") -> HTMLResponse:
    """Shows a button: only pressing it uses the link, since mail scanners open every link."""
    way_on = await commands.look_at_link(session, key=key, now=utc_now())
    return page(request, None, "sign_in_link.html", key=key, way_on=way_on)


@router.post("/sign-in/link")
async def redeem_link(
    request: Request,
    actor: Anyone,
    session: Transaction,
    key: Annotated[str, Form(max_length=200)] = "",
    way_on: NextField = "/",
) -> Response:
    """Signs in with the link, in any browser."""
    now = utc_now()
    outcome = await commands.redeem_link(
        session, key=key, device=device_of(request), limits=limits_of(request), now=now
    )
    return go_on(request, outcome, way_on, now)


@router.get("/sign-in/who")
async def who_page(request: Request, actor: Anyone, session: Transaction, way_on: Next = "/") -> HTMLResponse:
    """Asks which of several people with the same address it is."""
    return await _who_page(request, session, way_on)


async def _who_page(
    request: Request, session: Transaction, way_on: str, refusal: Refusal | None = None
) -> HTMLResponse:
    ticket = request.cookies.get(TICKET_COOKIE, "")
    persons = await commands.people_to_choose(session, ticket=ticket, limits=limits_of(request), now=utc_now())
    options = [(str(person.id), f"{person.given_name} {person.family_name}") for person in persons]
    status = int(refusal.kind) if refusal else 200
    return page(request, None, "sign_in_who.html", status=status, refusal=refusal, options=options, way_on=way_on)


@router.post("/sign-in/who")
async def choose_person(
    request: Request,
    actor: Anyone,
    session: Transaction,
    person_id: Annotated[UUID | None, Form()] = None,
    way_on: NextField = "/",
) -> Response:
    """Goes on as the one who was chosen."""
    now, ticket = utc_now(), request.cookies.get(TICKET_COOKIE, "")
    if person_id is None:
        refusal = Refusal(Kind.INVALID, "person_missing", "", fields={"person_id": WHO})
        return await _who_page(request, session, way_on, refusal)
    signed_in = await commands.choose_person(
        session,
        ticket=ticket,
        person_id=person_id,
        device=device_of(request),
        limits=limits_of(request),
        now=now,
    )
    return go_on(request, signed_in, way_on, now)


@router.post("/sign-out")
async def sign_out(request: Request, actor: Anyone, session: Transaction) -> Response:
    """Ends the session, if there is one, and the provider's too where it began there."""
    way_out = None
    if actor is not None:
        way_out = await commands.way_out_of(session, actor.session_id)
        await commands.sign_out(session, actor=actor, length=settings_of(request).session_length, now=utc_now())
    return leave(request, way_out)


def go_on(request: Request, outcome: SignedInAs | Choice, way_on: str, now: datetime) -> Response:
    """In, or to the question who it is."""
    if isinstance(outcome, Choice):
        return set_ticket(request, see_other(with_next("/sign-in/who", way_on)), outcome.ticket)
    return let_in(request, see_other(rules.way_on(way_on)), outcome, now)


def with_next(path: str, way_on: str) -> str:
    """A path that remembers where to go after sign-in."""
    return path if way_on == "/" else f"{path}?{urlencode({'next': way_on})}"
