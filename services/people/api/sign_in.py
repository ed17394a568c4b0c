"""Sign-in for programs: ask for a code, redeem it, get a bearer token."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.people import commands, queries, rules
from services.people.commands import Choice, Registrant, SignedInAs
from services.people.edge import client_of, database_of, device_of, limits_of, settings_of, token_of
from services.people.models import Person
from services.people.queries import SessionOut
from shared.clock import utc_now
from shared.events.base import Role
from shared.identity import Actor, Anyone, SignedIn
from shared.refusals import Kind, Refusal
from shared.translations import best_language
from shared.web import Transaction

router = APIRouter()


class AskIn(BaseModel):
    """Who wants to sign in."""

    email: str = Field(max_length=254)


class RegisterIn(AskIn):
    """Who wants to register an organization."""

    given_name: str = Field(max_length=200)
    family_name: str = Field(max_length=200)
    language: str = Field(default="en", max_length=35)
    """BCP 47."""


class AskedOut(BaseModel):
    """The same for known and unknown addresses."""

    ticket: str
    """Goes back with the code; the code works only together with it."""
    expires_at: datetime


class CodeIn(BaseModel):
    """The six digits of the e-mail, and the ticket of whoever asked for it."""

    ticket: str
    code: str = Field(max_length=20)


class LinkIn(BaseModel):
    """The key of the link in the e-mail (`/sign-in/link?key=...`), or of a set-up link."""

    key: str


class PersonIn(BaseModel):
    """Which of several people with the same address."""

    ticket: str
    person_id: UUID


class WhoOut(BaseModel):
    """Somebody."""

    id: UUID
    name: str


class MeOut(WhoOut):
    """The person who calls."""

    language: str
    roles: Sequence[Role]
    home: str | None
    """Path of the person's first page."""


class TokenOut(BaseModel):
    """A session. Send the token as `Authorization: Bearer ...`."""

    token: str
    expires_at: datetime
    person: MeOut


class ChoiceOut(BaseModel):
    """Several people have this address: send one of them to `/sign-in/person` with the ticket."""

    ticket: str
    choose: list[WhoOut]


@router.post("/sign-in", status_code=202)
async def ask(request: Request, actor: Anyone, session: Transaction, wish: AskIn) -> AskedOut:
    """Have a code and a link e-mailed."""
    limits, now = limits_of(request), utc_now()
    ticket = await commands.ask_for_code(session, email=wish.email, client=client_of(request), limits=limits, now=now)
    return AskedOut(ticket=ticket, expires_at=now + limits.code_length)


@router.post("/register", status_code=202)
async def register(request: Request, actor: Anyone, session: Transaction, wish: RegisterIn) -> AskedOut:
    """Have a code e-mailed that proves the address of somebody who wants to register an organization."""
    limits, now = limits_of(request), utc_now()
    registrant = Registrant(wish.given_name, wish.family_name, best_language(wish.language))
    ticket = await commands.ask_for_code(
        session, email=wish.email, client=client_of(request), limits=limits, registrant=registrant, now=now
    )
    return AskedOut(ticket=ticket, expires_at=now + limits.code_length)


@router.post("/sign-in/renew")
async def renew(request: Request, actor: SignedIn, session: Transaction) -> TokenOut:
    """A token with the roles that the caller holds now; refused (409) where this one has them already."""
    now = utc_now()
    renewed = await commands.renew_session(session, actor=actor, now=now)
    if renewed is None:
        raise Refusal(Kind.CONFLICT, "nothing_to_renew", "Your session has all your roles. Go on with it.")
    return _token(request, renewed, now)


@router.post("/sign-in/code")
async def redeem_code(request: Request, actor: Anyone, given: CodeIn) -> TokenOut | ChoiceOut:
    """Sign in with the code."""
    now, db = utc_now(), database_of(request)
    async with db.transaction() as counting:
        await commands.count_try(counting, ticket=given.ticket, now=now)
    try:
        async with db.transaction() as session:
            outcome = await commands.redeem_code(
                session,
                ticket=given.ticket,
                code=given.code,
                device=device_of(request),
                limits=limits_of(request),
                now=now,
            )
    except Refusal as refusal:
        async with db.transaction() as noting:
            await commands.note_refused(noting, ticket=given.ticket, reason=refusal.code, now=now)
        raise
    return _answer(request, outcome, now)


@router.post("/sign-in/link")
async def redeem_link(request: Request, actor: Anyone, session: Transaction, given: LinkIn) -> TokenOut | ChoiceOut:
    """Sign in with the link."""
    now = utc_now()
    outcome = await commands.redeem_link(
        session, key=given.key, device=device_of(request), limits=limits_of(request), now=now
    )
    return _answer(request, outcome, now)


@router.post("/sign-in/person")
async def choose_person(request: Request, actor: Anyone, session: Transaction, given: PersonIn) -> TokenOut:
    """Go on as one of several people with the same address."""
    now = utc_now()
    signed_in = await commands.choose_person(
        session,
        ticket=given.ticket,
        person_id=given.person_id,
        device=device_of(request),
        limits=limits_of(request),
        now=now,
    )
    return _token(request, signed_in, now)


@router.get("/me")
async def me(actor: SignedIn) -> MeOut:
    """Who is calling."""
    return _me(actor)


@router.get("/me/sessions")
async def my_sessions(actor: SignedIn, session: Transaction) -> list[SessionOut]:
    """Where the caller is signed in."""
    if actor.person_id is None:
        return []
    return await queries.live_sessions(session, actor.person_id, here=actor.session_id, now=utc_now())


@router.post("/sign-out", status_code=204)
async def sign_out(request: Request, actor: SignedIn, session: Transaction) -> None:
    """End this session."""
    await commands.sign_out(session, actor=actor, length=settings_of(request).session_length, now=utc_now())


@router.post("/sign-out-everywhere", status_code=204)
async def sign_out_everywhere(request: Request, actor: SignedIn, session: Transaction) -> None:
    """End every session of the caller."""
    await commands.sign_out_everywhere(session, actor=actor, length=settings_of(request).session_length, now=utc_now())


def _answer(request: Request, outcome: SignedInAs | Choice, now: datetime) -> TokenOut | ChoiceOut:
    if isinstance(outcome, SignedInAs):
        return _token(request, outcome, now)
    return ChoiceOut(ticket=outcome.ticket, choose=[_who(person) for person in outcome.persons])


def _token(request: Request, signed_in: SignedInAs, now: datetime) -> TokenOut:
    token = token_of(request, signed_in, now)
    return TokenOut(token=token, expires_at=signed_in.expires_at, person=_me(signed_in.actor))


def _who(person: Person) -> WhoOut:
    return WhoOut(id=person.id, name=f"{person.given_name} {person.family_name}".strip())


def _me(actor: Actor) -> MeOut:
    assert actor.person_id is not None
    return MeOut(
        id=actor.person_id,
        name=actor.name,
        language=actor.language,
        roles=actor.roles,
        home=rules.home_of(actor.roles),
    )
